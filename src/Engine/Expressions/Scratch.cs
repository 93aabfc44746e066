using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Truth buffers and columns for reuse, lent and given back in any order. Not thread-safe.</summary>
/// <param name="buffers">Where columns come from and go back to; null for an account of its own without a limit.</param>
sealed class Scratch(Buffers? buffers = null)
{
    readonly Buffers _buffers = buffers ?? new Buffers(new MemoryAccount(long.MaxValue));
    readonly ChargedArrays _truths = new(buffers?.Account);
    readonly Stack<Truth> _free = new();
    readonly HashSet<Column> _lent = [];
    readonly HashSet<Column> _gathered = [];
    Column? _dictionary;
    Column? _entries;

    public Truth Rent(int rows, bool tracksKnown)
    {
        var truth = _free.TryPop(out var free) ? free : new Truth(_truths);
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

    /// <summary>An empty column of codes into a dictionary.</summary>
    public DictionaryColumn RentCodes(DataType type, Column dictionary)
    {
        var column = _buffers.RentCodes(type);
        column.Dictionary = dictionary;
        _lent.Add(column);
        return column;
    }

    /// <summary>An empty column that was no other's before.</summary>
    public Column NewColumn(DataType type) => Column.Create(type, _buffers.Account);

    /// <summary>What was made of a dictionary's entries; it may be nothing.</summary>
    public bool TryGetEntries(Column dictionary, out Column? entries)
    {
        entries = _entries;
        return ReferenceEquals(dictionary, _dictionary);
    }

    /// <summary>Keeps what was made of a dictionary's entries, in place of the last one's.</summary>
    public void SetEntries(Column dictionary, Column? entries)
    {
        _entries?.Release();
        (_dictionary, _entries) = (dictionary, entries);
    }

    /// <summary>Gives all memory back. Nothing may be lent by then.</summary>
    public void Release()
    {
        _entries?.Release();
        (_dictionary, _entries) = (null, null);
        _free.Clear();
        _truths.Release();
    }

    /// <summary>Takes everything back from a computation that failed.</summary>
    public void Abandon()
    {
        foreach (var column in _lent.Concat(_gathered)) _buffers.Return(column);
        _lent.Clear();
        _gathered.Clear();
        _free.Clear();
        _truths.Release();
    }

    /// <summary>The rows of a column for a frame; not lent, so that only <see cref="Drop"/> takes it back, however often the frame's expressions give it away.</summary>
    public Column Gather(Column source, ReadOnlySpan<int> rows)
    {
        var target = source is DictionaryColumn coded ? CodesOf(coded) : _buffers.RentColumn(source.Type);
        _gathered.Add(target);
        target.AppendFrom(source, rows);
        return target;
    }

    public void Drop(Column gathered)
    {
        _gathered.Remove(gathered);
        _buffers.Return(gathered);
    }

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
        _buffers.Return(column);
    }
}
