using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Concatenates parts into one object, streaming: memory depends on a row group of output, not on the number of parts.</summary>
static class CombineRunner
{
    public static async Task<TaskReceipt> RunAsync(WorkerTask task, CombineWork work, IObjectStore state, ScratchSpace scratch, Action<long> progress, CancellationToken cancellationToken)
    {
        var schema = new Schema(work.Columns.Select(column => column.ToField()));
        var traffic = new Traffic();
        var buffers = new Buffers(WorkerMemory.Account(task.Memory));
        using var spool = new Spool(HashKind.Sha256, scratch);
        using var writer = ResultWriter.Create(task, work, spool, buffers.Account);
        long rows = 0;
        foreach (var part in work.Parts)
        {
            await PartReader.ReadAsync(part, state, schema, traffic, buffers, writer.Append, cancellationToken);
            progress(rows += part.Rows);
        }
        writer.Complete();
        var (combined, adopted) = await PartWriter.PutAsync(state, task.Output, spool, writer.Rows, work.Format, cancellationToken);
        return new TaskReceipt
        {
            TaskId = task.TaskId,
            Outcome = TaskOutcome.Done,
            Part = combined,
            NondeterministicPart = adopted,
            RowsDecoded = writer.Rows,
            RowsSelected = writer.Rows,
            BytesRead = traffic.Bytes,
            Requests = traffic.Requests,
            ScratchBytes = scratch.Peak,
        };
    }
}
