using Fanfold.Storage;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>What a purge did.</summary>
/// <param name="Purged">The runs whose state was removed.</param>
/// <param name="Kept">The runs that were looked at and stayed: too young, being driven, or with a record that this build can't read.</param>
/// <param name="IsComplete">False when the time was up before everything was looked at.</param>
/// <param name="Slices">Kept states of shared scans that were removed, since no plan had named them for as long.</param>
public sealed record RunPurge(IReadOnlyList<string> Purged, int Kept, bool IsComplete, int Slices = 0)
{
    const int Concurrency = 16;

    // A dry run holds no lease.
    static readonly TimeSpan DryRunMayTake = TimeSpan.FromHours(1);

    /// <summary>
    /// Removes the state of runs that ended, or were last driven, before <paramref name="age"/>, as long as nothing drives them. Their results and manifests stay.
    /// One that is cut off leaves the rest of a run to the next.
    /// </summary>
    /// <param name="within">No further run is begun after this time.</param>
    public static async Task<RunPurge> RunAsync(IObjectStore state, TimeProvider time, TimeSpan age, TimeSpan within, CancellationToken cancellationToken)
    {
        var (began, until) = (time.GetTimestamp(), time.GetUtcNow() - age);
        var purged = new List<string>();
        var kept = 0;
        foreach (var runId in await RunList.IdsAsync(state, null, cancellationToken).ToListAsync(cancellationToken))
        {
            if (time.GetElapsedTime(began) >= within) return new RunPurge(purged, kept, IsComplete: false);
            try
            {
                if (await TryPurgeAsync(state, new RunPaths(runId), time, until, cancellationToken)) purged.Add(runId);
                else kept++;
            }
            catch (Exception unreadable) when (unreadable is RunStateException or StorageException { Failure: StorageFailure.TooLarge })
            {
                // How old it is can't be told, and the others need not wait for it.
                kept++;
            }
        }
        var slices = await CachePurge.RunAsync(state, time, until, () => time.GetElapsedTime(began) >= within, cancellationToken);
        return new RunPurge(purged, kept, IsComplete: slices is not null, slices ?? 0);
    }

    // A drive that waits for a store shows no life for minutes, and where it has no lease nothing else tells that it lives.
    static readonly TimeSpan Silence = TimeSpan.FromMinutes(15);

    static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    static async Task<bool> TryPurgeAsync(IObjectStore state, RunPaths paths, TimeProvider time, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (!await IsOldAsync(state, paths, time, until, cancellationToken)) return false;
        await using var lease = await state.TryLeaseAsync(paths.DriverLock, cancellationToken);
        // A redrive may have begun since.
        if (lease is null || !await IsOldAsync(state, paths, time, until, cancellationToken)) return false;
        try
        {
            var hasEnded = await RunStarter.ReadRecordAsync(state, paths.RunId, time, cancellationToken) is not { Summary: null };
            await RemoveAsync(state, paths, lease, hasEnded, cancellationToken);
            return true;
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Another has the run now; the rest is left to the next purge.
            return false;
        }
    }

    static async Task RemoveAsync(IObjectStore state, RunPaths paths, IObjectLease lease, bool hasEnded, CancellationToken cancellationToken)
    {
        using var holding = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        // Of a run that can go on, what is left of a journal must be its beginning: the rest is a drive that did not come so far.
        if (!hasEnded)
        {
            var segments = await state.ListAsync(paths.Root, holding.Token).Where(entry => RunPaths.IsJournal(entry.Path)).ToListAsync(holding.Token);
            foreach (var segment in Enumerable.Reverse(segments)) await state.DeleteAsync(segment.Path, holding.Token);
        }
        string[] last = [paths.Spec, paths.Status, paths.DriverLock];
        await Parallel.ForEachAsync(state.ListAsync(paths.Root, holding.Token).Where(entry => !last.Contains(entry.Path)),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = holding.Token, TaskScheduler = TaskScheduler.Current }, async (entry, token) => await state.DeleteAsync(entry.Path, token));
        await state.TidyAsync(paths.Root, holding.Token);
        // As long as these are there, the run is found again.
        await state.DeleteAsync(paths.Spec, holding.Token);
        await state.DeleteAsync(paths.Status, holding.Token);
        await lease.DeleteAsync(holding.Token);
        await state.TidyAsync(paths.Root, cancellationToken);
    }

    static async Task<bool> IsOldAsync(IObjectStore state, RunPaths paths, TimeProvider time, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (await RunStarter.EnsureRecordAsync(state, paths.RunId, time, cancellationToken) is { } record) return record.EndedAt is { } end ? end <= until : Min(until, time.GetUtcNow() - Silence) >= (record.HeartbeatAt ?? record.StartedAt);
        // Without spec and record it is what a dry run or an earlier purge left.
        return DryRun.BeganAt(paths.RunId) is not { } began || began <= until && began <= time.GetUtcNow() - DryRunMayTake;
    }
}
