using System.Text;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

/// <summary>What the start of a run found.</summary>
public abstract record RunStart
{
    /// <summary>The run is new or unfinished and may be driven.</summary>
    /// <param name="Status">As its record has it.</param>
    public sealed record Ready(RunRequest Request, RunStatus Status) : RunStart;

    /// <summary>The same spec ended under this id before.</summary>
    public sealed record Finished(RunSummary Summary) : RunStart;

    /// <summary>Another spec has this id, or a fresh computation was asked for under the id of a finished run.</summary>
    public sealed record Conflict(RunError Error) : RunStart;
}

/// <summary>Claims a run id for a spec, and shows where a run stands.</summary>
public static class RunStarter
{
    const int MaxJson = 16 << 20;

    /// <exception cref="RunStateException">The id belongs to a run that a newer build began.</exception>
    public static async Task<RunStart> StartAsync(IObjectStore state, string runId, RunSpec spec, bool fresh, TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        if (!await TryPutAsync(state, paths.Spec, Encoding.UTF8.GetBytes(spec.ToJson()), cancellationToken))
        {
            var existing = await state.ReadAllAsync(paths.Spec, MaxJson, cancellationToken) is { } bytes ? StoredJson.ReadSpec(bytes, runId) : null;
            if (existing?.ComputeHash() != spec.ComputeHash())
            {
                return new RunStart.Conflict(new RunError("run-id-conflict",
                    $"The run id '{runId}' belongs to another spec. Use another --run-id, or leave it out to get a new one."));
            }
        }
        if (await ReadRecordAsync(state, runId, time, cancellationToken) is not { } record)
        {
            record = new RunRecord { RunId = runId, SpecHash = spec.ComputeHash(), Status = RunStatus.Pending, StartedAt = time.GetUtcNow() };
            await TryPutAsync(state, paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), cancellationToken);
        }
        if (record.Summary is not { } summary) return new RunStart.Ready(new RunRequest(runId, fresh) { Redrive = record.Redrive }, record.Status);
        return fresh
            ? new RunStart.Conflict(new RunError("run-finished", $"The run '{runId}' has ended, and --fresh would compute it again. Leave out --run-id to compute it under a new one."))
            : new RunStart.Finished(summary);
    }

    /// <summary>The stored record of a run; null when there is none.</summary>
    public static async Task<RunRecord?> ReadRecordAsync(IObjectStore state, string runId, TimeProvider time, CancellationToken cancellationToken) =>
        await state.ReadAllAsync(new RunPaths(runId).Status, MaxJson, cancellationToken) is { } bytes
            ? StoredJson.Read(bytes, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "record", runId).At(time.GetUtcNow())
            : null;

    /// <summary>The spec of a run as it was stored at its start; null when there is none.</summary>
    public static async Task<RunSpec?> ReadSpecAsync(IObjectStore state, string runId, CancellationToken cancellationToken) =>
        await state.ReadAllAsync(new RunPaths(runId).Spec, MaxJson, cancellationToken) is { } bytes ? StoredJson.ReadSpec(bytes, runId) : null;

    /// <summary>False when the object is there already.</summary>
    static async Task<bool> TryPutAsync(IObjectStore state, string path, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await state.PutAsync(path, content, PutCondition.IfAbsent, cancellationToken);
            return true;
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return false;
        }
    }
}
