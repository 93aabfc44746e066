using System.Globalization;
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
    // So many purges in a row there are not: the store contradicts itself.
    const int Tries = 20;

    /// <exception cref="RunStateException">The id belongs to a run that a newer build began.</exception>
    public static async Task<RunStart> StartAsync(IObjectStore state, string runId, RunSpec spec, bool fresh, RunOrigin origin, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            if (await TryStartAsync(state, runId, spec, fresh, origin, time, cancellationToken) is { } start) return start;
        }
        throw RunStateException.Corrupt($"The spec of run '{runId}' is gone");
    }

    /// <summary>Null when a purge has just removed the run that was there.</summary>
    static async Task<RunStart?> TryStartAsync(IObjectStore state, string runId, RunSpec spec, bool fresh, RunOrigin origin, TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        var isNew = await TryPutAsync(state, paths.Spec, Encoding.UTF8.GetBytes(spec.ToJson()), cancellationToken);
        if (!isNew)
        {
            if (await ReadSpecAsync(state, runId, cancellationToken) is not { } existing) return null;
            if (existing.ComputeHash() != spec.ComputeHash())
            {
                return new RunStart.Conflict(new RunError("run-id-conflict",
                    $"The run id '{runId}' belongs to another spec. Use another --run-id, or leave it out to get a new one."));
            }
        }
        // The run is there from here on, and whoever is interrupted now is to be told of it.
        if (await (isNew ? KeepAsync(state, paths, New(paths, spec, time, origin), time, CancellationToken.None) : EnsureRecordAsync(state, runId, time, CancellationToken.None)) is not { } record) return null;
        // A record that was there before the spec is that of an older run, which a purge is removing: the spec goes before it.
        if (isNew && record.SpecHash != spec.ComputeHash()) record = await ReplaceAsync(state, paths, New(paths, spec, time, origin), time);
        if (record.Summary is not { } summary) return new RunStart.Ready(new RunRequest(runId, fresh) { Redrive = record.Redrive }, record.Status);
        return fresh
            ? new RunStart.Conflict(new RunError("run-finished", $"The run '{runId}' has ended, and --fresh would compute it again. Leave out --run-id to compute it under a new one."))
            : new RunStart.Finished(summary);
    }

    /// <summary>The record of a run; null when there is no such run. For one that the store lost stands what is left of the run's last drive.</summary>
    public static async Task<RunRecord?> ReadRecordAsync(IObjectStore state, string runId, TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        return await ReadAsync(state, paths, time, cancellationToken) ?? await FindAsync(state, paths, time, cancellationToken);
    }

    /// <summary>The same, and puts what the store lost.</summary>
    public static async Task<RunRecord?> EnsureRecordAsync(IObjectStore state, string runId, TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        if (await ReadAsync(state, paths, time, cancellationToken) is { } record) return record;
        return await FindAsync(state, paths, time, cancellationToken) is { } found ? await KeepAsync(state, paths, found, time, cancellationToken) : null;
    }

    /// <summary>The spec of a run as it was stored at its start; null when there is none.</summary>
    public static async Task<RunSpec?> ReadSpecAsync(IObjectStore state, string runId, CancellationToken cancellationToken) =>
        await state.ReadAllAsync(new RunPaths(runId).Spec, MaxJson, cancellationToken) is { } bytes ? StoredJson.ReadSpec(bytes, runId) : null;

    static async Task<RunRecord?> ReadAsync(IObjectStore state, RunPaths paths, TimeProvider time, CancellationToken cancellationToken) =>
        await state.ReadAllAsync(paths.Status, MaxJson, cancellationToken) is { } bytes
            ? StoredJson.Read(bytes, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "record", paths.RunId).At(time.GetUtcNow())
            : null;

    /// <summary>What a run's state tells without its record. A drive that ended is not begun again, so its outcome is the record.</summary>
    static async Task<RunRecord?> FindAsync(IObjectStore state, RunPaths run, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await ReadSpecAsync(state, run.RunId, cancellationToken) is not { } spec) return null;
        var paths = run with { Redrive = await LastDriveAsync(state, run, cancellationToken) };
        return await RunEnding.ReadAsync(state, paths, cancellationToken) is { } end ? await RunEnding.ReadRecordAsync(state, paths, end, cancellationToken) : New(paths, spec, time);
    }

    static RunRecord New(RunPaths paths, RunSpec spec, TimeProvider time, RunOrigin? origin = null) =>
        new() { StartedBy = origin, RunId = paths.RunId, SpecHash = spec.ComputeHash(), Status = RunStatus.Pending, StartedAt = time.GetUtcNow(), Redrive = paths.Redrive };

    /// <summary>Puts a record, unless there is one by now, which then counts.</summary>
    static async Task<RunRecord?> KeepAsync(IObjectStore state, RunPaths paths, RunRecord record, TimeProvider time, CancellationToken cancellationToken) =>
        await TryPutAsync(state, paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), cancellationToken) ? record : await ReadAsync(state, paths, time, cancellationToken) ?? record;

    /// <summary>Puts a record over that of another spec.</summary>
    static async Task<RunRecord> ReplaceAsync(IObjectStore state, RunPaths paths, RunRecord record, TimeProvider time)
    {
        while (true)
        {
            var seen = await state.ReadVersionAsync(paths.Status, MaxJson, CancellationToken.None);
            if (seen is var (json, _) && StoredJson.Read(json, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "record", paths.RunId) is var there && there.SpecHash == record.SpecHash) return there.At(time.GetUtcNow());
            try
            {
                await state.PutAsync(paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), PutCondition.Over(seen?.ETag), CancellationToken.None);
                return record;
            }
            // Removed meanwhile, or put by another start.
            catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict) { }
        }
    }

    /// <summary>The last redrive that left anything.</summary>
    static async Task<int> LastDriveAsync(IObjectStore state, RunPaths paths, CancellationToken cancellationToken)
    {
        var last = 0;
        await foreach (var entry in state.ListAsync(paths.Redrives, cancellationToken))
        {
            var name = entry.Path.AsSpan(Math.Min(paths.Redrives.Length + 1, entry.Path.Length));
            if (name.IndexOf('/') is > 0 and var end && int.TryParse(name[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var redrive)) last = Math.Max(last, redrive);
        }
        return last;
    }

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
