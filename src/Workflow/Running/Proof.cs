using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>The completeness proof, from the plan and the receipts.</summary>
static class Proof
{
    /// <summary>Why the receipts do not prove that every row was seen once; null when they do.</summary>
    public static string? Fault(PlanHeader header, IReadOnlyList<FinishedTask> tasks)
    {
        foreach (var task in tasks.Where(task => !task.Failed))
        {
            var partition = task.Slice.Description;
            if (task.Receipt is not { } receipt) return $"{partition} has no receipt";
            if (receipt.InputsHash != task.Slice.InputsHash) return $"the receipt of {partition} names other row groups than the plan";
            if (receipt.RowsDecoded + receipt.RowsPruned != task.Slice.RowsToDecode)
                return $"{partition} decoded {receipt.RowsDecoded} rows and pruned {receipt.RowsPruned}, the footers count {task.Slice.RowsToDecode}";
            if (task.Slice.Rows is { } rows && receipt.RowsInPartition != rows) return $"{partition} had {rows} rows when it was discovered and {receipt.RowsInPartition} when it was reduced";
        }
        if (!header.Discovered || tasks.Any(task => task.Failed)) return null;
        var sum = tasks.Sum(task => task.Receipt!.RowsInPartition);
        return sum == header.RowsAfterWhere ? null : $"the partitions have {sum} rows together, the row groups {header.RowsAfterWhere}";
    }

    public static CompletenessProof Of(PlanHeader header, IReadOnlyList<FinishedTask> tasks)
    {
        var receipts = tasks.Where(task => !task.Failed).Select(task => task.Receipt!).ToList();
        var scope = tasks.Any(task => task.Failed) ? "partial by tolerated failures" : header.Discovered ? "complete" : "partial by request";
        return new CompletenessProof(scope, receipts.Count, receipts.Sum(receipt => receipt.RowsDecoded), receipts.Sum(receipt => receipt.RowsInPartition),
            header.RowsAfterWhere, receipts.Sum(receipt => receipt.Part?.Rows ?? 0));
    }
}
