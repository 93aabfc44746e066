using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>sum</c> and <c>mean</c> of floats and doubles: exact, rounded once. NaN poisons; infinities add as in IEEE 754.</summary>
/// <param name="counts">What a mean divides by; null for a sum.</param>
sealed class FloatingSumAccumulator(ValueCounts? counts, StateMemory memory) : Accumulator
{
    readonly ExactSums _sums = new(memory);
    Widening _widening;

    public override void Resize(int groups)
    {
        _sums.Resize(groups);
        counts?.Resize(groups);
    }

    public override void Reserve(Column? input)
    {
        _sums.Reserve(_widening.Doubles(input!));
        counts?.Reserve(input);
    }

    public override void ReserveStates(ReadOnlySpan<Column> state)
    {
        _sums.ReserveStates((BytesColumn)state[0]);
        counts?.ReserveStates();
    }

    public override void Clear()
    {
        _sums.Clear();
        counts?.Clear();
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        // Slots of null rows hold zero, which no sum shows.
        _sums.Add(groups, _widening.Doubles(input!));
        counts?.Add(input, groups);
    }

    public override void AccumulateAll(Column? input, ReadOnlySpan<int> groups, long position)
    {
        _sums.AddAll(0, _widening.Doubles(input!));
        counts?.AddAll(input);
    }

    public override IReadOnlyList<DataType> StateTypes => counts is null ? [DataType.Binary] : [DataType.Binary, DataType.Int64];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order) _sums.Save(group, (BytesColumn)state[0]);
        counts?.Write(order, (Column<long>)state[1]);
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        for (var i = 0; i < groups.Length; i++) _sums.Merge(groups[i], ((BytesColumn)state[0]).Bytes(i));
        counts?.Merge(groups, ((Column<long>)state[1]).Values);
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var doubles = (Column<double>)target;
        for (var i = 0; i < order.Length; i++)
        {
            if (i % ExactSums.Stretch == 0) _sums.Prefetch(order.Slice(i, Math.Min(ExactSums.Stretch, order.Length - i)));
            var group = order[i];
            if (counts is null) doubles.Append(_sums.Round(group));
            else if (counts[group] == 0) doubles.AppendNull();
            else doubles.Append(_sums.Round(group) / counts[group]);
        }
    }
}
