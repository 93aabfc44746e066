using System.Text;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Durable;

/// <summary>The journal of a run as text.</summary>
sealed record JournalText(IReadOnlyList<string> Segments)
{
    public static async Task<JournalText> ReadAsync(IObjectStore store, string runId)
    {
        var segments = new List<string>();
        await foreach (var segment in store.ListAsync(new RunPaths(runId).Journal, TestContext.Current.CancellationToken))
            segments.Add(Encoding.UTF8.GetString((await store.ReadAllAsync(segment.Path, 1 << 20, TestContext.Current.CancellationToken))!));
        return new JournalText(segments);
    }

    public int Count(string part) => Segments.Sum(segment => segment.Split(part).Length - 1);
}
