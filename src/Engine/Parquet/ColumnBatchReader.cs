using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Reads columns of a file side by side, all rows, in order.</summary>
public sealed class ColumnBatchReader : IDisposable
{
    readonly FileMetadata _file;
    readonly ParquetColumn[] _columns;
    readonly ColumnChunkReader[] _readers;

    /// <param name="schema">The columns to read; each is in the file with this type.</param>
    /// <exception cref="ParquetDataException">A column is missing or has another type.</exception>
    public ColumnBatchReader(IByteSource source, FileMetadata file, Schema schema)
    {
        _file = file;
        _columns = [.. schema.Fields.Select(field => file.FindFlat(field.Name) is { } column && column.Type == field.Type
            ? column
            : throw new ParquetDataException(ParquetDefect.Corrupt, $"the column is missing or is not {field.Type}").At(source.Name, column: field.Name))];
        _readers = [.. _columns.Select(column => new ColumnChunkReader(source, column, file.DataEnd))];
    }

    /// <summary>Batches of at most <paramref name="batchRows"/> rows; each is valid until the next is asked for.</summary>
    public async IAsyncEnumerable<RowBatch> ReadAsync(int batchRows, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var columns = new Column[_readers.Length];
        foreach (var group in _file.RowGroups)
        {
            for (var i = 0; i < _readers.Length; i++) _readers[i].Open(group.Ordinal, group.Chunks[_columns[i].Ordinal]);
            for (var left = group.Rows; left > 0; left -= batchRows)
            {
                var rows = (int)Math.Min(left, batchRows);
                for (var i = 0; i < _readers.Length; i++) columns[i] = await _readers[i].ReadAsync(rows, cancellationToken);
                yield return new RowBatch(rows, columns);
            }
        }
    }

    public void Dispose()
    {
        foreach (var reader in _readers) reader.Dispose();
    }
}
