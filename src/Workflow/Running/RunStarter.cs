using System.Text;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

/// <summary>What the start of a run found.</summary>
public abstract record RunStart
{
    /// <summary>The run is new or unfinished and may be driven.</summary>
    public sealed record Ready(RunRequest Request) : RunStart;

    /// <summary>The same spec ended under this id before.</summary>
    public sealed record Finished(RunSummary Summary) : RunStart;

    /// <summary>Another spec has this id, or a fresh computation was asked for under the id of a finished run.</summary>
    public sealed record Conflict(RunError Error) : RunStart;
}

/// <summary>Claims a run id for a spec.</summary>
public static class RunStarter
{
    const int MaxJson = 16 << 20;

    public static async Task<RunStart> StartAsync(IObjectStore state, string runId, RunSpec spec, bool fresh, TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        try
        {
            await state.PutAsync(paths.Spec, Encoding.UTF8.GetBytes(spec.ToJson()), PutCondition.IfAbsent, cancellationToken);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            var existing = await state.ReadAllAsync(paths.Spec, MaxJson, cancellationToken) is { } bytes ? SpecParser.Parse(bytes).Spec : null;
            if (existing?.ComputeHash() != spec.ComputeHash())
            {
                return new RunStart.Conflict(new RunError("run-id-conflict",
                    $"The run id '{runId}' belongs to another spec. Use another --run-id, or leave it out to get a new one."));
            }
        }
        if (await ReadRecordAsync(state, runId, cancellationToken) is { Summary: { } summary })
        {
            return fresh
                ? new RunStart.Conflict(new RunError("run-finished", $"The run '{runId}' has ended, and --fresh would compute it again. Leave out --run-id to compute it under a new one."))
                : new RunStart.Finished(summary);
        }
        var record = new RunRecord { RunId = runId, SpecHash = spec.ComputeHash(), Status = RunStatus.Running, StartedAt = time.GetUtcNow() };
        await state.PutAsync(paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), PutCondition.None, cancellationToken);
        return new RunStart.Ready(new RunRequest(runId, fresh));
    }

    /// <summary>The stored record of a run; null when there is none.</summary>
    public static async Task<RunRecord?> ReadRecordAsync(IObjectStore state, string runId, CancellationToken cancellationToken)
    {
        if (await state.ReadAllAsync(new RunPaths(runId).Status, MaxJson, cancellationToken) is not { } bytes) return null;
        var record = JsonSerializer.Deserialize(bytes, WorkflowJson.Default.RunRecord)!;
        return record.Version <= RunRecord.CurrentVersion ? record : throw new NewerVersionException("record", runId);
    }
}
