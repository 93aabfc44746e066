using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost.Durable;

/// <summary>
/// Sees a run to its end: as its driver when no other process is, else as a follower who takes over if the driver dies. One process drives a run at
/// a time, by a lease that its death frees.
/// </summary>
/// <param name="drive">Drives the run with a fresh set of activities; its token ends when the lease is lost.</param>
sealed class RunDriver(IObjectStore state, TimeProvider time, Func<RunRequest, Action<RunProgress>, CancellationToken, Task<RunEnd>> drive)
{
    static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Where the run stands by its record; null before there is one, so that there is nothing to go on with.</summary>
    public RunStatus? Status { get; private set; }

    /// <summary>Starts a run or goes on with it.</summary>
    /// <param name="onFollow">Told once, when another process turns out to drive the run.</param>
    public async Task<RunStart> RunAsync(string runId, RunSpec spec, bool fresh, Action onFollow, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        while (true)
        {
            var start = await RunStarter.StartAsync(state, runId, spec, fresh, RunOrigin.Command, time, cancellationToken);
            if (start is not RunStart.Ready ready) return start;
            Status = ready.Status;
            if (await SeeToEndAsync(ready.Request, spec, null, onFollow, onProgress, cancellationToken) is { } summary) return new RunStart.Finished(summary);
        }
    }

    /// <summary>Goes on with a run that was started; null when there is none of this id.</summary>
    /// <param name="redrives">Whether another drive follows that of the record, unless that one succeeded: what its tasks made is kept, and the rest is done anew.</param>
    public async Task<RunSummary?> GoOnAsync(string runId, bool redrives, Action onFollow, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        if (await RunStarter.ReadSpecAsync(state, runId, cancellationToken) is not { } spec || await RunStarter.ReadRecordAsync(state, runId, time, cancellationToken) is not { } record) return null;
        Status = record.Status;
        return await SeeToEndAsync(new RunRequest(runId, Fresh: false), spec, redrives ? record : null, onFollow, onProgress, cancellationToken);
    }

    /// <param name="redriveAfter">As <see cref="StatusFile.BeginAsync"/> has it.</param>
    /// <returns>The outcome; null when a purge has removed the run meanwhile, so that another may have its id by now.</returns>
    async Task<RunSummary?> SeeToEndAsync(RunRequest request, RunSpec spec, RunRecord? redriveAfter, Action onFollow, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        var (paths, specHash) = (request.Paths, spec.ComputeHash());
        for (var follows = false; ;)
        {
            await using var lease = await state.TryLeaseAsync(paths.DriverLock, cancellationToken);
            if (lease is not null)
            {
                var there = await ReadSpecHashAsync();
                if (there is null) await lease.DeleteAsync(cancellationToken);
                if (there != specHash) return null;
                if (await TryDriveAsync(request, spec, redriveAfter, lease, onProgress, cancellationToken) is { } summary) return summary;
                continue;
            }
            if (!follows) onFollow();
            follows = true;
            await Task.Delay(FollowInterval, time, cancellationToken);
            if (await RunStarter.ReadRecordAsync(state, request.RunId, time, cancellationToken) is not { } record) continue;
            Status = record.Status;
            if (record.Progress is { } progress) onProgress(progress);
            if (record.Summary is { } ended && !StatusFile.IsFollowed(record, redriveAfter)) return await ReadSpecHashAsync() is { } there && there != specHash ? null : ended;
        }

        async Task<string?> ReadSpecHashAsync() => (await RunStarter.ReadSpecAsync(state, request.RunId, cancellationToken))?.ComputeHash();
    }

    /// <summary>The outcome; null when another driver has taken the run over.</summary>
    async Task<RunSummary?> TryDriveAsync(RunRequest request, RunSpec spec, RunRecord? redriveAfter, IObjectLease lease, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        using var driving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            if (redriveAfter is not null) await CancelSignal.ForgetAsync(state, request.Paths, driving.Token);
            await using var status = new StatusFile(state, request.Paths, time);
            var record = await status.BeginAsync(redriveAfter, driving.Token);
            if (record.Summary is { } ended) return ended;
            Status = RunStatus.Running;
            var current = request with { Redrive = record.Redrive };
            foreach (var folder in current.Paths.Folders.Append(RunPaths.FolderOf(spec.Output.Path))) await state.SweepAsync(folder, driving.Token);
            var end = await drive(current, progress =>
            {
                onProgress(progress);
                status.Report(progress);
            }, driving.Token);
            return await status.EndAsync(await RunEnding.ReadRecordAsync(state, current.Paths, end, driving.Token), driving.Token);
        }
        catch (DriverReplacedException)
        {
            return null;
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
