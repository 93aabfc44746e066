using System.Text.Json;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

public sealed partial class RunActivities
{
    /// <summary>The receipt of a slice that another run has done, made this run's own; null where none has.</summary>
    async Task<TaskReceipt?> ReadCachedAsync(RunPaths paths, PlanHeader header, TaskSlice slice, CancellationToken cancellationToken)
    {
        if (header.Cache is not { } cache || await ReadReceiptAsync(CachePaths.Receipt(cache, slice.TaskId), paths, cancellationToken) is not { } receipt) return null;
        if (Proof.Fault(header, slice, receipt, paths) is not null) return null;
        receipt = receipt with { Driver = TaskReceipt.CacheDriver, StartedAt = null };
        await PutOnceAsync(paths.Receipt(slice.TaskId), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), cancellationToken);
        return receipt;
    }

    /// <summary>Keeps the receipt of a slice for other runs, before it counts in this one.</summary>
    async Task CacheAsync(PlanHeader header, TaskReceipt receipt, CancellationToken cancellationToken)
    {
        if (header.Cache is { } cache) await PutJsonAsync(CachePaths.Receipt(cache, receipt.TaskId), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), cancellationToken);
    }
}
