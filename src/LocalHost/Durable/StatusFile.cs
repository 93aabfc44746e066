using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Durable;

/// <summary>
/// Shows a run's progress in its <c>status.json</c>, at most once a second. Each write replaces the version that this driver wrote before, so what
/// another has written meanwhile, the run's end above all, stays.
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
        await using var reader = await state.OpenAsync(paths.Status, cancellationToken)
            ?? throw new RunStateException("state-corrupt", $"The record of run '{paths.RunId}' is gone. Start the run under a new id.");
        var bytes = new byte[reader.Properties.Length];
        await reader.ReadAsync(0, bytes, cancellationToken);
        var record = StoredJson.Read(bytes, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "record", paths.RunId);
        if (record.Summary is { } summary) return summary;
        record = record with { Status = RunStatus.Running };
        var etag = await PutAsync(record, reader.Properties.ETag, cancellationToken);
        _writing = WriteAsync(record, etag, _ending.Token);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _writing;
        _ending.Dispose();
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
