using System.Runtime.CompilerServices;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>The runs whose state is in a store.</summary>
public static class RunList
{
    /// <summary>The ids in the order of the store's listing, each once. One whose state is being purged may be among them.</summary>
    /// <param name="after">Only those behind this one; null for all.</param>
    public static async IAsyncEnumerable<string> IdsAsync(IObjectStore state, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var name in state.ListFoldersAsync(RunPaths.Runs, cancellationToken))
        {
            // By its folder, as the store orders them: 'a-b' comes before 'a'.
            if (RunPaths.IsRunId(name) && (after is null || string.CompareOrdinal(name + "/", after + "/") > 0)) yield return name;
        }
    }
}
