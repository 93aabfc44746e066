using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

/// <summary>
/// The activities of a run. Each may run twice, even at the same time, without harm: names are functions of run and task, and objects
/// are written once.
/// </summary>
/// <param name="driver">Names who drives the run from here on; receipts of other drivers count as reused.</param>
/// <param name="tries">Those of this process, in all its runs; null where these activities are its only ones.</param>
public sealed partial class RunActivities(
    IObjectStore data, IObjectStore state, StoreLocation dataLocation, StoreLocation stateLocation, ITaskIsolation isolation, TimeProvider time, HostCapacity host, string driver, ProcessTries? tries = null)
{
    const int MaxErrorBytesInReference = 3 * 1024;
    const int MaxJson = 64 << 20;
    const int MaxReceipt = 1 << 20;

    // Where many processes drive a run, none of them is told that its plan is another's.
    static readonly TimeSpan PlanIsKept = TimeSpan.FromMinutes(1);

    public static readonly Activity<PlanRequest, PlanReference> PlanRun = new(nameof(PlanRun), WorkflowJson.Default.PlanRequest, WorkflowJson.Default.PlanReference);
    public static readonly Activity<TaskRequest, TaskResult> ReduceTask = new(nameof(ReduceTask), WorkflowJson.Default.TaskRequest, WorkflowJson.Default.TaskResult);
    public static readonly Activity<MergeRequest, TaskResult> MergePieces = new(nameof(MergePieces), WorkflowJson.Default.MergeRequest, WorkflowJson.Default.TaskResult);
    public static readonly Activity<CombineRequest, CombineResult> CombineParts = new(nameof(CombineParts), WorkflowJson.Default.CombineRequest, WorkflowJson.Default.CombineResult);
    public static readonly Activity<FinishRequest, RunEnd> CommitRun = new(nameof(CommitRun), WorkflowJson.Default.FinishRequest, WorkflowJson.Default.RunEnd);
    public static readonly Activity<RunRequest, RunRequest> CleanUp = new(nameof(CleanUp), WorkflowJson.Default.RunRequest, WorkflowJson.Default.RunRequest);

    readonly CancelSignal _cancels = new(state, time);

    readonly ProcessTries _tries = tries ?? new ProcessTries();

    // One run at a time is the rule; the cache spares each of its tasks the reads that all of them need.
    volatile LoadedPlan? _loaded;

    sealed record LoadedPlan(RunPaths Paths, PlanHeader Header, RunSpec Spec, IObjectReader Slices, long At);

    /// <summary>Whether the run is cancelled, as its activities see it.</summary>
    public ValueTask<bool> IsCancelledAsync(RunPaths paths, CancellationToken cancellationToken) => _cancels.IsSetAsync(paths, cancellationToken);

    /// <summary>Runs an activity by its name, with payloads as a history holds them.</summary>
    public Task<JsonElement> InvokeAsync(string name, JsonElement input, CancellationToken cancellationToken) => name switch
    {
        nameof(PlanRun) => PlanRun.InvokeAsync(PlanRunAsync, input, cancellationToken),
        nameof(ReduceTask) => ReduceTask.InvokeAsync(ReduceTaskAsync, input, cancellationToken),
        nameof(MergePieces) => MergePieces.InvokeAsync(MergePiecesAsync, input, cancellationToken),
        nameof(CombineParts) => CombineParts.InvokeAsync(CombinePartsAsync, input, cancellationToken),
        nameof(CommitRun) => CommitRun.InvokeAsync(CommitRunAsync, input, cancellationToken),
        nameof(CleanUp) => CleanUp.InvokeAsync(CleanUpAsync, input, cancellationToken),
        nameof(BeginDrive) => BeginDrive.InvokeAsync(BeginDriveAsync, input, cancellationToken),
        nameof(FailDrive) => FailDrive.InvokeAsync(FailDriveAsync, input, cancellationToken),
        nameof(EndDrive) => EndDrive.InvokeAsync(EndDriveAsync, input, cancellationToken),
        nameof(ShowProgress) => ShowProgress.InvokeAsync(ShowProgressAsync, input, cancellationToken),
        nameof(LookForCancel) => LookForCancel.InvokeAsync(LookForCancelAsync, input, cancellationToken),
        _ => throw new ArgumentException($"no activity is named '{name}'", nameof(name)),
    };

    public Task<PlanReference> PlanRunAsync(PlanRequest request, CancellationToken cancellationToken) =>
        Telemetry.TraceAsync("plan", request, _ => PlanAsync(request, cancellationToken), static plan => plan.Outcome);

    async Task<PlanReference> PlanAsync(PlanRequest request, CancellationToken cancellationToken)
    {
        var paths = request.Paths;
        var spec = await ReadSpecAsync(paths, cancellationToken);
        if (await _cancels.IsSetAsync(paths, cancellationToken)) return Stopped(RunStop.Cancelled);
        try
        {
            var store = new PlanStore(state, paths);
            var header = await store.ReadHeaderAsync(cancellationToken) ?? await WritePlanAsync(spec, paths, store, request.Fresh, request.StartedAt + spec.Limits.RunTimeout, cancellationToken);
            var tasks = header.Tasks;
            return new PlanReference(tasks, Lanes(spec), spec.Limits.Retries, header.Shared is null ? spec.Limits.ToleratedFailures.Allowed(tasks) : 0, header.Strategy)
            {
                Open = request.Redrive == 0 ? null : await FindOpenAsync(paths, header, cancellationToken),
                RunTimeout = spec.Limits.RunTimeout,
            };
        }
        catch (PlanRefusedException refused) when (StopOf(refused.Outcome, refused.Errors[0].Code) is var stop and not RunStop.None)
        {
            return Stopped(stop);
        }
        catch (PlanRefusedException refused) when (Retries.IsPassing(refused.Outcome))
        {
            if (Retries.IsOfWorker(refused.Errors[0].Code) && request.Attempt > spec.Limits.Retries) return await RefuseAsync(refused.Errors, refused.Outcome);
            StopAfterTries(request.Attempt, spec, refused.Errors[0]);
            return Refused(refused.Errors, refused.Outcome);
        }
        catch (PlanRefusedException refused)
        {
            return await RefuseAsync(refused.Errors, refused.Outcome);
        }
        catch (StorageException failure) when (!IsPassing(failure))
        {
            return await RefuseAsync([StorageError(failure)], TaskOutcome.Done);
        }

        async Task<PlanReference> RefuseAsync(IReadOnlyList<RunError> errors, TaskOutcome outcome)
        {
            await PutJsonAsync(paths.PlanErrors, JsonSerializer.SerializeToUtf8Bytes(errors, WorkflowJson.Default.IReadOnlyListRunError), cancellationToken);
            return Refused(errors, outcome);
        }

        static PlanReference Stopped(RunStop stop) => new(0, 0, 0, 0, "") { Stop = stop };

        PlanReference Refused(IReadOnlyList<RunError> errors, TaskOutcome outcome) => new(0, 0, spec.Limits.Retries, 0, "", ThatFit(errors), outcome) { RunTimeout = spec.Limits.RunTimeout };
    }

    /// <summary>What stopped the run, where a task's failure tells.</summary>
    static RunStop StopOf(TaskOutcome outcome, string? code) =>
        outcome == TaskOutcome.Cancelled ? RunStop.Cancelled : outcome == TaskOutcome.Deadline && code == RunIsolation.RunDeadlineCode ? RunStop.Deadline : RunStop.None;

    /// <summary>Ends the drive, and not the run, when the last try failed for a cause that may pass.</summary>
    static void StopAfterTries(int attempt, RunSpec spec, RunError error)
    {
        if (attempt > spec.Limits.Retries) throw new RunStoppedException(error);
    }

    /// <summary>The first errors that a history event has room for. JSON may write a character as six bytes, so only the written form tells.</summary>
    static List<RunError> ThatFit(IReadOnlyList<RunError> errors)
    {
        var room = MaxErrorBytesInReference;
        return [.. errors.TakeWhile(error => (room -= JsonSerializer.SerializeToUtf8Bytes(error, WorkflowJson.Default.RunError).Length) >= 0)];
    }

    async Task<PlanHeader> WritePlanAsync(RunSpec spec, RunPaths paths, PlanStore store, bool fresh, DateTimeOffset? deadline, CancellationToken cancellationToken)
    {
        CheckOutputPath(spec);
        if (spec.Output.Format == ResultFormat.Hive) await CheckManifestAsync(spec.Output.Path, cancellationToken);
        var workers = Isolate(paths, spec, deadline);
        var discovery = new PartitionDiscovery(state, dataLocation, stateLocation, workers, spec.Limits, host.Scratch, paths, driver);
        var plugins = new PluginLookup(dataLocation, stateLocation, workers, spec.Limits, paths);
        var kept = new KeptSlices(state, paths, fresh);
        var (header, slices) = await new RunPlanner(data, workers, discovery.FindAsync, plugins, Lanes(spec), host.LeastSlice, kept).PlanAsync(spec, cancellationToken);
        await kept.NameAsync(header, slices, time.GetUtcNow(), cancellationToken);
        header = header with
        {
            Discovery = discovery.Receipt,
            OutputETag = await ETagAsync(spec.Output.Path, cancellationToken),
            ManifestETag = await ETagAsync(RunPaths.Manifest(spec.Output.Path), cancellationToken),
        };
        Telemetry.CountPlan(header);
        return await store.WriteAsync(header, slices, cancellationToken);
    }

    async Task CheckManifestAsync(string output, CancellationToken cancellationToken)
    {
        try
        {
            await new HiveCommit(state, time).ReadManifestAsync(output, cancellationToken);
        }
        catch (StorageException unreadable) when (unreadable.Failure == StorageFailure.Conflict)
        {
            throw new PlanRefusedException("output-conflict", unreadable.Message, unreadable.Path);
        }
    }

    void CheckOutputPath(RunSpec spec)
    {
        var output = spec.Output.Path;
        try
        {
            state.CheckPath(RunPaths.Manifest(output));
        }
        catch (StorageException invalid) when (invalid.Failure == StorageFailure.InvalidPath)
        {
            throw new PlanRefusedException("invalid-path", invalid.Message, pointer: "/output/path");
        }
        if (dataLocation != stateLocation || !LiesInSource(spec)) return;
        throw new PlanRefusedException("conflict",
            $"The result '{output}' would lie in the source folder '{spec.Source.Path}', where the next run would read it; write it to another folder.", pointer: "/output/path");
    }

    // A result among its own source would be read as input by the next run.
    static bool LiesInSource(RunSpec spec)
    {
        var (source, output) = (spec.Source.Path, spec.Output.Path);
        if (spec.Output.Format != ResultFormat.Hive) return IsBelow(output, source) && spec.Source.CreateFilter().Selects(output[(source.Length + 1)..]);
        return output == source || IsBelow(source, output) || IsBelow(output, source) && spec.Source.CreateFilter().Selects($"{output[(source.Length + 1)..]}/{spec.PartitionBy.Column}=0/part-00000.parquet");

        static bool IsBelow(string path, string folder) => path.StartsWith(folder + "/", StringComparison.Ordinal);
    }

    int Lanes(RunSpec spec) => spec.Limits.Parallel ?? host.Parallel;

    static SortedDictionary<string, string> Metadata(PlanHeader header) => Manifest.MetadataOf(header.EngineVersion, header.SpecHash, header.Plugin);

    RunIsolation Isolate(RunPaths paths, RunSpec spec, DateTimeOffset? deadline, bool leavesLast = false) => new(isolation, state, _cancels, AttemptsOf(paths, spec), time, paths, deadline, leavesLast);

    TaskAttempts AttemptsOf(RunPaths paths, RunSpec spec) => new(state, paths, time, _tries, host.WorkersOutlive, spec.Limits.Retries + 1);

    async Task<LoadedPlan> LoadPlanAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        if (_loaded is { } loaded && loaded.Paths == paths && time.GetElapsedTime(loaded.At) < PlanIsKept) return loaded;
        var plans = new PlanStore(state, paths);
        var header = await plans.ReadHeaderAsync(cancellationToken)
            ?? throw PlanStore.Gone(paths);
        return _loaded = new LoadedPlan(paths, header, await ReadSpecAsync(paths, cancellationToken), await plans.OpenSlicesAsync(header, cancellationToken), time.GetTimestamp());
    }

    /// <summary>A task of the plan. One that was kept is read anew where its slices are others by now: the run was purged, and its id given to another.</summary>
    async Task<(LoadedPlan Plan, TaskSlice Slice)> LoadSliceAsync(RunPaths paths, int index, CancellationToken cancellationToken)
    {
        var kept = _loaded;
        var plan = await LoadPlanAsync(paths, cancellationToken);
        try
        {
            return (plan, await ReadSliceAsync(plan, index, cancellationToken));
        }
        catch (StorageException other) when (other.Failure is StorageFailure.Changed or StorageFailure.NotFound && ReferenceEquals(plan, kept))
        {
            _loaded = null;
            plan = await LoadPlanAsync(paths, cancellationToken);
            return (plan, await ReadSliceAsync(plan, index, cancellationToken));
        }
    }

    async Task<RunSpec> ReadSpecAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        var bytes = await state.ReadAllAsync(paths.Spec, MaxJson, cancellationToken)
            ?? throw RunStateException.Corrupt($"The spec of run '{paths.RunId}' is gone");
        return StoredJson.ReadSpec(bytes, paths.RunId);
    }

    /// <summary>Null where there is none. One that can't be read answers for nothing: it is removed, so that another can take its place.</summary>
    async Task<TaskReceipt?> ReadReceiptAsync(string path, RunPaths paths, CancellationToken cancellationToken)
    {
        try
        {
            return await state.ReadAllAsync(path, MaxReceipt, cancellationToken) is not { } bytes ? null : StoredJson.Read(bytes, WorkflowJson.Default.TaskReceipt, WorkerTask.CurrentVersion, "receipt", paths.RunId);
        }
        catch (Exception damaged) when (damaged is RunStateException { IsCorrupt: true } or StorageException { Failure: StorageFailure.TooLarge })
        {
            await state.DeleteAsync(path, cancellationToken);
            return null;
        }
    }

    async Task<string?> ETagAsync(string path, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(path, cancellationToken);
        return reader?.Properties.ETag;
    }

    async Task PutOnceAsync(string path, byte[] json, CancellationToken cancellationToken)
    {
        try
        {
            await state.PutAsync(path, json, PutCondition.IfAbsent, cancellationToken);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            // The same task, delivered twice: the first receipt counts.
        }
    }

    Task PutJsonAsync(string path, byte[] json, CancellationToken cancellationToken) => state.PutAsync(path, json, PutCondition.None, cancellationToken);

    /// <summary>Whether the same call may succeed later. Then the activity throws, and the run stays as it is; anything else ends the run.</summary>
    static bool IsPassing(StorageException failure) => failure.Failure is StorageFailure.Unreachable or StorageFailure.Throttled or StorageFailure.Full;

    /// <summary>A store's failure as a run's error.</summary>
    public static RunError StorageError(StorageException failure) => new(failure.Failure switch
    {
        StorageFailure.NotFound => "store-not-found",
        StorageFailure.AccessDenied => "access-denied",
        StorageFailure.Unreachable or StorageFailure.Throttled => "storage-unreachable",
        StorageFailure.Full => "storage-full",
        StorageFailure.Conflict => "output-conflict",
        StorageFailure.Changed => "input-changed",
        StorageFailure.TooLarge => "state-corrupt",
        _ => "invalid-path",
    }, failure.Message, File: failure.Path);
}
