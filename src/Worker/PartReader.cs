using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Reads parts that receipts name.</summary>
static class PartReader
{
    const int MaxBatchRows = 8192;

    /// <summary>Of values that are not coded.</summary>
    const long BatchBytes = 4 << 20;

    /// <summary>Passes all rows of a part to <paramref name="take"/>, in order; each batch is valid during the call.</summary>
    /// <exception cref="StorageException">The part does not have the bytes that its receipt names.</exception>
    public static async Task ReadAsync(PartReference part, IObjectStore state, Schema schema, Traffic traffic, Buffers buffers, Action<RowBatch> take, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(part.Properties, cancellationToken);
        if (await PartWriter.HashAsync(reader, HashKind.Xxh3, cancellationToken) != part.Hash)
            throw new StorageException(StorageFailure.Changed, part.Path, $"the part '{part.Path}' does not have the bytes that its receipt names; redrive the run");
        var source = new ObjectSource(reader, traffic);
        var footer = await FooterReader.ReadAsync(source, cancellationToken);
        if (footer.Rows != part.Rows) throw new ParquetDataException(ParquetDefect.Corrupt, $"the part has {footer.Rows} rows, its receipt says {part.Rows}").At(part.Path);
        await using var rows = new ColumnBatchReader(source, footer, schema, buffers);
        await foreach (var batch in rows.ReadAsync(BatchRows(footer, buffers.Account), cancellationToken)) take(batch);
    }

    /// <summary>Few where rows are wide, so that a batch takes a small share of the memory.</summary>
    static int BatchRows(FileMetadata part, MemoryAccount account)
    {
        var widest = part.RowGroups.Select(group => group.Chunks.Sum(chunk => chunk.UncompressedSize) / Math.Max(1, group.Rows)).DefaultIfEmpty(0).Max();
        return (int)Math.Clamp(Math.Min(BatchBytes, account.Limit / 16) / Math.Max(1, widest), 1, MaxBatchRows);
    }
}
