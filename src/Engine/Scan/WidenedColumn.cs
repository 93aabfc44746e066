using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Scan;

/// <summary>A stored column whose batches are converted to a wider type. Of a dictionary-coded chunk only the dictionary is, once.</summary>
sealed class WidenedColumn(FileColumn column, string file, ColumnChunkReader reader, Buffers buffers) : ScanColumn
{
    readonly Column _values = buffers.RentColumn(column.Type);
    readonly DictionaryColumn _codes = buffers.RentCodes(column.Type);
    Column? _narrow;
    Column? _dictionary;
    int _rowGroup;

    public override long RowsRead => reader.RowsRead;

    public override void Open(int rowGroup, ColumnChunk chunk, OffsetIndex? pages)
    {
        _rowGroup = rowGroup;
        DropDictionary();
        reader.Open(rowGroup, chunk, pages);
    }

    public override void Skip(long rows) => reader.Skip(rows);

    public override async ValueTask<Column?> ReadDictionaryAsync(CancellationToken cancellationToken) =>
        await reader.ReadDictionaryAsync(cancellationToken) is { } narrow ? Dictionary(narrow) : null;

    public override async ValueTask<Column> ReadAsync(RowSelection selection, CancellationToken cancellationToken)
    {
        var batch = await reader.ReadAsync(selection, cancellationToken);
        if (batch is DictionaryColumn coded)
        {
            _codes.Clear();
            // A batch without rows may still show the dictionary of another chunk.
            if (batch.Length > 0) _codes.Dictionary = Dictionary(coded.Dictionary);
            _codes.AppendRange(coded, 0, coded.Length);
            return _codes;
        }
        _values.Clear();
        Widen(batch, _values);
        return _values;
    }

    public override ReaderPlace Place => reader.Place;

    public override void ReturnTo(in ReaderPlace place)
    {
        reader.ReturnTo(place);
        _values.Trim();
        _codes.Trim();
    }

    public override void Dispose()
    {
        DropDictionary();
        buffers.Return(_values);
        buffers.Return(_codes);
        reader.Dispose();
    }

    Column Dictionary(Column narrow)
    {
        if (_dictionary is not null && _narrow == narrow) return _dictionary;
        DropDictionary();
        var dictionary = Column.Create(column.Type, buffers.Account);
        try
        {
            Widen(narrow, dictionary);
        }
        catch
        {
            dictionary.Release();
            throw;
        }
        _narrow = narrow;
        return _dictionary = dictionary;
    }

    void DropDictionary()
    {
        _dictionary?.Release();
        (_dictionary, _narrow) = (null, null);
    }

    void Widen(Column narrow, Column wide)
    {
        try
        {
            Widening.Append(narrow, wide);
        }
        catch (OverflowException overflow)
        {
            throw new ParquetDataException(ParquetDefect.Unsupported,
                $"a value of this {narrow.Type} column has no place in {column.Type}, the type that it has together with other files; exclude this file with \"source.exclude\", or write the files with one type", overflow)
                .At(file, _rowGroup, column.Stored!.Name);
        }
    }
}
