using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>The completeness proof, from the plan and the receipts.</summary>
static class Proof
{
    /// <summary>Why the receipts do not prove that every row was seen once; null when they do.</summary>
    public static string? Fault(PlanHeader header, IReadOnlyList<FinishedTask> tasks, RunPaths paths, int failedTasks)
    {
        // Fewer have failed when another delivery of a task succeeded later: its receipt proves itself.
        if (tasks.Count(task => task.Failed) is var failed && failed > failedTasks) return $"{failed} tasks have a record of their failure, and {failedTasks} failed";
        foreach (var task in tasks.Where(task => !task.Failed))
        {
            if (task.Receipt is not { } receipt) return $"{task.Slice.Description} has no receipt";
            if (Fault(header, task.Slice, receipt, paths) is { } fault) return fault;
        }
        if (tasks.Any(task => task.Failed)) return null;
        var sum = tasks.Sum(task => task.Receipt!.RowsInPartition);
        // No row is of two partitions; that each is of one is claimed only where the partitions were found in the data.
        return sum == header.RowsAfterWhere || sum < header.RowsAfterWhere && !header.Discovered ? null : $"the partitions have {sum} rows together, the row groups {header.RowsAfterWhere}";
    }

    /// <summary>Why a receipt does not prove that its task saw all its rows and wrote its part; null when it does.</summary>
    public static string? Fault(PlanHeader header, TaskSlice slice, TaskReceipt receipt, RunPaths paths)
    {
        var partition = slice.Description;
        if (receipt.TaskId != slice.TaskId) return $"the receipt of {partition} is that of task '{receipt.TaskId}'";
        if (receipt.Version > WorkerTask.CurrentVersion) return $"the receipt of {partition} is of version {receipt.Version}, and this build knows {WorkerTask.CurrentVersion}";
        if (receipt.Outcome != TaskOutcome.Done) return $"the receipt of {partition} is that of a task that failed";
        if (receipt.Part is { } part && part.Path != header.PartOf(paths, receipt.TaskId)) return $"the receipt of {partition} names the part '{part.Path}', which is another task's";
        // Nothing comes of nothing, and of selected rows at least one group or row; but a plug-in may find that none is worth a row.
        if (receipt.RowsSelected > 0 != receipt.Part is { Rows: > 0 } && (receipt.RowsSelected == 0 || header.Plugin is null)) return $"{partition} had {receipt.RowsSelected} rows to reduce, and its part has {receipt.Part?.Rows ?? 0}";
        if (receipt.InputsHash != slice.InputsHash) return $"the receipt of {partition} names other row groups than the plan";
        if (receipt.RowsDecoded + receipt.RowsPruned != slice.RowsToDecode) return $"{partition} decoded {receipt.RowsDecoded} rows and pruned {receipt.RowsPruned}, the footers count {slice.RowsToDecode}";
        return slice.Rows is { } rows && receipt.RowsInPartition != rows ? $"{partition} had {rows} rows when it was discovered and {receipt.RowsInPartition} when it was reduced" : null;
    }

    /// <summary>The same of a piece of a split task.</summary>
    public static string? Fault(PlanHeader header, TaskSlice slice, TaskPiece piece, TaskReceipt receipt, RunPaths paths)
    {
        var (id, rowGroups) = (piece.IdIn(slice), piece.RowGroups(slice));
        if (receipt.TaskId != id || receipt.Outcome != TaskOutcome.Done) return $"the receipt of the piece '{id}' is that of '{receipt.TaskId}', which ended as {receipt.Outcome}";
        if (receipt.Version > WorkerTask.CurrentVersion) return $"the receipt of the piece '{id}' is of version {receipt.Version}, and this build knows {WorkerTask.CurrentVersion}";
        if (receipt.Part is { } part && part.Path != paths.Part(id)) return $"the receipt of the piece '{id}' names the part '{part.Path}', which is another's";
        if (receipt.InputsHash != RunPlanner.InputsHash(header.Files, rowGroups)) return $"the receipt of the piece '{id}' names other row groups than the plan";
        return rowGroups.Sum(run => RunPlanner.Groups(header.Files, run).Sum(group => group.Rows)) is var rows && receipt.RowsDecoded + receipt.RowsPruned != rows
            ? $"the piece '{id}' decoded {receipt.RowsDecoded} rows and pruned {receipt.RowsPruned}, the footers count {rows}" : null;
    }

    /// <summary>Why pieces that each prove their rows do not prove that every row of their task was seen once; null when they do. Together they are the task by the rule that split it.</summary>
    public static string? Fault(TaskSlice slice, IReadOnlyList<FinishedPiece> pieces)
    {
        // Buckets divide the groups, not the rows that are looked at.
        foreach (var buckets in pieces.GroupBy(piece => piece.Piece.From))
        {
            if (buckets.Select(bucket => (bucket.Receipt.RowsDecoded, bucket.Receipt.RowsInPartition, bucket.Receipt.RowsSelected)).Distinct().Skip(1).Any())
                return $"the pieces of row group {buckets.Key} of {slice.Description} did not see the same rows";
        }
        return null;
    }

    /// <summary>Why the result is not what the tasks' parts make together; null when it is.</summary>
    public static string? Fault(CompletenessProof proof, TaskReceipt? combined, RunPaths paths)
    {
        if (combined?.Part is not { } result) return "the result has no receipt";
        if (result.Path != paths.CombinedPart) return $"the receipt of the result is that of task '{combined.TaskId}'";
        if (proof.RowsMerged is { } merged) return proof.RowsSelected == merged ? null : $"the tasks selected {proof.RowsSelected} rows together, and the states that were merged stand for {merged}";
        return proof.RowsOfParts == result.Rows ? null : $"the parts have {proof.RowsOfParts} rows together, the result {result.Rows}";
    }

    /// <summary>Why the files of a result do not make it up; null when they do.</summary>
    public static string? Fault(IReadOnlyList<PackedFile> files, PartReference result) =>
        files.Sum(file => file.Rows) is var rows && rows == result.Rows ? null : $"the files have {rows} rows together, the result {result.Rows}";

    /// <param name="combined">The receipt of combining; null before.</param>
    public static CompletenessProof Of(PlanHeader header, IReadOnlyList<FinishedTask> tasks, TaskReceipt? combined)
    {
        var receipts = tasks.Where(task => !task.Failed).Select(task => task.Receipt!).ToList();
        var rowsInPartitions = receipts.Sum(receipt => receipt.RowsInPartition);
        var covers = header.Discovered || (header.Shared?.Ends is not null || tasks.Count > 0 && tasks[0].Slice.End is not null) && rowsInPartitions == header.RowsAfterWhere;
        var scope = tasks.Any(task => task.Failed) ? "partial by tolerated failures" : covers ? "complete" : "partial by request";
        return new CompletenessProof(scope, receipts.Count, receipts.Sum(receipt => receipt.RowsDecoded), rowsInPartitions,
            header.RowsAfterWhere, receipts.Sum(receipt => receipt.Part?.Rows ?? 0))
        {
            RowsSelected = header.Shared is null ? null : receipts.Sum(receipt => receipt.RowsSelected),
            RowsMerged = header.Shared is null ? null : combined?.RowsSelected ?? 0,
        };
    }
}
