using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Reads parts that receipts name.</summary>
static class PartReader
{
    const int BatchRows = 8192;

    /// <summary>Passes all rows of a part to <paramref name="take"/>, in order; each batch is valid during the call.</summary>
    /// <exception cref="StorageException">The part does not have the bytes that its receipt names.</exception>
    public static async Task ReadAsync(PartReference part, IObjectStore state, Schema schema, Traffic traffic, Buffers buffers, Action<RowBatch> take, CancellationToken cancellationToken)
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
        await foreach (var batch in rows.ReadAsync(BatchRows, cancellationToken)) take(batch);
        buffers.Account.Release(footerBytes);
    }
}
