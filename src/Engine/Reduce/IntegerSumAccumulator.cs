using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Reduce;

/// <summary><c>sum</c> and <c>mean</c> of integers, booleans and decimals up to 18 digits: exact. The sum of nothing is 0, its mean null.</summary>
/// <param name="counts">What a mean divides by; null for a sum.</param>
sealed class IntegerSumAccumulator(string name, DataType input, ValueCounts? counts, StateMemory memory) : Accumulator
{
    // Each half takes up at most 32 bits of its 64 with an addition, so 2^30 of them can go without a carry.
    const int SpillInterval = 1 << 30;

    /// <summary>What was added since the last spill: the lower and the upper halves of the values, each summed up.</summary>
    Halves[] _recent = [];
    Int128[] _spilled = [];
    bool _hasSpilled;
    int _added;
    int _groups;

    struct Halves
    {
        public long Low;
        public long High;

        public readonly Int128 Total => ((Int128)High << 32) + Low;
    }

    public override void Resize(int groups)
    {
        memory.Lengthen(ref _recent, groups);
        counts?.Resize(groups);
        if (_hasSpilled) memory.Lengthen(ref _spilled, groups);
        _groups = groups;
    }

    public override void Reserve(Column? input)
    {
        if (input!.Length > SpillInterval - _added) memory.Lengthen(ref _spilled, _groups);
        counts?.Reserve(input);
    }

    public override void ReserveStates(ReadOnlySpan<Column> state)
    {
        memory.Lengthen(ref _spilled, _groups);
        counts?.ReserveStates();
    }

    public override void Clear()
    {
        Array.Clear(_recent);
        Array.Clear(_spilled);
        _hasSpilled = false;
        _added = 0;
        counts?.Clear();
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        if (groups.Length > SpillInterval - _added) Spill();
        _added += groups.Length;
        switch (input)
        {
            case Column<byte> values: Add(values, groups); break;
            case Column<int> values: Add(values, groups); break;
            case Column<long> values: Add(values, groups); break;
            case Column<ulong> values: Add(values, groups); break;
        }
        counts?.Add(input, groups);
    }

    void Add<T>(Column<T> column, ReadOnlySpan<int> groups) where T : unmanaged, INumberBase<T>
    {
        var values = column.Values[..groups.Length];
        ref var recent = ref MemoryMarshal.GetArrayDataReference(_recent);
        // Null rows hold zero, which no sum shows.
        for (var i = 0; i < groups.Length; i++)
        {
            var value = long.CreateTruncating(values[i]);
            ref var sum = ref Unsafe.Add(ref recent, groups[i]);
            sum.Low += (uint)value;
            sum.High += typeof(T) == typeof(ulong) ? value >>> 32 : value >> 32;
        }
    }

    void Spill()
    {
        _hasSpilled = true;
        memory.Lengthen(ref _spilled, _groups);
        for (var group = 0; group < _groups; group++) _spilled[group] += _recent[group].Total;
        Array.Clear(_recent);
        _added = 0;
    }

    // 2^63 rows of 64 bits fit.
    IntegerTotal Total(int group) => new((_hasSpilled ? _spilled[group] : 0) + _recent[group].Total, 0);

    public override IReadOnlyList<DataType> StateTypes => counts is null ? [DataType.Binary] : [DataType.Binary, DataType.Int64];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order) Total(group).Save((BytesColumn)state[0]);
        counts?.Write(order, (Column<long>)state[1]);
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        _hasSpilled = true;
        memory.Lengthen(ref _spilled, _groups);
        var sums = (BytesColumn)state[0];
        for (var i = 0; i < groups.Length; i++) _spilled[groups[i]] += IntegerTotal.Load(sums.Bytes(i)).Sum;
        counts?.Merge(groups, ((Column<long>)state[1]).Values);
    }

    public override bool MayOverflow => counts is null;

    public override void Check(ReadOnlySpan<int> groups)
    {
        if (!MayOverflow) return;
        var type = Aggregate.ResultType(AggregateFunction.Sum, input)!.Value;
        foreach (var group in groups) Total(group).Check(type, name);
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        foreach (var group in order)
        {
            if (counts is null) Total(group).AppendTo(target, name);
            else Total(group).AppendMean((Column<double>)target, counts[group], input.Scale);
        }
    }
}
