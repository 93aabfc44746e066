using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Tests up to 64 values at once; bits past their number are zero.</summary>
interface IWordTest<T>
{
    ulong Word(ReadOnlySpan<T> values);
}

/// <summary>Tests one byte string.</summary>
interface IBytesTest
{
    bool Holds(ReadOnlySpan<byte> value);
}

/// <summary>Runs a test over every row of a column, null rows included, whose bits are then meaningless.</summary>
static class WordScan
{
    public static void Fill<T, TTest>(Column column, in TTest test, Span<ulong> bits) where T : unmanaged where TTest : struct, IWordTest<T>
    {
        var chunks = new ColumnChunks<T>(column, stackalloc T[ColumnChunks<T>.Rows]);
        for (var i = 0; i < bits.Length; i++)
        {
            var start = i << 6;
            bits[i] = test.Word(chunks.Read(start, Math.Min(64, column.Length - start)));
        }
    }

    public static void FillBytes<TTest>(Column column, in TTest test, Span<ulong> bits) where TTest : struct, IBytesTest
    {
        var rows = new ByteRows(column);
        for (var i = 0; i < bits.Length; i++)
        {
            var start = i << 6;
            var count = Math.Min(64, column.Length - start);
            ulong word = 0;
            for (var j = 0; j < count; j++) word |= (test.Holds(rows[start + j]) ? 1UL : 0) << j;
            bits[i] = word;
        }
    }
}

/// <summary>The rows of a column of byte strings, coded or plain; null rows read as some byte string.</summary>
readonly ref struct ByteRows
{
    readonly ReadOnlySpan<int> _codes;
    readonly ReadOnlySpan<int> _offsets;
    readonly ReadOnlySpan<byte> _data;
    readonly bool _isCoded;

    public ByteRows(Column column)
    {
        var values = column as BytesColumn;
        if (column is DictionaryColumn coded)
        {
            _isCoded = true;
            _codes = coded.Codes;
            values = (BytesColumn)coded.Dictionary;
        }
        _offsets = values!.Offsets;
        _data = values.Data;
    }

    public ReadOnlySpan<byte> this[int row]
    {
        get
        {
            var index = _isCoded ? _codes[row] : row;
            // Only a dictionary without entries, under a column of nulls, has no row 0.
            return _offsets.Length == 1 ? default : _data[_offsets[index].._offsets[index + 1]];
        }
    }
}
