using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

public sealed partial class RunActivities
{
    const int StateConcurrency = 16;
    const int MaxLostAtOnce = 256;

    public Task<CombineResult> CombinePartsAsync(CombineRequest request, CancellationToken cancellationToken) =>
        Telemetry.TraceAsync("combine", request, _ => CombineAsync(request, cancellationToken), static result => result.Outcome);

    async Task<CombineResult> CombineAsync(CombineRequest request, CancellationToken cancellationToken)
    {
        var paths = request.Paths;
        if (await ReadReceiptAsync(paths.Receipt(RunPaths.CombineTask), paths, cancellationToken) is not null) return new CombineResult(TaskOutcome.Done);
        var (_, header, spec, _, _) = await LoadPlanAsync(paths, cancellationToken);
        var workers = Isolate(paths, spec, request.Deadline);
        var tasks = await FinishedTasksAsync(paths, header, cancellationToken);
        if (tasks.Any(task => task.Failed))
        {
            // From here on they are not in the result, whatever a late delivery makes of them.
            await PutOnceAsync(paths.GivenUp, JsonSerializer.SerializeToUtf8Bytes([.. tasks.Where(task => task.Failed).Select(task => task.Slice.Index)], WorkflowJson.Default.IReadOnlyListInt32), cancellationToken);
            tasks = await FinishedTasksAsync(paths, header, cancellationToken);
        }
        if (tasks.Where(task => !task.Failed && (task.Receipt is null || Proof.Fault(header, task.Slice, task.Receipt, paths) is not null)).ToList() is { Count: > 0 } unknown)
        {
            foreach (var task in unknown) await ForgetAsync(paths, spec, header, task.Slice.TaskId, cancellationToken);
            return await LostAsync(unknown);
        }
        if (Proof.Fault(header, tasks, paths, request.FailedTasks) is { } fault) return await FailAsync(TaskRunner.Failed(RunPaths.CombineTask, TaskOutcome.Bug, TaskFailure.Of("proof-failed", fault)));
        var work = new WorkerTask
        {
            RunId = request.RunId,
            TaskId = RunPaths.CombineTask,
            Data = dataLocation,
            State = stateLocation,
            Output = paths.CombinedPart,
            Memory = spec.Limits.Memory.Bytes,
            Metadata = Metadata(header),
            Scratch = host.Scratch,
            Combine = new CombineWork(header.ResultColumns, [.. tasks.Where(task => !task.Failed).Select(task => task.Receipt?.Part).OfType<PartReference>()], spec.Output.Format)
            {
                States = header.Shared is { } shared ? new CombinedStates(new ReduceWork(header.Columns, null, header.Where, header.Reduction, []) { Derived = header.Derived, Shared = shared }, paths.CombinedPartitions) : null,
            },
        };
        var receipt = await workers.RunAsync(work, spec.Limits.Timeout, static _ => { }, cancellationToken);
        // No other worker of the run is there by now.
        if (receipt.Outcome == TaskOutcome.Memory && LargestMemory(spec) > work.Memory)
            receipt = await workers.RunAsync(work with { Memory = LargestMemory(spec) }, spec.Limits.Timeout, static _ => { }, cancellationToken);
        if (receipt.Failure is { } failure)
        {
            if (StopOf(receipt.Outcome, failure.Code) is var stop and not RunStop.None) return new CombineResult(receipt.Outcome) { Stop = stop };
            // A store may be back later; a worker that keeps dying has failed, as any task's has.
            if (Retries.IsPassing(receipt.Outcome) && !Retries.IsOfWorker(failure.Code)) StopAfterTries(request.Attempt, spec, CombineError(failure));
            if (receipt.Outcome == TaskOutcome.InputChanged && await ForgetLostAsync(paths, spec, header, [.. tasks.Select(task => task.Receipt).OfType<TaskReceipt>()], cancellationToken) is { Count: > 0 } lost)
                return await LostAsync([.. tasks.Where(task => lost.Contains(task.Slice.TaskId))]);
            return await FailAsync(receipt);
        }
        await PutOnceAsync(paths.Receipt(RunPaths.CombineTask), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), cancellationToken);
        return new CombineResult(TaskOutcome.Done);

        async Task<CombineResult> FailAsync(TaskReceipt failed)
        {
            await PutJsonAsync(paths.Failure(RunPaths.CombineTask), JsonSerializer.SerializeToUtf8Bytes(failed, WorkflowJson.Default.TaskReceipt), cancellationToken);
            return new CombineResult(failed.Outcome);
        }

