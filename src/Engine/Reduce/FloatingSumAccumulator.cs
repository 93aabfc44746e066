using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>sum</c> and <c>mean</c> of floats and doubles: exact, rounded once. NaN poisons; infinities add as in IEEE 754.</summary>
sealed class FloatingSumAccumulator(bool mean, StateMemory memory) : Accumulator
{
    readonly ExactSums _sums = new(memory);
    long[] _counts = [];
    Widening _widening;

    public override void Resize(int groups)
    {
        _sums.Resize(groups);
        if (mean) memory.Lengthen(ref _counts, groups);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        // Slots of null rows hold zero, which no sum shows.
        _sums.Add(groups, _widening.Doubles(input!));
        if (!mean) return;
        var nullable = input!.HasNulls;
        for (var i = 0; i < groups.Length; i++)
        {
            if (!nullable || !input.IsNull(i)) _counts[groups[i]]++;
        }
    }

    public override void AccumulateAll(Column? input, ReadOnlySpan<int> groups, long position)
    {
        _sums.AddAll(0, _widening.Doubles(input!));
        if (mean) _counts[0] += groups.Length - input!.NullCount;
    }

    public override IReadOnlyList<DataType> StateTypes => mean ? [DataType.Binary, DataType.Int64] : [DataType.Binary];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order)
        {
            _sums.Save(group, (BytesColumn)state[0]);
            if (mean) ((Column<long>)state[1]).Append(_counts[group]);
        }
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            _sums.Merge(groups[i], ((BytesColumn)state[0]).Bytes(i));
            if (mean) _counts[groups[i]] += ((Column<long>)state[1]).Values[i];
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var doubles = (Column<double>)target;
        foreach (var group in order)
        {
            if (!mean) doubles.Append(_sums.Round(group));
            else if (_counts[group] == 0) doubles.AppendNull();
            else doubles.Append(_sums.Round(group) / _counts[group]);
        }
    }
}
