using System.Diagnostics;
using System.Text.Json;
using Fanfold.Engine.Parquet;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

public sealed partial class RunActivities
{
    public Task<TaskResult> ReduceTaskAsync(TaskRequest request, CancellationToken cancellationToken) =>
        Telemetry.TraceAsync("task", request, span => ReduceAsync(request, span, cancellationToken), static result => result.Outcome);

    async Task<TaskResult> ReduceAsync(TaskRequest request, Activity? span, CancellationToken cancellationToken)
    {
        var paths = request.Paths;
        var (plan, slice) = await LoadSliceAsync(paths, request.Index, cancellationToken);
        var taskId = request.Piece?.IdIn(slice) ?? slice.TaskId;
        Telemetry.Describe(span, slice, taskId, request.Attempt);
        if (await ReadReceiptAsync(paths.Receipt(taskId), paths, cancellationToken) is { } earlier)
        {
            if (Fault(earlier) is null) return Result(earlier);
            await ForgetAsync(paths, plan.Spec, plan.Header, taskId, cancellationToken);
        }
        if (request.Piece is null && await ReadCachedAsync(paths, plan.Header, slice, cancellationToken) is { } cached) return Result(cached) with { BytesRead = 0 };
        // A task that takes its host along does so to those beside it: each has its last try with nothing beside it, so that only the one to blame uses up its own.
        var leavesLast = !request.Alone && request.Piece is null && Lanes(plan.Spec) > 1 && plan.Spec.Limits.Retries > 0;
        var began = time.GetUtcNow();
        var receipt = await Isolate(paths, plan.Spec, request.Deadline, leavesLast).RunAsync(Compose(plan, slice, request), plan.Spec.Limits.Timeout, static _ => { }, cancellationToken) with { Driver = driver, Attempt = request.Attempt, StartedAt = began };
        if (receipt.Failure is { Code: RunIsolation.LastTryCode }) return Result(receipt) with { Alone = true };
        // The run was planned with a worker that can do it: with that one it goes on.
        if (receipt.Failure is { Code: "plugin-missing" or "plugin-changed" } other) throw new RunStoppedException(new RunError(other.Code, other.Message, Pointer: PluginLookup.Pointer));
        if (receipt.Outcome == TaskOutcome.Done && Fault(receipt) is { } fault)
        {
            await state.DeleteAsync(request.Piece is null ? plan.Header.PartOf(paths, taskId) : paths.Part(taskId), cancellationToken);
            receipt = TaskRunner.Failed(taskId, TaskOutcome.Bug, TaskFailure.Of("proof-failed", $"{fault}; are host and worker of one build?")) with { Driver = driver, PeakMemory = receipt.PeakMemory, Attempt = request.Attempt, StartedAt = began };
        }
        if (receipt.Outcome != TaskOutcome.Done) return await FailAsync(plan, slice, receipt, (request.Piece ?? TaskPiece.Whole(slice)).Split(plan.Header.Reduction, slice.IsShared), request.Alone, cancellationToken);
        if (request.Piece is null) await CacheAsync(plan.Header, receipt, cancellationToken);
        await PutOnceAsync(paths.Receipt(taskId), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), cancellationToken);
        if (request.Attempt > 1 && request.Piece is null) await state.DeleteAsync(paths.Failure(slice.TaskId), cancellationToken);
        return Result(receipt);

