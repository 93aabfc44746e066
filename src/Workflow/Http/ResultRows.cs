using System.Runtime.CompilerServices;
using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Http;

/// <summary>The rows of a committed result, in their order, whatever it is stored as. Memory depends on a batch, not on the result.</summary>
/// <param name="state">Has the files that the manifest names.</param>
/// <param name="account">Charged for what is read.</param>
sealed class ResultRows(IObjectStore state, Manifest manifest, MemoryAccount account)
{
    const int BatchRows = 4096;

    readonly Buffers _buffers = new(account);

    public Schema Schema { get; } = new(manifest.Columns.Select(column => column.ToField()));

    /// <summary>Each batch is valid until the next is asked for.</summary>
    /// <exception cref="StorageException">A file is not the one that was committed any more.</exception>
    /// <exception cref="ParquetDataException">A file is damaged.</exception>
    /// <exception cref="CsvDataException">A file is damaged.</exception>
    /// <exception cref="MemoryExceededException">A row is wider than the account allows.</exception>
    public IAsyncEnumerable<RowBatch> ReadAsync(CancellationToken cancellationToken)
    {
        var result = manifest.Result;
        return result.Format switch
        {
            ResultFormat.Hive => ReadFolderAsync(result, cancellationToken),
            ResultFormat.Csv => ReadCsvAsync(new ObjectProperties(result.Path, result.Bytes, result.ETag!), cancellationToken),
            _ => ReadParquetAsync(new ObjectProperties(result.Path, result.Bytes, result.ETag!), null, cancellationToken),
        };
    }

    async IAsyncEnumerable<RowBatch> ReadFolderAsync(ManifestResult result, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var file in result.Files ?? [])
        {
            await foreach (var batch in ReadParquetAsync(new ObjectProperties(ObjectPath.Combine(result.Path, file.Path), file.Bytes, file.ETag), file, cancellationToken)) yield return batch;
        }
    }

    /// <param name="partition">Where the file is one of a folder, and so leaves the partition column out unless its folder's name can't hold the value.</param>
    async IAsyncEnumerable<RowBatch> ReadParquetAsync(ObjectProperties version, ManifestFile? partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(version, cancellationToken);
        var source = new ObjectSource(reader, new Traffic());
        var footer = await FooterReader.ReadAsync(source, account, cancellationToken);
        var footerBytes = (source.Length - footer.DataEnd) * FooterReader.MemoryPerByte;
        account.Charge(footerBytes);
        var isWhole = partition is null || footer.FindFlat(Schema[0].Name) is not null;
        var value = Column.Create(Schema[0].Type, account);
        await using var rows = new ColumnBatchReader(source, footer, isWhole ? Schema : new Schema(Schema.Fields.Skip(1)), _buffers);
        await foreach (var batch in rows.ReadAsync(BatchRows, cancellationToken))
        {
            if (isWhole) yield return batch;
            else
            {
                value.Clear();
                value.AppendRepeated(ValueOf(partition!), batch.Rows);
                yield return new RowBatch(batch.Rows, [value, .. batch.Columns]);
            }
        }
        value.Release();
        account.Release(footerBytes);
    }

    Scalar ValueOf(ManifestFile file) => file.Partition is null
        ? Scalar.Null(Schema[0].Type)
        : ValueText.Parse(Schema[0].Type, file.Partition) ?? throw new ParquetDataException(ParquetDefect.Corrupt, $"its partition '{file.Partition}' is not {Schema[0].Type}").At(file.Path);

    async IAsyncEnumerable<RowBatch> ReadCsvAsync(ObjectProperties version, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(version, cancellationToken);
        await using var content = new ObjectStream(reader);
        using var rows = new CsvFileReader(Schema, content, account);
        await foreach (var batch in rows.ReadAsync(BatchRows, cancellationToken)) yield return batch;
    }
}
