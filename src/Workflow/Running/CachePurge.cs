using Fanfold.Storage;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>Removes states of shared scans that no plan has named for a while. A run whose states are taken away computes them again.</summary>
static class CachePurge
{
    /// <returns>How many slices were removed; null when the time was up before all were looked at.</returns>
    public static async Task<int?> RunAsync(IObjectStore state, DateTimeOffset until, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var removed = 0;
        await foreach (var cache in state.ListFoldersAsync(CachePaths.Root, cancellationToken))
        {
            if (isTimeUp()) return null;
            // Before anything is deleted, plans must no longer find it.
            while (await KeptSlices.ReadAsync(state, cache, cancellationToken) is var (index, etag) && index.Slices.Where(slice => slice.UsedAt <= until).ToList() is { Count: > 0 } old)
            {
                if (!await KeptSlices.TryPutAsync(state, cache, index with { Slices = [.. index.Slices.Except(old)] }, etag, cancellationToken)) continue;
                foreach (var slice in old)
                {
                    await state.DeleteAsync(CachePaths.Receipt(cache, slice.TaskId), cancellationToken);
                    await state.DeleteAsync(CachePaths.Part(cache, slice.TaskId), cancellationToken);
                }
                removed += old.Count;
                if (old.Count == index.Slices.Count) await state.DeleteAsync(CachePaths.Index(cache), cancellationToken);
                break;
            }
            await state.TidyAsync(CachePaths.Folder(cache), cancellationToken);
        }
        return removed;
    }
}