        async Task<CombineResult> LostAsync(List<FinishedTask> lost) => await FailAsync(TaskRunner.Failed(RunPaths.CombineTask, TaskOutcome.InputChanged, TaskFailure.Of("part-lost",
            $"the store lost the receipts or parts of {lost.Count} tasks, the first of them that of {lost[0].Slice.Description}; does something else delete or write below '{paths.Parts}'?")))
            with { Lost = [.. lost.Take(MaxLostAtOnce).Select(task => task.Slice.Index)] };
    }

    /// <summary>Takes back the receipts whose parts are gone or are others by now, so that their tasks run again; returns the tasks' ids.</summary>
    async Task<HashSet<string>> ForgetLostAsync(RunPaths paths, RunSpec spec, PlanHeader header, IReadOnlyList<TaskReceipt> receipts, CancellationToken cancellationToken)
    {
        var lost = new HashSet<string>();
        foreach (var receipt in receipts)
        {
            if (receipt.Part is not { } part || await IsWholeAsync(part, cancellationToken)) continue;
            await ForgetAsync(paths, spec, header, receipt.TaskId, cancellationToken);
            lost.Add(receipt.TaskId);
        }
        return lost;
    }

    /// <summary>Whether a part is the one that its receipt names, byte for byte: a medium that rots changes no ETag.</summary>
    async Task<bool> IsWholeAsync(PartReference part, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(part.Path, cancellationToken);
        return reader is not null && reader.Properties == part.Properties && await PartWriter.HashAsync(reader, HashKind.Xxh3, cancellationToken) == part.Hash;
    }

    /// <summary>Takes back a task's receipt, its part and, since the receipt no longer answers for them, its tries.</summary>
    async Task ForgetAsync(RunPaths paths, RunSpec spec, PlanHeader header, string taskId, CancellationToken cancellationToken)
    {
        if (header.Cache is { } cache)
        {
            await state.DeleteAsync(CachePaths.Receipt(cache, taskId), cancellationToken);
            await state.DeleteAsync(CachePaths.Part(cache, taskId), cancellationToken);
        }
        await state.DeleteAsync(paths.Receipt(taskId), cancellationToken);
        await state.DeleteAsync(paths.Part(taskId), cancellationToken);
        await AttemptsOf(paths, spec).ForgetAsync(taskId, cancellationToken);
    }

    // As many as a history event has room for.
    const int MostOpenRanges = 100;

    /// <summary>The tasks that a redrive has to run: those of which no earlier drive left a receipt that proves them done.</summary>
    async Task<IReadOnlyList<TaskRange>> FindOpenAsync(RunPaths paths, PlanHeader header, CancellationToken cancellationToken) =>
        TaskRange.Of([.. (await FinishedTasksAsync(paths, header, cancellationToken)).Where(task => task.Failed || task.Receipt is null || Proof.Fault(header, task.Slice, task.Receipt, paths) is not null).Select(task => task.Slice.Index)], MostOpenRanges);

    static RunError CombineError(TaskFailure cause) => new(cause.Code, $"combining the parts failed: {MemoryFailure.Advised(cause)}", File: cause.File);

    /// <summary>All tasks in plan order with their receipts. Those that combining gave up have failed, even if they have one.</summary>
    async Task<List<FinishedTask>> FinishedTasksAsync(RunPaths paths, PlanHeader header, CancellationToken cancellationToken)
    {
        var slices = await new PlanStore(state, paths).ReadSlicesAsync(header, cancellationToken);
        var givenUp = await ReadGivenUpAsync(paths, cancellationToken);
        var tasks = new FinishedTask[slices.Count];
        await Parallel.ForAsync(0, slices.Count, new ParallelOptions { MaxDegreeOfParallelism = StateConcurrency, CancellationToken = cancellationToken, TaskScheduler = TaskScheduler.Current },
            async (i, token) =>
            {
                var receipt = givenUp.Contains(i) ? null : await ReadReceiptAsync(paths.Receipt(slices[i].TaskId), paths, token);
                // An earlier try's failure stays beside the receipt of the one that succeeded.
                var failure = receipt is null ? await ReadReceiptAsync(paths.Failure(slices[i].TaskId), paths, token) : null;
                tasks[i] = new FinishedTask(slices[i], failure is not null || givenUp.Contains(i), receipt ?? failure);
            });
        return [.. tasks];
    }

    async Task<HashSet<int>> ReadGivenUpAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        if (await state.ReadAllAsync(paths.GivenUp, MaxJson, cancellationToken) is not { } json) return [];
        try
        {
            if (JsonSerializer.Deserialize(json, WorkflowJson.Default.IReadOnlyListInt32) is { } tasks) return [.. tasks];
        }
        catch (JsonException) { }
        // Not as good as gone: the combined part may leave those tasks out.
        throw RunStateException.Corrupt($"'{paths.GivenUp}', which tells the tasks that run '{paths.RunId}' gave up, can't be read");
    }
}

/// <param name="Receipt">That of the last attempt when it failed; null when it did not run, or when it has failed and another attempt has succeeded since it was given up.</param>
sealed record FinishedTask(TaskSlice Slice, bool Failed, TaskReceipt? Receipt);
