using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Reduce;

/// <summary><c>sum</c> and <c>mean</c> of decimals of 19 to 38 digits: exact in any order. The sum of nothing is 0, its mean null.</summary>
sealed class DecimalSumAccumulator(string name, DataType input, bool mean, StateMemory memory) : Accumulator
{
    IntegerTotal[] _sums = [];
    long[] _counts = [];

    public override void Resize(int groups)
    {
        memory.Lengthen(ref _sums, groups);
        memory.Lengthen(ref _counts, groups);
    }

    public override void Clear()
    {
        Array.Clear(_sums);
        Array.Clear(_counts);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        var values = ((Column<Int128>)input!).Values;
        var nullable = input.HasNulls;
        for (var i = 0; i < groups.Length; i++)
        {
            if (nullable && input.IsNull(i)) continue;
            ref var sum = ref _sums[groups[i]];
            sum = sum.Add(values[i]);
            _counts[groups[i]]++;
        }
    }

    public override IReadOnlyList<DataType> StateTypes => [DataType.Binary, DataType.Int64];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order)
        {
            _sums[group].Save((BytesColumn)state[0]);
            ((Column<long>)state[1]).Append(_counts[group]);
        }
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            var total = IntegerTotal.Load(((BytesColumn)state[0]).Bytes(i));
            ref var sum = ref _sums[groups[i]];
            sum = sum.Add(total.Sum, total.Carries);
            _counts[groups[i]] += ((Column<long>)state[1]).Values[i];
        }
    }

    public override bool MayOverflow => !mean;

    public override void Check(ReadOnlySpan<int> groups)
    {
        if (!MayOverflow) return;
        var type = Aggregate.ResultType(AggregateFunction.Sum, input)!.Value;
        foreach (var group in groups) _sums[group].Check(type, name);
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        foreach (var group in order)
        {
            if (mean) _sums[group].AppendMean((Column<double>)target, _counts[group], input.Scale);
            else _sums[group].AppendTo(target, name);
        }
    }
}
