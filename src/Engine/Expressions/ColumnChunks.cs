using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The values of a fixed-width column, 64 rows at a time, with dictionary codes looked up. Values of null rows are unspecified.</summary>
readonly ref struct ColumnChunks<T> where T : unmanaged
{
    /// <summary>Rows of a chunk: a word of a bitmap.</summary>
    public const int Rows = 64;

    readonly ReadOnlySpan<T> _values;
    readonly ReadOnlySpan<int> _codes;
    readonly Span<T> _buffer;
    readonly bool _isCoded;

    /// <param name="buffer">Room for <see cref="Rows"/> values.</param>
    public ColumnChunks(Column column, Span<T> buffer)
    {
        _buffer = buffer;
        if (column is DictionaryColumn coded)
        {
            _isCoded = true;
            _codes = coded.Codes;
            _values = ((Column<T>)coded.Dictionary).Values;
        }
        else _values = ((Column<T>)column).Values;
    }

    public ReadOnlySpan<T> Read(int start, int count)
    {
        if (!_isCoded) return _values.Slice(start, count);
        var codes = _codes.Slice(start, count);
        var target = _buffer[..count];
        if (_values.IsEmpty) target.Clear();
        else
        {
            for (var i = 0; i < codes.Length; i++) target[i] = _values[codes[i]];
        }
        return target;
    }
}

/// <summary>The same, converted without loss to a wider lane.</summary>
readonly ref struct WidenedChunks<T> where T : unmanaged, INumberBase<T>
{
    readonly Column _column;
    readonly Lane _lane;
    readonly Span<T> _buffer;

    public WidenedChunks(Column column, Span<T> buffer)
    {
        _column = column;
        _lane = column.Type.Lane;
        _buffer = buffer;
    }

    public ReadOnlySpan<T> Read(int start, int count) => _lane switch
    {
        Lane.Int32 => Widen<int>(start, count),
        Lane.Int64 => Widen<long>(start, count),
        Lane.UInt64 => Widen<ulong>(start, count),
        Lane.Float => Widen<float>(start, count),
        Lane.Double => Widen<double>(start, count),
        _ => Widen<Int128>(start, count),
    };

    Span<T> Widen<TLane>(int start, int count) where TLane : unmanaged, INumberBase<TLane>
    {
        var narrow = new ColumnChunks<TLane>(_column, stackalloc TLane[ColumnChunks<TLane>.Rows]).Read(start, count);
        var target = _buffer[..count];
        for (var i = 0; i < target.Length; i++) target[i] = T.CreateTruncating(narrow[i]);
        return target;
    }
}
