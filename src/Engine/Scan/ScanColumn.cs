using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Scan;

/// <summary>One column of a scan, row group after row group, in the type of the scan's schema. What it returns is valid until the next call.</summary>
abstract class ScanColumn : IDisposable
{
    public static ScanColumn Create(FileColumn column, IByteSource source, ReadAhead ahead, long dataEnd, Buffers buffers) => column switch
    {
        { Stored: null } => new ConstantColumn(column, buffers),
        { IsWidened: true } => new WidenedColumn(column, source.Name, new ColumnChunkReader(source, ahead, column.Stored!, dataEnd, buffers), buffers),
        _ => new StoredColumn(new ColumnChunkReader(source, ahead, column.Stored!, dataEnd, buffers)),
    };

    /// <summary>Rows that were decoded out of pages; 0 for a constant.</summary>
    public abstract long RowsRead { get; }

    public abstract void Open(int rowGroup, ColumnChunk chunk, OffsetIndex? pages);

    public abstract void Skip(long rows);

    /// <summary>The dictionary of the chunk just opened; null when it has none.</summary>
    public abstract ValueTask<Column?> ReadDictionaryAsync(CancellationToken cancellationToken);

    /// <summary>The next rows, or those of them that are wanted.</summary>
    public abstract ValueTask<Column> ReadAsync(RowSelection selection, CancellationToken cancellationToken);

    /// <summary>Where the column stands in its chunk.</summary>
    public abstract ReaderPlace Place { get; }

    /// <summary>Goes back to a place of the same chunk and gives the memory of the last batch back.</summary>
    public abstract void ReturnTo(in ReaderPlace place);

    public abstract void Dispose();
}

sealed class StoredColumn(ColumnChunkReader reader) : ScanColumn
{
    public override long RowsRead => reader.RowsRead;

    public override void Open(int rowGroup, ColumnChunk chunk, OffsetIndex? pages) => reader.Open(rowGroup, chunk, pages);

    public override void Skip(long rows) => reader.Skip(rows);

    public override ValueTask<Column?> ReadDictionaryAsync(CancellationToken cancellationToken) => reader.ReadDictionaryAsync(cancellationToken);

    public override ValueTask<Column> ReadAsync(RowSelection selection, CancellationToken cancellationToken) => reader.ReadAsync(selection, cancellationToken);

    public override ReaderPlace Place => reader.Place;

    public override void ReturnTo(in ReaderPlace place) => reader.ReturnTo(place);

    public override void Dispose() => reader.Dispose();
}

/// <summary>Every row is the same value: codes into a dictionary that has nothing else.</summary>
sealed class ConstantColumn : ScanColumn
{
    readonly Buffers _buffers;
    readonly DictionaryColumn _rows;
    readonly Column _dictionary;
    readonly bool _isNull;
    readonly ChargedArrays _arrays;
    ulong[] _noValues = [];

    public ConstantColumn(FileColumn column, Buffers buffers)
    {
        _buffers = buffers;
        _rows = buffers.RentCodes(column.Type);
        _isNull = column.Constant.IsNull;
        _arrays = new ChargedArrays(buffers.Account);
        _dictionary = Column.Create(column.Type, buffers.Account);
        if (!_isNull) _dictionary.Append(column.Constant);
    }

    public override long RowsRead => 0;

    public override void Open(int rowGroup, ColumnChunk chunk, OffsetIndex? pages) { }

    public override void Skip(long rows) { }

    public override ValueTask<Column?> ReadDictionaryAsync(CancellationToken cancellationToken) => ValueTask.FromResult<Column?>(null);

    public override ValueTask<Column> ReadAsync(RowSelection selection, CancellationToken cancellationToken)
    {
        if (_rows.Length != selection.Count) Fill(selection.Count);
        return ValueTask.FromResult<Column>(_rows);
    }

    void Fill(int rows)
    {
        _rows.Clear();
        _rows.Dictionary = _dictionary;
        if (!_isNull)
        {
            _rows.AppendSpan(rows).Clear();
            return;
        }
        _arrays.Lengthen(ref _noValues, Bitmap.WordsFor(rows));
        _rows.Spread(rows, _noValues.AsSpan(0, Bitmap.WordsFor(rows)));
    }

    public override ReaderPlace Place => default;

    public override void ReturnTo(in ReaderPlace place) => _rows.Trim();

    public override void Dispose()
    {
        _dictionary.Release();
        _arrays.Release();
        _buffers.Return(_rows);
    }
}
