using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

public sealed partial class RunActivities
{
    const string CombineTaskId = "combine";
    const int StateConcurrency = 16;

    public async Task<CombineResult> CombinePartsAsync(FinishRequest request, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(request.RunId);
        if (await ReadReceiptAsync(paths.Receipt(CombineTaskId), paths, cancellationToken) is not null) return new CombineResult(null);
        var (_, header, spec, _) = await LoadPlanAsync(request.RunId, cancellationToken);
        var tasks = await FinishedTasksAsync(request, header, cancellationToken);
        if (Proof.Fault(header, tasks, paths) is { } fault) return await FailAsync(TaskFailure.Of("proof-failed", fault));
        var receipt = await isolation.RunAsync(new WorkerTask
        {
            RunId = request.RunId,
            TaskId = CombineTaskId,
            Data = dataLocation,
            State = stateLocation,
            Output = paths.CombinedPart,
            Memory = spec.Limits.Memory.Bytes,
            Metadata = Metadata(header),
            Combine = new CombineWork(header.ResultColumns, [.. tasks.Where(task => !task.Failed).Select(task => task.Receipt?.Part).OfType<PartReference>()]),
        }, spec.Limits.Timeout, static _ => { }, cancellationToken);
        if (receipt.Failure is { } failure) return await FailAsync(failure);
        await PutOnceAsync(paths.Receipt(CombineTaskId), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), cancellationToken);
        return new CombineResult(null);

        async Task<CombineResult> FailAsync(TaskFailure cause)
        {
            var failed = TaskRunner.Failed(CombineTaskId, TaskOutcome.Bug, cause);
            await PutJsonAsync(paths.Failure(CombineTaskId), JsonSerializer.SerializeToUtf8Bytes(failed, WorkflowJson.Default.TaskReceipt), cancellationToken);
            return new CombineResult(new RunError(cause.Code, cause.Message[..Math.Min(512, cause.Message.Length)], File: cause.File));
        }
    }

    /// <summary>All tasks in plan order with their receipts.</summary>
    async Task<List<FinishedTask>> FinishedTasksAsync(FinishRequest request, PlanHeader header, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(request.RunId);
        var slices = await new PlanStore(state, paths).ReadSlicesAsync(header, cancellationToken);
        var tasks = new FinishedTask[slices.Count];
        var failed = request.FailedTasks.ToHashSet();
        await Parallel.ForAsync(0, slices.Count, new ParallelOptions { MaxDegreeOfParallelism = StateConcurrency, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                var path = failed.Contains(i) ? paths.Failure(slices[i].TaskId) : paths.Receipt(slices[i].TaskId);
                tasks[i] = new FinishedTask(slices[i], failed.Contains(i), await ReadReceiptAsync(path, paths, token));
            });
        return [.. tasks];
    }
}

/// <param name="Receipt">That of the last attempt when it failed; null when it did not run.</param>
sealed record FinishedTask(TaskSlice Slice, bool Failed, TaskReceipt? Receipt);
