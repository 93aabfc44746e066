using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Truth buffers and columns for reuse, lent and given back in any order. Not thread-safe.</summary>
/// <param name="buffers">Where columns come from and go back to; null for an account of its own without a limit.</param>
sealed class Scratch(Buffers? buffers = null)
{
    readonly Buffers _buffers = buffers ?? new Buffers(new MemoryAccount(long.MaxValue));
    readonly Stack<Truth> _free = new();
    readonly HashSet<Column> _lent = [];

    public Truth Rent(int rows, bool tracksKnown)
    {
        var truth = _free.TryPop(out var free) ? free : new Truth();
        truth.Reset(rows, tracksKnown);
        return truth;
    }

    public void Return(Truth truth) => _free.Push(truth);

    /// <summary>An empty column.</summary>
    public Column RentColumn(DataType type)
    {
        var column = _buffers.RentColumn(type);
        _lent.Add(column);
        return column;
    }

    /// <summary>An empty column of codes into a dictionary, which goes back with it if it was lent, too.</summary>
    public DictionaryColumn RentCodes(DataType type, Column dictionary)
    {
        var column = _buffers.RentCodes(type);
        column.Dictionary = dictionary;
        _lent.Add(column);
        return column;
    }

    /// <summary>The rows of a column for a frame; not lent, so that only <see cref="Drop"/> takes it back, however often the frame's expressions give it away.</summary>
    public Column Gather(Column source, ReadOnlySpan<int> rows)
    {
        var target = source is DictionaryColumn coded ? CodesOf(coded) : _buffers.RentColumn(source.Type);
        target.AppendFrom(source, rows);
        return target;
    }

    public void Drop(Column gathered) => _buffers.Return(gathered);

    DictionaryColumn CodesOf(DictionaryColumn like)
    {
        var column = _buffers.RentCodes(like.Type);
        column.Dictionary = like.Dictionary;
        return column;
    }

    /// <summary>Takes a column back that was lent; one that belongs to the batch stays there.</summary>
    public void Return(Column column)
    {
        if (!_lent.Remove(column)) return;
        if (column is DictionaryColumn coded) Return(coded.Dictionary);
        _buffers.Return(column);
    }
}
