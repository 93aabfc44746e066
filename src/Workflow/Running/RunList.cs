using System.Runtime.CompilerServices;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>The runs whose state is in a store.</summary>
public static class RunList
{
    /// <summary>The ids in the order of the store's listing, each once.</summary>
    /// <param name="after">Only those behind this one; null for all.</param>
    public static async IAsyncEnumerable<string> IdsAsync(IObjectStore state, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = after is null ? null : after + "/";
        await foreach (var entry in state.ListAsync(RunPaths.Runs, cancellationToken))
        {
            var name = entry.Path.AsSpan(Math.Min(RunPaths.Runs.Length + 1, entry.Path.Length));
            if (name.IndexOf('/') is not (> 0 and var end) || last is not null && name[..(end + 1)].CompareTo(last, StringComparison.Ordinal) <= 0) continue;
            last = name[..(end + 1)].ToString();
            if (RunPaths.IsRunId(last[..^1])) yield return last[..^1];
        }
    }
}
