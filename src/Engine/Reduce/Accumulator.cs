using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// The states of one aggregate, one a group. A state can be written as columns and added to another, in any order, so any cut of the rows gives the same
/// result.
/// </summary>
abstract class Accumulator
{
    /// <summary>Makes room for groups 0 to <paramref name="groups"/> − 1; new groups are empty.</summary>
    public abstract void Resize(int groups);

    /// <summary>Empties all groups and keeps the memory.</summary>
    public abstract void Clear();

    /// <summary>Makes room for what taking in this input may need beyond <see cref="Resize"/>, so that <see cref="Accumulate"/> can't fail for lack of memory.</summary>
    public virtual void Reserve(Column? input)
    {
    }

    /// <summary>The same for states that will be merged.</summary>
    public virtual void ReserveStates(ReadOnlySpan<Column> state)
    {
    }

    /// <summary>Whether inputs may come as codes; otherwise they are plain.</summary>
    public virtual bool TakesCodes => false;

    /// <summary>Takes in the values of <paramref name="input"/>, each row into the group beside it. Null for <c>len</c>.</summary>
    /// <param name="position">The place of the first row in the plan; each further row is beyond the one before it.</param>
    public abstract void Accumulate(Column? input, ReadOnlySpan<int> groups, long position);

    /// <summary>The same when there is one group only, so that all of <paramref name="groups"/> are zero.</summary>
    public virtual void AccumulateAll(Column? input, ReadOnlySpan<int> groups, long position) => Accumulate(input, groups, position);

    /// <summary>The columns of a state.</summary>
    public abstract IReadOnlyList<DataType> StateTypes { get; }

    /// <summary>Appends the states of the groups, in the given order, to columns of <see cref="StateTypes"/>.</summary>
    public abstract void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state);

    /// <summary>The columns of a state in a run of the same process.</summary>
    public virtual IReadOnlyList<DataType> SpilledTypes => StateTypes;

    /// <summary>The same as <see cref="Save"/>, as columns of <see cref="SpilledTypes"/>.</summary>
    public virtual void SaveSpilled(ReadOnlySpan<int> order, ReadOnlySpan<Column> state) => Save(order, state);

    /// <summary>The bytes of a group's state or result, about.</summary>
    public virtual long BytesOf(int group) => StateTypes.Count * 24;

    /// <summary>The bytes of a group's state in a run, about.</summary>
    public virtual long SpilledBytesOf(int group) => BytesOf(group);

    /// <summary>Adds each row of states that an accumulator of the same aggregate saved into the group beside it.</summary>
    public abstract void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups);

    /// <summary>Appends the results of the groups to <paramref name="target"/> in the given order.</summary>
    public abstract void Finish(ReadOnlySpan<int> order, Column target);

    /// <summary>Whether there may be states without a result.</summary>
    public virtual bool MayOverflow => false;

    /// <exception cref="AggregateOverflowException">One of these groups has no result.</exception>
    public virtual void Check(ReadOnlySpan<int> groups)
    {
    }

    /// <param name="rows">The rows of each group, counted before a batch is accumulated.</param>
    public static Accumulator Create(Aggregate aggregate, DataType? input, RowCounts rows, StateMemory memory) => aggregate.Function switch
    {
        AggregateFunction.Len or AggregateFunction.Count => new CountAccumulator(new ValueCounts(rows, memory)),
        AggregateFunction.Sum or AggregateFunction.Mean => Sum(aggregate, input!.Value, rows, memory),
        AggregateFunction.Min or AggregateFunction.All => ExtremeAccumulator.Create(input!.Value, max: false, memory),
        AggregateFunction.Max or AggregateFunction.Any => ExtremeAccumulator.Create(input!.Value, max: true, memory),
        AggregateFunction.Var => Variance(input!.Value, root: false, rows, memory),
        AggregateFunction.Std => Variance(input!.Value, root: true, rows, memory),
        AggregateFunction.NUnique => new UniqueAccumulator(input!.Value, memory),
        AggregateFunction.First => new EndAccumulator(input!.Value, last: false, memory),
        AggregateFunction.Last => new EndAccumulator(input!.Value, last: true, memory),
        AggregateFunction.Median => new QuantileAccumulator(0.5, memory),
        AggregateFunction.Quantile => new QuantileAccumulator(aggregate.Parameter ?? throw new ArgumentException("a quantile needs its q", nameof(aggregate)), memory),
        _ => throw new InvalidOperationException($"no accumulator for {aggregate.Function}"),
    };

    static Accumulator Sum(Aggregate aggregate, DataType input, RowCounts rows, StateMemory memory)
    {
        var mean = aggregate.Function == AggregateFunction.Mean;
        if (input.Lane == Lane.Int128) return new DecimalSumAccumulator(aggregate.Name, input, mean, memory);
        var counts = mean ? new ValueCounts(rows, memory) : null;
        return input.IsFloating ? new FloatingSumAccumulator(counts, memory) : new IntegerSumAccumulator(aggregate.Name, input, counts, memory);
    }

    static Accumulator Variance(DataType input, bool root, RowCounts rows, StateMemory memory) =>
        input.IsFloating || input.Lane == Lane.Int128 ? new FloatingVarianceAccumulator(root, new ValueCounts(rows, memory), memory) : new IntegerVarianceAccumulator(input, root, memory);
}
