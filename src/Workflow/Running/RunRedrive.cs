using System.Text.Json;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>Puts another drive of a run on record, so that it is due even if its host dies.</summary>
public static class RunRedrive
{
    const int MaxJson = 16 << 20;

    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The record as it is now: of a new drive, which nothing drives yet; of one that has not ended; or of a run that succeeded. Null when there is no such run.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.Unreachable"/> when another process does not let go of the run.</exception>
    public static async Task<RunRecord?> BeginAsync(IObjectStore state, string runId, TimeProvider time, CancellationToken cancellationToken)
    {
        var (paths, began) = (new RunPaths(runId), time.GetTimestamp());
        while (await RunStarter.EnsureRecordAsync(state, runId, time, cancellationToken) is { } seen)
        {
            if (seen.Summary is null || seen.Status == RunStatus.Succeeded) return seen;
            // Whoever drives it to its end lets go of it soon, and a purge leaves nothing of it.
            await using var lease = await state.TryLeaseAsync(paths.DriverLock, cancellationToken);
            if (lease is null)
            {
                if (time.GetElapsedTime(began) > Patience) throw new StorageException(StorageFailure.Unreachable, paths.DriverLock, $"the run '{runId}' has ended, and a process still holds it: one that purges it, or that hangs; try again later");
                await Task.Delay(Poll, time, cancellationToken);
                continue;
            }
            if (await RunStarter.EnsureRecordAsync(state, runId, time, cancellationToken) is null)
            {
                await lease.DeleteAsync(cancellationToken);
                return null;
            }
            if (await state.ReadVersionAsync(paths.Status, MaxJson, cancellationToken) is not var (json, etag)) continue;
            var record = StoredJson.Read(json, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "record", runId);
            if (record.Redrive != seen.Redrive) continue;
            await CancelSignal.ForgetAsync(state, paths, cancellationToken);
            record = record with { Redrive = record.Redrive + 1, Status = RunStatus.Pending, StartedAt = time.GetUtcNow(), EndedAt = null, HeartbeatAt = null, Progress = null, Summary = null };
            try
            {
                await state.PutAsync(paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), PutCondition.IfMatch(etag), cancellationToken);
                return record;
            }
            // Another has begun one meanwhile.
            catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict) { }
        }
        return null;
    }
}
