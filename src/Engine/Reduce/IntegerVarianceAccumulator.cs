using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>var</c> and <c>std</c> of integers and decimals up to 18 digits: exact sums, rounded at the end. Null for fewer than two values.</summary>
sealed class IntegerVarianceAccumulator(DataType input, bool root, StateMemory memory) : Accumulator
{
    Moments[] _moments = [];

    struct Moments
    {
        public long Count;
        public Int128 Sum;

        /// <summary>Σx², whose squares may be up to 2^128 each.</summary>
        public UInt128 Squares;
        public long Carries;

        public void Add(Int128 sum, UInt128 squares, long carries, long count)
        {
            Count += count;
            Sum += sum;
            Squares += squares;
            Carries += carries + (Squares < squares ? 1 : 0);
        }
    }

    public override void Resize(int groups) => memory.Lengthen(ref _moments, groups);

    public override void Clear() => Array.Clear(_moments);

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        switch (input)
        {
            case Column<int> values: Add(values, groups); break;
            case Column<long> values: Add(values, groups); break;
            case Column<ulong> values: Add(values, groups); break;
        }
    }

    void Add<T>(Column<T> column, ReadOnlySpan<int> groups) where T : unmanaged, INumberBase<T>
    {
        var values = column.Values[..groups.Length];
        var nullable = column.HasNulls;
        for (var i = 0; i < groups.Length; i++)
        {
            if (nullable && column.IsNull(i)) continue;
            var value = values[i];
            var magnitude = T.IsNegative(value) ? (ulong)-long.CreateTruncating(value) : ulong.CreateTruncating(value);
            var high = Math.BigMul(magnitude, magnitude, out ulong low);
            _moments[groups[i]].Add(Int128.CreateTruncating(value), new UInt128(high, low), 0, 1);
        }
    }

    public override IReadOnlyList<DataType> StateTypes => [DataType.Int64, DataType.Binary, DataType.Binary];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order)
        {
            ref var moments = ref _moments[group];
            ((Column<long>)state[0]).Append(moments.Count);
            new IntegerTotal(moments.Sum, 0).Save((BytesColumn)state[1]);
            new IntegerTotal((Int128)moments.Squares, moments.Carries).Save((BytesColumn)state[2]);
        }
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            var squares = IntegerTotal.Load(((BytesColumn)state[2]).Bytes(i));
            _moments[groups[i]].Add(IntegerTotal.Load(((BytesColumn)state[1]).Bytes(i)).Sum, (UInt128)squares.Sum, squares.Carries, ((Column<long>)state[0]).Values[i]);
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var column = (Column<double>)target;
        foreach (var group in order)
        {
            ref var moments = ref _moments[group];
            if (moments.Count < 2) column.AppendNull();
            else column.Append(ExactVariance.Of((moments.Sum, 0), (((BigInteger)moments.Carries << 128) + moments.Squares, 0), moments.Count, input.Scale, root));
        }
    }
}
