using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// An aggregate that keeps all or all distinct values of a group. A run has only their number; the values go to runs of their own, sorted by keys and value,
/// and the result is taken from the merged ones as they pass.
/// </summary>
abstract class ValueAccumulator : Accumulator
{
    /// <summary>Of the values in runs, ascending as <see cref="RowOrder"/> has it.</summary>
    public abstract DataType ValueType { get; }

    /// <summary>How many values a group has.</summary>
    public abstract long Count(int group);

    /// <summary>Brings the values of each group together, ascending. Nothing is added after it.</summary>
    public abstract void ArrangeAscending();

    /// <summary>Bytes that <see cref="ArrangeAscending"/> takes.</summary>
    public abstract long ArrangeBytes { get; }

    /// <summary>Appends <paramref name="count"/> values of an arranged group from the <paramref name="from"/>th on.</summary>
    public abstract void AppendValues(int group, long from, int count, Column target);

    /// <summary>Appends the result of a group from its next <paramref name="count"/> values; all of them are taken.</summary>
    public abstract void Finish(SortedValues values, long count, Column target);

    /// <summary>Appends the state of a group from its next <paramref name="count"/> values; all of them are taken.</summary>
    public abstract void Save(SortedValues values, long count, BytesColumn state);

    public sealed override IReadOnlyList<DataType> SpilledTypes => [DataType.Int64];

    public sealed override long BytesOf(int group) => sizeof(int) + Count(group) * 2 * sizeof(long);

    public sealed override long SpilledBytesOf(int group) => sizeof(long);

    public sealed override void SaveSpilled(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order) ((Column<long>)state[0]).Append(Count(group));
    }
}

/// <summary>The values of one aggregate of all groups, by key and value, as they pass.</summary>
sealed class SortedValues(IEnumerator<IReadOnlyList<Column>> pieces)
{
    int _row;
    int _rows;

    /// <summary>The column and row of the value; valid until the next.</summary>
    public Column Column { get; private set; } = null!;

    public int Row => _row - 1;

    public void Next()
    {
        if (_row == _rows)
        {
            if (!pieces.MoveNext()) throw new InvalidOperationException("the runs have fewer values than their states count");
            Column = pieces.Current[^1];
            (_row, _rows) = (0, Column.Length);
        }
        _row++;
    }

    public void Skip(long count)
    {
        for (; count > 0; count--) Next();
    }
}

/// <summary>Stands for a <see cref="ValueAccumulator"/> where runs are merged: adds up the counts and takes the values as they pass, each group once and by its key.</summary>
sealed class PassingAccumulator(ValueAccumulator aggregate, SortedValues? values, StateMemory memory) : Accumulator
{
    long[] _counts = [];

    public override void Resize(int groups) => memory.Lengthen(ref _counts, groups);

    public override void Clear() => Array.Clear(_counts);

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position) => throw new InvalidOperationException("only states are merged");

    public override IReadOnlyList<DataType> StateTypes => aggregate.StateTypes;

    public override IReadOnlyList<DataType> SpilledTypes => aggregate.SpilledTypes;

    public override long BytesOf(int group) => sizeof(int) + _counts[group] * 2 * sizeof(long);

    public override long SpilledBytesOf(int group) => sizeof(long);

    public override void SaveSpilled(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order) ((Column<long>)state[0]).Append(_counts[group]);
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        var counts = ((Column<long>)state[0]).Values;
        for (var i = 0; i < groups.Length; i++) _counts[groups[i]] += counts[i];
    }

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order) aggregate.Save(values!, _counts[group], (BytesColumn)state[0]);
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        foreach (var group in order) aggregate.Finish(values!, _counts[group], target);
    }
}
