using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Durable;

/// <summary>
/// Shows in <c>status.json</c> where a run stands: its progress at most once a second, and its outcome once nothing is left to do. Each write replaces
/// the version that was read or written before, so what another has written meanwhile, the outcome above all, stays.
/// </summary>
sealed class StatusFile(IObjectStore state, RunPaths paths, TimeProvider time) : IAsyncDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource _ending = new();
    Task _writing = Task.CompletedTask;
    RunProgress? _progress;

    public void Report(RunProgress progress) => Volatile.Write(ref _progress, progress);

    /// <summary>Marks the run as running and begins to show its progress.</summary>
    /// <returns>The summary when the run has ended already; nothing is written then.</returns>
    public async Task<RunSummary?> BeginAsync(CancellationToken cancellationToken)
    {
        var (record, etag) = await ReadAsync(cancellationToken);
        if (record.Summary is { } summary) return summary;
        record = record with { Status = RunStatus.Running };
        _writing = WriteAsync(record, await PutAsync(record, etag, cancellationToken), _ending.Token);
        return null;
    }

    /// <summary>Puts the outcome on record, unless it is there.</summary>
    public async Task<RunSummary> EndAsync(RunRecord outcome, CancellationToken cancellationToken)
    {
        await StopAsync();
        while (true)
        {
            var (record, etag) = await ReadAsync(cancellationToken);
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
        await _ending.CancelAsync();
        await _writing;
    }

    async Task<(RunRecord Record, string ETag)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(paths.Status, cancellationToken) ?? throw RunStateException.Corrupt($"The record of run '{paths.RunId}' is gone");
        var bytes = new byte[reader.Properties.Length];
        await reader.ReadAsync(0, bytes, cancellationToken);
        return (StoredJson.Read(bytes, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "record", paths.RunId), reader.Properties.ETag);
    }

    async Task WriteAsync(RunRecord record, string? etag, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (etag is not null && await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (Volatile.Read(ref _progress) is not { } progress || progress == record.Progress) continue;
                record = record with { Progress = progress };
                etag = await PutAsync(record, etag, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or StorageException)
        {
            // Progress is a courtesy: a store that fails here fails the run's own writes too, and they say so.
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