        string? Fault(TaskReceipt receipt) => request.Piece is { } piece ? Proof.Fault(plan.Header, slice, piece, receipt, paths) : Proof.Fault(plan.Header, slice, receipt, paths);
    }

    /// <summary>What follows the failure of a task or of a piece of it. Where nothing does, the task's failure goes on record.</summary>
    /// <param name="smaller">The pieces of what failed.</param>
    /// <param name="alone">Whether it had the largest cap.</param>
    async Task<TaskResult> FailAsync(LoadedPlan plan, TaskSlice slice, TaskReceipt failed, IReadOnlyList<TaskPiece> smaller, bool alone, CancellationToken cancellationToken)
    {
        if (failed.Outcome == TaskOutcome.Memory)
        {
            var (cap, largest) = (plan.Spec.Limits.Memory.Bytes, LargestMemory(plan.Spec));
            if (!alone && failed.NeededMemory == 0 && smaller.Count > 0) return Result(failed) with { Pieces = smaller };
            if (!alone && largest > cap && failed.NeededMemory <= largest) return Result(failed) with { Alone = true };
            failed = MemoryFailure.Final(failed, plan.Header.Reduction, alone, largest);
        }
        // A run that was stopped has nothing to say against its tasks.
        if (StopOf(failed.Outcome, failed.Failure?.Code) is var stop and not RunStop.None) return Result(failed) with { Stop = stop };
        await PutJsonAsync(plan.Paths.Failure(slice.TaskId), JsonSerializer.SerializeToUtf8Bytes(failed with { TaskId = slice.TaskId }, WorkflowJson.Default.TaskReceipt), cancellationToken);
        return Result(failed);
    }

    static TaskResult Result(TaskReceipt receipt) => new(receipt.Outcome, receipt.Part is null, receipt.RowsDecoded, receipt.BytesRead, receipt.PeakMemory, receipt.RetryAfterSeconds);

    long LargestMemory(RunSpec spec) => Math.Max(host.LargestMemory, spec.Limits.Memory.Bytes);

    WorkerTask Compose(LoadedPlan plan, TaskSlice slice, TaskRequest request)
    {
        var (piece, spec) = (request.Piece, plan.Spec);
        return (piece is null ? ComposeWhole(plan, slice) : Compose(plan, piece.IdIn(slice))) with
        {
            Memory = request.Alone ? LargestMemory(spec) : spec.Limits.Memory.Bytes,
            Scratch = host.ScratchOf(request.Alone ? 1 : Lanes(spec)),
            Reduce = Work(plan.Header, slice) with { Files = TaskFiles(plan.Header, piece?.RowGroups(slice) ?? slice.Matched), Piece = piece?.ForWorker(plan.Header, slice) ?? (slice.IsShared ? new ReducePiece(0, 1, slice.StartRow) : null) },
        };
    }

    WorkerTask ComposeWhole(LoadedPlan plan, TaskSlice slice) => Compose(plan, slice.TaskId, plan.Header.PartOf(plan.Paths, slice.TaskId));

    /// <summary>A task that puts the part of its name, with nothing to do.</summary>
    WorkerTask Compose(LoadedPlan plan, string taskId, string? output = null) => new()
    {
        RunId = plan.Paths.RunId,
        TaskId = taskId,
        Data = dataLocation,
        State = stateLocation,
        Output = output ?? plan.Paths.Part(taskId),
        Memory = plan.Spec.Limits.Memory.Bytes,
        Metadata = Metadata(plan.Header),
        Scratch = host.ScratchOf(Lanes(plan.Spec)),
    };

    static ReduceWork Work(PlanHeader header, TaskSlice slice) =>
        new(header.Columns, header.Shared is null ? new TaskPartition(0, slice.Value, slice.End) : null, header.Where, header.Reduction, []) { Derived = header.Derived, Shared = header.Shared };

    static List<TaskFile> TaskFiles(PlanHeader header, IReadOnlyList<RowGroupRun> matched) =>
    [
        .. matched.GroupBy(run => run.File).Select(runs => header.Files[runs.Key] is var file
            ? new TaskFile(file.Path, file.Length, file.ETag, file.DataEnd, file.Columns, [.. runs.SelectMany(run => RunPlanner.Groups(header.Files, run)).Select(group => new RowGroup(group.Ordinal, group.Rows, group.Chunks))]) { Constants = file.Constants }
            : null!),
    ];

    Task<TaskSlice> ReadSliceAsync(LoadedPlan plan, int index, CancellationToken cancellationToken) =>
        new PlanStore(state, plan.Paths).ReadSliceAsync(plan.Header, plan.Slices, index, cancellationToken);
}
