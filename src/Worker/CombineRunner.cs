using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Concatenates parts into one object, streaming: memory depends on a row group of output, not on the number of parts.</summary>
static class CombineRunner
{
    const int BatchRows = 8192;

    public static async Task<TaskReceipt> RunAsync(WorkerTask task, CombineWork work, IObjectStore state, Action<long> progress, CancellationToken cancellationToken)
    {
        var schema = new Schema(work.Columns.Select(column => column.ToField()));
        var traffic = new Traffic();
        var buffers = new Buffers(new MemoryAccount(task.Memory));
        using var spool = new Spool(HashKind.Sha256);
        using var writer = ResultWriter.Create(task, work, spool, buffers.Account);
        long rows = 0;
        foreach (var part in work.Parts)
        {
            await AppendAsync(part, state, schema, writer, traffic, buffers, cancellationToken);
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
        };
    }

    static async Task AppendAsync(PartReference part, IObjectStore state, Schema schema, ResultWriter writer, Traffic traffic, Buffers buffers, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(part.Properties, cancellationToken);
        if (await PartWriter.HashAsync(reader, HashKind.Xxh3, cancellationToken) != part.Hash)
            throw new StorageException(StorageFailure.Changed, part.Path, $"the part '{part.Path}' does not have the bytes that its receipt names; redrive the run");
        var source = new ObjectSource(reader, traffic);
        var footer = await FooterReader.ReadAsync(source, buffers.Account, cancellationToken);
        var footerBytes = (source.Length - footer.DataEnd) * FooterReader.MemoryPerByte;
        buffers.Account.Charge(footerBytes);
        if (footer.Rows != part.Rows) throw new ParquetDataException(ParquetDefect.Corrupt, $"the part has {footer.Rows} rows, its receipt says {part.Rows}").At(part.Path);
        await using var rows = new ColumnBatchReader(source, footer, schema, buffers);
        await foreach (var batch in rows.ReadAsync(BatchRows, cancellationToken)) writer.Append(batch);
        buffers.Account.Release(footerBytes);
    }
}
