using System.Text.Json;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>Puts another drive of a run on record, so that it is due even if its host dies.</summary>
public static class RunRedrive
{
    const int MaxJson = 16 << 20;

    /// <summary>The record as it is now: of a new drive, which nothing drives yet; of one that has not ended; or of a run that succeeded. Null when there is no such run.</summary>
    public static async Task<RunRecord?> BeginAsync(IObjectStore state, string runId, TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        while (await RunStarter.EnsureRecordAsync(state, runId, time, cancellationToken) is { } seen)
        {
            if (seen.Summary is null || seen.Status == RunStatus.Succeeded) return seen;
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
