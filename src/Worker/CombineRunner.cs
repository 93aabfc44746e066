using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>
/// Makes parts one object. Rows are concatenated, streaming: memory depends on a row group of output, not on the number of parts. States of a shared scan are
/// merged first, spilling what does not fit.
/// </summary>
static class CombineRunner
{
    public static async Task<TaskReceipt> RunAsync(WorkerTask task, CombineWork work, IObjectStore state, ScratchSpace scratch, Action<long> progress, CancellationToken cancellationToken)
    {
        var traffic = new Traffic();
        var buffers = new Buffers(WorkerMemory.Account(task.Memory));
        using var spool = new Spool(HashKind.Sha256, scratch);
        using var writer = ResultWriter.Create(task, work, spool, buffers.Account);
        var receipt = new TaskReceipt { TaskId = task.TaskId, Outcome = TaskOutcome.Done };
        if (work.States is { } states) receipt = await MergeAsync(receipt, task, work, states, writer, state, traffic, buffers, scratch, progress, cancellationToken);
        else await ReadAsync(work, new Schema(work.Columns.Select(column => column.ToField())), state, traffic, buffers, writer.Append, progress, cancellationToken);
        writer.Complete();
        var (combined, adopted) = await PartWriter.PutAsync(state, task.Output, spool, writer.Rows, work.Format, cancellationToken);
        return receipt with
        {
            Part = combined,
            NondeterministicPart = adopted,
            RowsDecoded = writer.Rows,
            RowsSelected = work.States is null ? writer.Rows : receipt.RowsSelected,
            BytesRead = traffic.Bytes,
            Requests = traffic.Requests,
            ScratchBytes = scratch.Peak,
        };
    }

    static async Task ReadAsync(CombineWork work, Schema schema, IObjectStore state, Traffic traffic, Buffers buffers, Action<RowBatch> take, Action<long> progress, CancellationToken cancellationToken)
    {
        long rows = 0;
        foreach (var part in work.Parts)
        {
            await PartReader.ReadAsync(part, state, schema, traffic, buffers, take, cancellationToken);
            progress(rows += part.Rows);
        }
    }

    /// <summary>Merges states and writes the groups' results, and beside them the list of partitions; the receipt tells of that list and the rows that were merged.</summary>
    static async Task<TaskReceipt> MergeAsync(
        TaskReceipt receipt, WorkerTask task, CombineWork work, CombinedStates states, ResultWriter writer, IObjectStore state, Traffic traffic, Buffers buffers, ScratchSpace scratch,
        Action<long> progress, CancellationToken cancellationToken)
    {
        var reduction = states.Work.Reduction;
        var groups = TaskReducer.ByPartition(reduction, new TaskRows(states.Work), new SpillSpace(scratch, buffers.Account), reduction.Sort);
        await ReadAsync(work, groups.StateSchema, state, traffic, buffers, groups.Merge, progress, cancellationToken);
        // The writer grows beside the groups, which can't be spilled once they come out.
        if (buffers.Account.Held > buffers.Account.Limit / 2) groups.Spill();
        using var spool = new Spool(HashKind.Xxh3, scratch);
        using var partitions = new PartitionTable(work.Columns[0].Type, spool, task.Metadata, buffers.Account);
        var output = new PartitionedOutput(new Schema(work.Columns.Select(column => column.ToField())), reduction.Limit ?? long.MaxValue, writer, partitions, buffers.Account);
        foreach (var columns in groups.Finish()) output.Append(columns);
        output.Release();
        partitions.Complete();
        if (partitions.Rows == 0) return receipt;
        var (table, _) = await PartWriter.PutAsync(state, states.PartitionsOutput, spool, partitions.Rows, cancellationToken);
        return receipt with { Partitions = table, RowsSelected = partitions.RowsSelected };
    }
}
