using System.Text.Json;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>What a host calls whose engine drives runs by many processes, so that none of them can keep the record of a run for itself.</summary>
public sealed partial class RunActivities
{
    public static readonly Activity<RunRequest, DriveStep> BeginDrive = new(nameof(BeginDrive), WorkflowJson.Default.RunRequest, WorkflowJson.Default.DriveStep);
    public static readonly Activity<DriveEnd, DriveStep> EndDrive = new(nameof(EndDrive), WorkflowJson.Default.DriveEnd, WorkflowJson.Default.DriveStep);
    public static readonly Activity<DriveFailure, DriveStep> FailDrive = new(nameof(FailDrive), WorkflowJson.Default.DriveFailure, WorkflowJson.Default.DriveStep);
    public static readonly Activity<DriveProgress, DriveStep> ShowProgress = new(nameof(ShowProgress), WorkflowJson.Default.DriveProgress, WorkflowJson.Default.DriveStep);
    public static readonly Activity<RunRequest, DriveStep> LookForCancel = new(nameof(LookForCancel), WorkflowJson.Default.RunRequest, WorkflowJson.Default.DriveStep);

    long _beatAt = time.GetTimestamp();

    /// <summary>Puts on record that the drive is under way, unless it has ended or another has followed it.</summary>
    public async Task<DriveStep> BeginDriveAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var paths = request.Paths;
        await using var status = new StatusFile(state, paths, time);
        var (record, _) = await status.MarkAsync(null, cancellationToken);
        if (record.Summary is not null || record.Redrive != request.Redrive) return Step(request, ended: true);
        foreach (var folder in paths.Folders.Append(RunPaths.FolderOf((await ReadSpecAsync(paths, cancellationToken)).Output.Path))) await state.SweepAsync(folder, cancellationToken);
        return Step(request, ended: false);
    }

    /// <summary>Puts the outcome on record.</summary>
    public async Task<DriveStep> EndDriveAsync(DriveEnd ended, CancellationToken cancellationToken)
    {
        await using var status = new StatusFile(state, ended.Paths, time);
        try
        {
            await status.EndAsync(await RunEnding.ReadRecordAsync(state, ended.Paths, ended.End, cancellationToken), cancellationToken);
        }
        catch (DriverReplacedException)
        {
            // The record tells of a later drive by now, which another delivery of this one's end let begin.
        }
        return Step(ended, ended: true);
    }

    /// <summary>Ends a drive as failed that can't end itself, whatever its plan and receipts are like. A redrive is the next drive then.</summary>
    public async Task<DriveStep> FailDriveAsync(DriveFailure failed, CancellationToken cancellationToken)
    {
        var record = await RunStarter.EnsureRecordAsync(state, failed.RunId, time, cancellationToken) ?? throw RunStateException.Corrupt($"The record of run '{failed.RunId}' is gone");
        if (record.Summary is not null || record.Redrive != failed.Redrive) return Step(failed, ended: true);
        var (now, error) = (time.GetUtcNow(), failed.Error with { Message = Secrets.Hide(failed.Error.Message) });
        var summary = new RunSummary(failed.RunId, RunStatus.Failed, new(0, 0, 0, 0), new(0, 0, 0, 0), new(0, 0, 0), 0, 0, 0, 0, 0, 0, 0, (long)(now - record.StartedAt).TotalMilliseconds, "", null, null, [error]);
        var end = await RunEnding.WriteAsync(state, failed.Paths, record with { Status = RunStatus.Failed, EndedAt = now, HeartbeatAt = null, Progress = null, Summary = summary }, cancellationToken);
        return await EndDriveAsync(new DriveEnd(failed.RunId, end) { Redrive = failed.Redrive }, cancellationToken);
    }

    public async Task<DriveStep> ShowProgressAsync(DriveProgress shown, CancellationToken cancellationToken)
    {
        await using var status = new StatusFile(state, shown.Paths, time);
        await status.BeatAsync(shown.Progress, cancellationToken);
        return Step(shown, ended: false);
    }

    /// <summary>Whether the drive is to end because the run is cancelled.</summary>
    public async Task<DriveStep> LookForCancelAsync(RunRequest request, CancellationToken cancellationToken) => Step(request, await _cancels.LookAsync(request.Paths, cancellationToken));

    /// <summary>Runs an activity as <see cref="InvokeAsync"/> does, and shows meanwhile that the run is driven.</summary>
    public async Task<JsonElement> InvokeAsync(string name, JsonElement input, RunPaths paths, CancellationToken cancellationToken)
    {
        var working = InvokeAsync(name, input, cancellationToken);
        await using var status = new StatusFile(state, paths, time);
        using var timer = new PeriodicTimer(RunRecord.HeartbeatInterval, time);
        while (await Task.WhenAny(working, timer.WaitForNextTickAsync(CancellationToken.None).AsTask()) != working) await BeatAsync();
        // Many short ones in a row are signs of life as good as a long one.
        if (time.GetElapsedTime(Volatile.Read(ref _beatAt)) > RunRecord.HeartbeatInterval) await BeatAsync();
        return await working;

        Task BeatAsync()
        {
            Volatile.Write(ref _beatAt, time.GetTimestamp());
            return status.TryBeatAsync(cancellationToken);
        }
    }

    static DriveStep Step(RunPayload payload, bool ended) => new(payload.RunId, ended) { Redrive = payload.Redrive };
}

/// <summary>What an activity of a drive found.</summary>
/// <param name="Ended">Whether the drive is over, or is to be.</param>
public sealed record DriveStep(string RunId, bool Ended) : RunPayload(RunId);

/// <summary>The drive has come to this end, which is not on the run's record yet.</summary>
public sealed record DriveEnd(string RunId, RunEnd End) : RunPayload(RunId);

/// <summary>The drive can't go on.</summary>
public sealed record DriveFailure(string RunId, RunError Error) : RunPayload(RunId);

public sealed record DriveProgress(string RunId, RunProgress Progress) : RunPayload(RunId);
