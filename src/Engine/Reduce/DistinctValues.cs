using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>The distinct values of a column, numbered from 0 in order of first appearance; null is a value of its own.</summary>
abstract class DistinctValues(StateMemory memory)
{
    protected const int Stretch = 512;

    /// <summary>No number.</summary>
    protected const int None = -1;

    readonly int[] _valid = new int[Stretch];
    readonly int[] _numbers = new int[Stretch];
    Column? _dictionary;
    int[] _numberOfCode = [];
    int[] _order = [];
    int[] _ranks = [];

    /// <summary>How many there are, null included.</summary>
    public abstract int Count { get; }

    /// <summary>The number of null; −1 when none was met.</summary>
    public int NullNumber { get; private set; } = None;

    protected StateMemory Memory => memory;

    /// <param name="type">Of the column; values of any lane can be told apart.</param>
    public static DistinctValues Create(DataType type, StateMemory memory) => type.Lane switch
    {
        Lane.Bytes => new DistinctBytes(memory),
        Lane.Int128 => new DistinctWords<UInt128>(memory),
        _ => new DistinctWords<ulong>(memory),
    };

    /// <summary>Makes room for all values of a column of <paramref name="rows"/> rows, so that <see cref="Assign"/> takes no memory; returns how many values there may be after it.</summary>
    public int Reserve(Column column, int rows)
    {
        var bytes = long.MaxValue;
        if (column is DictionaryColumn { Dictionary: var dictionary })
        {
            memory.Lengthen(ref _numberOfCode, dictionary.Length);
            rows = Math.Min(rows, dictionary.Length);
            bytes = dictionary.BytesOf(0, dictionary.Length);
        }
        // Those of the rows are less where a dictionary has more than they use, and take a look at each of them.
        if (bytes > 16L * column.Length) bytes = column.BytesOf(0, column.Length);
        // One more for null.
        Reserve(rows + 1, bytes);
        return Count + rows + 1;
    }

    /// <param name="values">New ones at most.</param>
    /// <param name="bytes">Of byte strings, together.</param>
    public abstract void Reserve(int values, long bytes);

    /// <summary>The bytes of the value with this number.</summary>
    public virtual long BytesOf(int number) => 2 * sizeof(long);

    /// <summary>Forgets all values and keeps the memory.</summary>
    public virtual void Clear()
    {
        NullNumber = None;
        _dictionary = null;
    }

    /// <summary>What <see cref="Ranks"/> takes that is not held yet.</summary>
    public long RankBytes => StateMemory.Missing(_order, Count) + StateMemory.Missing(_ranks, Count) + SortBytes;

    /// <summary>What <see cref="Sort"/> takes that is not held yet.</summary>
    protected abstract long SortBytes { get; }

    /// <summary>Writes the number of each row's value.</summary>
    public void Assign(Column column, Span<int> numbers)
    {
        if (column.HasNulls && NullNumber == None) NullNumber = AppendNull();
        if (column is DictionaryColumn coded) AssignCodes(coded, numbers);
        else if (!column.HasNulls) AssignAll(column, numbers);
        else
        {
            for (var from = 0; from < numbers.Length; from += Stretch) AssignValid(column, from, numbers.Slice(from, Math.Min(Stretch, numbers.Length - from)));
        }
    }

    void AssignCodes(DictionaryColumn coded, Span<int> numbers)
    {
        // A dictionary never changes, and each column chunk has its own.
        if (!ReferenceEquals(_dictionary, coded.Dictionary))
        {
            _dictionary = coded.Dictionary;
            memory.Lengthen(ref _numberOfCode, _dictionary.Length);
            _numberOfCode.AsSpan(0, _dictionary.Length).Fill(None);
        }
        var codes = coded.Codes[..numbers.Length];
        var known = _numberOfCode;
        if (coded.HasNulls)
        {
            for (var i = 0; i < numbers.Length; i++) numbers[i] = coded.IsNull(i) ? NullNumber : Known(known, codes[i]);
            return;
        }
        for (var i = 0; i < numbers.Length; i++) numbers[i] = Known(known, codes[i]);
    }

    int Known(int[] known, int code)
    {
        var number = known[code];
        return number >= 0 ? number : known[code] = Find(_dictionary!, code);
    }

    void AssignValid(Column column, int from, Span<int> numbers)
    {
        var count = 0;
        for (var i = 0; i < numbers.Length; i++)
        {
            if (column.IsNull(from + i)) numbers[i] = NullNumber;
            else _valid[count++] = i;
        }
        var valid = _valid.AsSpan(0, count);
        foreach (ref var row in valid) row += from;
        AssignSome(column, valid, _numbers);
        for (var i = 0; i < count; i++) numbers[valid[i] - from] = _numbers[i];
    }

    /// <summary>The numbers of all rows of a plain column without nulls.</summary>
    protected abstract void AssignAll(Column column, Span<int> numbers);

    /// <summary>The numbers of at most <see cref="Stretch"/> rows of a plain column, none of them null.</summary>
    protected abstract void AssignSome(Column column, ReadOnlySpan<int> rows, Span<int> numbers);

    /// <summary>The number of one value of a plain column.</summary>
    protected abstract int Find(Column column, int row);

    /// <summary>Takes a number that no value has.</summary>
    protected abstract int AppendNull();

    /// <summary>Appends the values with these numbers to a plain column.</summary>
    public void Write(ReadOnlySpan<int> numbers, Column target)
    {
        foreach (var number in numbers)
        {
            if (number == NullNumber) target.AppendNull();
            else Write(number, target);
        }
    }

    protected abstract void Write(int number, Column target);

    /// <summary>All numbers but that of null, by value ascending.</summary>
    /// <param name="numbers">Filled with the numbers in any order, to be sorted.</param>
    protected abstract void Sort(Span<int> numbers);

    /// <summary>All numbers by value ascending, that of null last. Valid until the next value comes.</summary>
    public ReadOnlyMemory<int> Order()
    {
        memory.Renew(ref _order, Count);
        var valid = 0;
        for (var number = 0; number < Count; number++)
        {
            if (number != NullNumber) _order[valid++] = number;
        }
        Sort(_order.AsSpan(0, valid));
        if (NullNumber != None) _order[valid] = NullNumber;
        return _order.AsMemory(0, Count);
    }

    /// <summary>The place of each number in <see cref="Order"/>. Valid until the next value comes.</summary>
    public ReadOnlySpan<int> Ranks() => Ranks(out _);

    /// <summary>The same, and the order.</summary>
    public ReadOnlySpan<int> Ranks(out ReadOnlySpan<int> order)
    {
        order = Order().Span;
        memory.Renew(ref _ranks, Count);
        for (var rank = 0; rank < order.Length; rank++) _ranks[order[rank]] = rank;
        return _ranks.AsSpan(0, Count);
    }
}
