using Fanfold.Storage;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>Removes states of shared scans that no plan has named for a while. A run whose states are taken away computes them again.</summary>
static class CachePurge
{
    /// <returns>How many slices were removed; null when the time was up before all were looked at.</returns>
    public static async Task<int?> RunAsync(IObjectStore state, TimeProvider time, DateTimeOffset until, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var removed = 0;
        var inUse = await InUseAsync(state, time, cancellationToken);
        await foreach (var cache in state.ListFoldersAsync(CachePaths.Root, cancellationToken))
        {
            if (isTimeUp()) return null;
            if (inUse is null || inUse.Contains(cache)) continue;
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
                if (await KeptSlices.ReadAsync(state, cache, cancellationToken) is ({ Slices: [] }, { } empty)) await state.DeleteVersionAsync(CachePaths.Index(cache), empty, cancellationToken);
                break;
            }
            await state.TidyAsync(CachePaths.Folder(cache), cancellationToken);
        }
        return removed;
    }

    /// <summary>The caches that plans of runs name that have not ended; null where a plan can't be read, so that any may be.</summary>
    static async Task<HashSet<string>?> InUseAsync(IObjectStore state, TimeProvider time, CancellationToken cancellationToken)
    {
        var inUse = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var runId in RunList.IdsAsync(state, null, cancellationToken))
        {
            try
            {
                if (await RunStarter.ReadRecordAsync(state, runId, time, cancellationToken) is { Summary: null } record
                    && await new PlanStore(state, new RunPaths(runId, record.Redrive)).ReadHeaderAsync(cancellationToken) is { Cache: { } cache }) inUse.Add(cache);
            }
            catch (Exception unreadable) when (unreadable is RunStateException or StorageException { Failure: StorageFailure.TooLarge })
            {
                return null;
            }
        }
        return inUse;
    }
}
