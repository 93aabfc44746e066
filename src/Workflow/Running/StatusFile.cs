using System.Text.Json;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>
/// Shows in <c>status.json</c> where a run stands: its progress at most once a second, and its outcome once nothing is left to do. Each write replaces
/// the version that was read or written before, so what another has written meanwhile, the outcome above all, stays.
/// </summary>
public sealed class StatusFile(IObjectStore state, RunPaths paths, TimeProvider time) : IAsyncDisposable
{
    const int MaxJson = 16 << 20;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource _ending = new();
    Task _writing = Task.CompletedTask;
    RunProgress? _progress;

    public void Report(RunProgress progress) => Volatile.Write(ref _progress, progress);

    /// <summary>Marks the run as running and begins to show its progress.</summary>
    /// <param name="redriveAfter">The run as it was when another drive was asked for; null to go on with the last one.</param>
    /// <returns>The record as it is now; with a summary when the run has ended already, and nothing was written.</returns>
    public async Task<RunRecord> BeginAsync(RunRecord? redriveAfter, CancellationToken cancellationToken)
    {
        var (record, etag) = await MarkAsync(redriveAfter, cancellationToken);
        if (record.Summary is null) _writing = WriteAsync(record, etag, _ending.Token);
        return record;
    }

    /// <summary>The same, and shows no progress.</summary>
    public async Task<(RunRecord Record, string ETag)> MarkAsync(RunRecord? redriveAfter, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (record, etag) = await ReadAsync(cancellationToken);
            var isRedrive = IsFollowed(record, redriveAfter);
            if (record.Summary is not null && !isRedrive) return (record, etag);
            record = record with { Status = RunStatus.Running, HeartbeatAt = time.GetUtcNow() };
            if (isRedrive) record = record with { Redrive = record.Redrive + 1, StartedAt = time.GetUtcNow(), EndedAt = null, Progress = null, Summary = null };
            if (await PutAsync(record, etag, cancellationToken) is { } put) return (record, put);
        }
    }

    /// <summary>Beats once; a store that does not answer is none of the run's failures yet.</summary>
    public async Task TryBeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BeatAsync(null, cancellationToken);
        }
        catch (Exception failure) when (failure is OperationCanceledException or StorageException or RunStateException)
        {
            // The work's own requests tell what is wrong, if anything is.
        }
    }

    /// <summary>
    /// Shows once that this drive is under way, where many processes drive a run together: none of them holds the record, so each reads it before. A beat that meets
    /// another is left to that one.
    /// </summary>
    /// <param name="progress">Null for that of the record.</param>
    public async Task BeatAsync(RunProgress? progress, CancellationToken cancellationToken)
    {
        var (record, etag) = await ReadAsync(cancellationToken);
        if (record.Summary is not null || record.Redrive != paths.Redrive) return;
        var isRecent = time.GetUtcNow() - record.HeartbeatAt < RunRecord.HeartbeatInterval / 2;
        if (isRecent && (progress is null || progress == record.Progress)) return;
        await PutAsync(record with { HeartbeatAt = time.GetUtcNow(), Progress = progress ?? record.Progress }, etag, cancellationToken);
    }

    /// <summary>
    /// Whether another drive follows that of the record: not when it succeeded, when another has followed since it was asked for, or when it was under way then and has ended
    /// since, which is what whoever asked then waited for.
    /// </summary>
    public static bool IsFollowed(RunRecord record, RunRecord? redriveAfter) =>
        redriveAfter is not null && record.Redrive == redriveAfter.Redrive && record.Status != RunStatus.Succeeded && (record.Summary is null || redriveAfter.Summary is not null);

    /// <summary>Puts the outcome on record, unless it is there.</summary>
    public async Task<RunSummary> EndAsync(RunRecord outcome, CancellationToken cancellationToken)
    {
        await StopAsync();
        while (true)
        {
            var (record, etag) = await ReadAsync(cancellationToken);
            if (record.Redrive != outcome.Redrive) throw new DriverReplacedException(paths.RunId);
            if (record.Summary is { } summary) return summary;
            if (await PutAsync(outcome, etag, cancellationToken) is not null) return outcome.Summary!;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _ending.Dispose();
    }

    async Task StopAsync()
    {
        await CurrentScheduler.CancelAsync(_ending);
        await _writing;
    }

    async Task<(RunRecord Record, string ETag)> ReadAsync(CancellationToken cancellationToken)
    {
        var (json, etag) = await state.ReadVersionAsync(paths.Status, MaxJson, cancellationToken) ?? await AnewAsync(cancellationToken) ?? throw RunStateException.Corrupt($"The record of run '{paths.RunId}' is gone");
        return (StoredJson.Read(json, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "record", paths.RunId), etag);
    }

    /// <summary>The record that the store lost.</summary>
    async Task<(byte[] Content, string ETag)?> AnewAsync(CancellationToken cancellationToken)
    {
        await RunStarter.EnsureRecordAsync(state, paths.RunId, time, cancellationToken);
        return await state.ReadVersionAsync(paths.Status, MaxJson, cancellationToken);
    }

    async Task WriteAsync(RunRecord record, string etag, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var progress = Volatile.Read(ref _progress);
                if (progress == record.Progress && time.GetUtcNow() - record.HeartbeatAt < RunRecord.HeartbeatInterval) continue;
                if (await TryWriteAsync(record with { Progress = progress, HeartbeatAt = time.GetUtcNow() }, etag, cancellationToken) is not var (written, version)) return;
                (record, etag) = (written, version);
            }
        }
        catch (OperationCanceledException) { }
    }

    /// <summary>What is on record then, and its version; null when the record tells of an end or of another drive.</summary>
    async Task<(RunRecord Record, string ETag)?> TryWriteAsync(RunRecord record, string etag, CancellationToken cancellationToken)
    {
        try
        {
            if (await PutAsync(record, etag, cancellationToken) is { } put) return (record, put);
            // A put whose answer was lost looks like another's.
            var (now, version) = await ReadAsync(cancellationToken);
            return now.Summary is null && now.Redrive == record.Redrive ? (now, version) : null;
        }
        catch (Exception failure) when (failure is StorageException or RunStateException)
        {
            // Progress is a courtesy: a store that fails here fails the run's own writes too, and they say so. The next tick tries again.
            return (record with { Progress = null }, etag);
        }
    }

    /// <summary>The version written; null when another has written meanwhile.</summary>
    async Task<string?> PutAsync(RunRecord record, string etag, CancellationToken cancellationToken)
    {
        try
        {
            return (await state.PutAsync(paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), PutCondition.IfMatch(etag), cancellationToken)).ETag;
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return null;
        }
    }
}
