using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Engine.Spill;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Merges the parts of a task's pieces into the part that the whole task would have written.</summary>
static class MergeRunner
{
    public static async Task<TaskReceipt> RunAsync(WorkerTask task, MergeWork merge, IObjectStore state, ScratchSpace scratch, Action<long> progress, CancellationToken cancellationToken)
    {
        var work = merge.Work;
        var buffers = new Buffers(WorkerMemory.Account(task.Memory));
        var reduction = new TaskReducer(work, new TaskRows(work), ReducerSet.None, new SpillSpace(scratch, buffers.Account));
        using var spool = new Spool(HashKind.Xxh3, scratch);
        using var part = new ParquetTable(reduction.PartSchema, spool, task.Metadata, RowGroupLimits.Part, buffers.Account);
        reduction.Reducer.Ready = batch => part.Append(batch.Columns, 0, batch.Rows);
        var traffic = new Traffic();
        long rows = 0;
        foreach (var piece in merge.Parts)
        {
            await PartReader.ReadAsync(piece, state, reduction.PieceSchema, traffic, buffers, reduction.Append, cancellationToken);
            progress(rows += piece.Rows);
        }
        foreach (var columns in reduction.Finish()) part.Append(columns, 0, columns[0].Length);
        part.Complete();
        var (written, adopted) = part.Rows == 0 ? (null, false) : await PartWriter.PutAsync(state, task.Output, spool, part.Rows, cancellationToken);
        return new TaskReceipt
        {
            TaskId = task.TaskId,
            Outcome = TaskOutcome.Done,
            Part = written,
            NondeterministicPart = adopted,
            BytesRead = traffic.Bytes,
            Requests = traffic.Requests,
            ScratchBytes = scratch.Peak,
        };
    }
}
