using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Reads columns of a file side by side, all rows, in order.</summary>
public sealed class ColumnBatchReader : IAsyncDisposable
{
    readonly FileMetadata _file;
    readonly ParquetColumn[] _columns;
    readonly ColumnChunkReader[] _readers;
    readonly ReaderPlace[] _places;
    readonly ReadAhead _ahead;
    readonly BatchRows _batchRows;

    /// <param name="schema">The columns to read; each is in the file with this type.</param>
    /// <exception cref="ParquetDataException">A column is missing or has another type.</exception>
    public ColumnBatchReader(IByteSource source, FileMetadata file, Schema schema, Buffers buffers)
    {
        _file = file;
        _columns = [.. schema.Fields.Select(field => file.FindFlat(field.Name) is { } column && column.Type == field.Type
            ? column
            : throw new ParquetDataException(ParquetDefect.Corrupt, $"the column is missing or is not {field.Type}").At(source.Name, column: field.Name))];
        _ahead = new ReadAhead(source, buffers);
        _batchRows = new BatchRows(buffers.Account);
        _readers = [.. _columns.Select(column => new ColumnChunkReader(source, _ahead, column, file.DataEnd, buffers))];
        _places = new ReaderPlace[_readers.Length];
    }

    /// <summary>Batches of at most <paramref name="batchRows"/> rows, fewer where memory is short; each is valid until the next is asked for.</summary>
    public async IAsyncEnumerable<RowBatch> ReadAsync(int batchRows, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var columns = new Column[_readers.Length];
        foreach (var group in _file.RowGroups)
        {
            var read = _ahead.Start(_columns.Select(column => group.Chunks[column.Ordinal].Pages), cancellationToken);
            for (var i = 0; i < _readers.Length; i++) _readers[i].Open(group.Ordinal, group.Chunks[_columns[i].Ordinal]);
            _batchRows.Plan(_columns.Sum(column => BatchRows.BytesOf(group.Chunks[column.Ordinal], column.Type!.Value)), batchRows);
            for (var left = group.Rows; left > 0;)
            {
                var rows = await FillAsync(columns, left, cancellationToken);
                yield return new RowBatch(rows, columns);
                left -= rows;
            }
            await _ahead.ReleaseAsync(read);
        }
    }

    /// <summary>Reads the next rows of all columns; where they have no room, the readers go back and fewer are read.</summary>
    async ValueTask<int> FillAsync(Column[] columns, long left, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _readers.Length; i++) _places[i] = _readers[i].Place;
        while (true)
        {
            var rows = (int)Math.Min(left, _batchRows.Count);
            try
            {
                for (var i = 0; i < _readers.Length; i++) columns[i] = await _readers[i].ReadAsync(RowSelection.All(rows), cancellationToken);
                _batchRows.Passed();
                return rows;
            }
            catch (Exception exception) when (_batchRows.Shrinks(exception))
            {
                for (var i = 0; i < _readers.Length; i++) _readers[i].ReturnTo(_places[i]);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var reader in _readers) reader.Dispose();
        return _ahead.DisposeAsync();
    }
}
