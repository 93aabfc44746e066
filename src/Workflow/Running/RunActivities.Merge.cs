using System.Diagnostics;
using System.Text.Json;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

public sealed partial class RunActivities
{
    public Task<TaskResult> MergePiecesAsync(MergeRequest request, CancellationToken cancellationToken) =>
        Telemetry.TraceAsync("merge", request, span => MergeAsync(request, span, cancellationToken), static result => result.Outcome);

    async Task<TaskResult> MergeAsync(MergeRequest request, Activity? span, CancellationToken cancellationToken)
    {
        var paths = request.Paths;
        var (plan, slice) = await LoadSliceAsync(paths, request.Index, cancellationToken);
        Telemetry.Describe(span, slice, slice.TaskId, request.Attempt);
        if (await ReadReceiptAsync(paths.Receipt(slice.TaskId), paths, cancellationToken) is { } earlier && Proof.Fault(plan.Header, slice, earlier, paths) is null) return Result(earlier);
        var pieces = TaskPiece.Whole(slice).Split(plan.Header.Reduction, slice.IsShared);
        var finished = new List<FinishedPiece>();
        if (!await FindFinishedAsync(pieces, plan, slice, finished, cancellationToken)) return await LostAsync();
        if (Proof.Fault(slice, finished) is { } fault)
        {
            // Which of them is wrong can't be told.
            foreach (var (piece, _) in finished) await ForgetAsync(paths, plan.Spec, plan.Header, piece.IdIn(slice), cancellationToken);
            return await FailAsync(plan, slice, TaskRunner.Failed(slice.TaskId, TaskOutcome.Bug, TaskFailure.Of("proof-failed", fault)), [], alone: false, cancellationToken);
        }
        var parts = finished.Select(piece => piece.Receipt.Part).OfType<PartReference>().ToList();
        var merged = parts.Count == 0
            ? new TaskReceipt { TaskId = slice.TaskId, Outcome = TaskOutcome.Done }
            : await Isolate(paths, plan.Spec, request.Deadline).RunAsync(ComposeWhole(plan, slice) with { Merge = new MergeWork(Work(plan.Header, slice), parts) }, plan.Spec.Limits.Timeout, static _ => { }, cancellationToken);
        if (merged.Outcome == TaskOutcome.InputChanged && await ForgetLostAsync(paths, plan.Spec, plan.Header, [.. finished.Select(piece => piece.Receipt)], cancellationToken) is { Count: > 0 }) return await LostAsync();
        if (merged.Outcome != TaskOutcome.Done) return await FailAsync(plan, slice, merged, [], alone: false, cancellationToken);
        var receipt = FinishedPiece.Sum(slice, finished, merged) with { Driver = driver, Attempt = request.Attempt };
        await CacheAsync(plan.Header, receipt, cancellationToken);
        await PutOnceAsync(paths.Receipt(slice.TaskId), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), cancellationToken);
        await state.DeleteAsync(paths.Failure(slice.TaskId), cancellationToken);
        return Result(receipt);

        async Task<TaskResult> LostAsync() => await FailAsync(plan, slice, TaskRunner.Failed(slice.TaskId, TaskOutcome.InputChanged, TaskFailure.Of("part-lost",
            $"the store lost receipts or parts of the task's pieces; does something else delete or write below '{paths.Parts}'?")), [], alone: false, cancellationToken) with { Pieces = pieces };
    }

    /// <summary>Collects in plan order the pieces that have a receipt, in place of those without one their own pieces. False when some have neither.</summary>
    async Task<bool> FindFinishedAsync(IReadOnlyList<TaskPiece> pieces, LoadedPlan plan, TaskSlice slice, List<FinishedPiece> finished, CancellationToken cancellationToken)
    {
        var paths = plan.Paths;
        foreach (var piece in pieces)
        {
            if (await ReadReceiptAsync(paths.Receipt(piece.IdIn(slice)), paths, cancellationToken) is { } receipt && Proof.Fault(plan.Header, slice, piece, receipt, paths) is null) finished.Add(new FinishedPiece(piece, receipt));
            else if (piece.Split(plan.Header.Reduction, slice.IsShared) is not { Count: > 0 } smaller || !await FindFinishedAsync(smaller, plan, slice, finished, cancellationToken)) return false;
        }
        return true;
    }
}

/// <summary>A piece of a split task that was not split further.</summary>
sealed record FinishedPiece(TaskPiece Piece, TaskReceipt Receipt)
{
    /// <summary>The receipt that the task would have if it had run whole, with the traffic of all pieces and the largest of their peaks.</summary>
    /// <param name="merged">That of the worker that merged them.</param>
    public static TaskReceipt Sum(TaskSlice slice, IReadOnlyList<FinishedPiece> pieces, TaskReceipt merged)
    {
        var all = pieces.Select(piece => piece.Receipt).Append(merged).ToList();
        // The buckets of a range of row groups have each scanned all its rows.
        var scanned = pieces.DistinctBy(piece => piece.Piece.From).Select(piece => piece.Receipt).ToList();
        return merged with
        {
            InputsHash = slice.InputsHash,
            RowGroups = scanned.Sum(receipt => receipt.RowGroups),
            RowsDecoded = scanned.Sum(receipt => receipt.RowsDecoded),
            RowsPruned = scanned.Sum(receipt => receipt.RowsPruned),
            Pruned = PrunedWork.Sum(scanned.Select(receipt => receipt.Pruned)),
            RowsInPartition = scanned.Sum(receipt => receipt.RowsInPartition),
            RowsSelected = scanned.Sum(receipt => receipt.RowsSelected),
            BytesRead = all.Sum(receipt => receipt.BytesRead),
            Requests = all.Sum(receipt => receipt.Requests),
            PeakMemory = all.Max(receipt => receipt.PeakMemory),
            ScratchBytes = all.Max(receipt => receipt.ScratchBytes),
            ElapsedMs = all.Sum(receipt => receipt.ElapsedMs),
            NondeterministicPart = all.Any(receipt => receipt.NondeterministicPart),
            Pieces = pieces.Count,
            StartedAt = pieces.Min(piece => piece.Receipt.StartedAt),
        };
    }
}
