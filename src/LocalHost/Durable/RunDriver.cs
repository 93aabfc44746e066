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

    /// <param name="onFollow">Told once, when another process turns out to drive the run.</param>
    public async Task<RunStart> RunAsync(string runId, RunSpec spec, bool fresh, Action onFollow, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        var start = await RunStarter.StartAsync(state, runId, spec, fresh, time, cancellationToken);
        if (start is RunStart.Ready found) Status = found.Status;
        for (var follows = false; start is RunStart.Ready ready;)
        {
            await using var lease = await state.TryLeaseAsync(paths.DriverLock, cancellationToken);
            if (lease is not null)
            {
                foreach (var folder in paths.Folders.Append(Folder(spec.Output.Path))) await state.SweepAsync(folder, cancellationToken);
                if (await TryDriveAsync(ready.Request, paths, lease, onProgress, cancellationToken) is { } summary) return new RunStart.Finished(summary);
                continue;
            }
            if (!follows) onFollow();
            follows = true;
            await Task.Delay(FollowInterval, time, cancellationToken);
            if (await RunStarter.ReadRecordAsync(state, runId, cancellationToken) is not { } record) continue;
            Status = record.Status;
            if (record.Progress is { } progress) onProgress(progress);
            if (record.Summary is { } ended) return new RunStart.Finished(ended);
        }
        return start;
    }

    static string Folder(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    /// <summary>The outcome; null when another driver has taken the run over.</summary>
    async Task<RunSummary?> TryDriveAsync(RunRequest request, RunPaths paths, IObjectLease lease, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        using var driving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            await using var status = new StatusFile(state, paths, time);
            if (await status.BeginAsync(driving.Token) is { } ended) return ended;
            Status = RunStatus.Running;
            var end = await drive(request, progress =>
            {
                onProgress(progress);
                status.Report(progress);
            }, driving.Token);
            return await status.EndAsync(await RunEnding.ReadRecordAsync(state, paths, end, driving.Token), driving.Token);
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
