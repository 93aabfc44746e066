using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Reduce;

/// <summary>The states of one aggregate, one a group. States merge, so any cut of the rows gives the same result.</summary>
abstract class Accumulator
{
    /// <summary>Makes room for groups 0 to <paramref name="groups"/> − 1; new groups are empty.</summary>
    public abstract void Resize(int groups);

    /// <summary>Takes in the values of <paramref name="input"/>, each row into the group beside it. Null for <c>len</c>.</summary>
    public abstract void Accumulate(Column? input, ReadOnlySpan<int> groups);

    /// <summary>Takes in the values of all <paramref name="rows"/> rows into group 0.</summary>
    public virtual void AccumulateAll(Column? input, int rows)
    {
        if (_zeros.Length < rows) _zeros = new int[rows];
        Accumulate(input, _zeros.AsSpan(0, rows));
    }

    int[] _zeros = [];

    /// <summary>Adds each state of <paramref name="other"/>, an accumulator of the same aggregate, into the group beside it.</summary>
    public abstract void Merge(Accumulator other, ReadOnlySpan<int> groups);

    /// <summary>Appends the results of the groups to <paramref name="target"/> in the given order.</summary>
    public abstract void Finish(ReadOnlySpan<int> order, Column target);

    public static Accumulator Create(Aggregate aggregate, DataType? input) => aggregate.Function switch
    {
        AggregateFunction.Len or AggregateFunction.Count => new CountAccumulator(),
        AggregateFunction.Sum => input!.Value.IsFloating ? new FloatingSumAccumulator(mean: false) : new IntegerSumAccumulator(aggregate.Name, input.Value, mean: false),
        AggregateFunction.Mean => input!.Value.IsFloating ? new FloatingSumAccumulator(mean: true) : new IntegerSumAccumulator(aggregate.Name, input.Value, mean: true),
        _ => ExtremeAccumulator.Create(input!.Value, aggregate.Function == AggregateFunction.Max),
    };

    protected static void Grow<T>(ref T[] states, int groups)
    {
        if (states.Length < groups) Array.Resize(ref states, Math.Max(groups, Math.Max(8, states.Length * 2)));
    }
}

/// <summary><c>len()</c> and <c>count(x)</c>.</summary>
sealed class CountAccumulator : Accumulator
{
    long[] _counts = [];

    public override void Resize(int groups) => Grow(ref _counts, groups);

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups)
    {
        if (input is { HasNulls: true })
        {
            for (var i = 0; i < groups.Length; i++)
            {
                if (!input.IsNull(i)) _counts[groups[i]]++;
            }
            return;
        }
        foreach (var group in groups) _counts[group]++;
    }

    public override void AccumulateAll(Column? input, int rows) => _counts[0] += rows - (input?.NullCount ?? 0);

    public override void Merge(Accumulator other, ReadOnlySpan<int> groups)
    {
        for (var i = 0; i < groups.Length; i++) _counts[groups[i]] += ((CountAccumulator)other)._counts[i];
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        foreach (var group in order) ((Column<long>)target).Append(_counts[group]);
    }
}

/// <summary><c>sum</c> and <c>mean</c> of integers, booleans and decimals: exact. The sum of nothing is 0, its mean null.</summary>
sealed class IntegerSumAccumulator(string name, DataType input, bool mean) : Accumulator
{
    Int128[] _sums = [];
    long[] _counts = [];
    Column? _decoded;

    // Decimals near 38 digits pass 128 bits on the way to a sum that fits, depending on their order: the carries, in units of 2^128.
    long[] _carries = [];

    public override void Resize(int groups)
    {
        Grow(ref _sums, groups);
        Grow(ref _carries, groups);
        Grow(ref _counts, groups);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups)
    {
        switch (input)
        {
            case Column<byte> values: Add(values, groups); break;
            case Column<int> values: Add(values, groups); break;
            case Column<long> values: Add(values, groups); break;
            case Column<ulong> values: Add(values, groups); break;
            case Column<Int128> values: Add(values, groups); break;
            case DictionaryColumn coded: AddCoded(coded, groups); break;
        }
    }

    void Add<T>(Column<T> column, ReadOnlySpan<int> groups) where T : unmanaged, System.Numerics.INumberBase<T>
    {
        var values = column.Values;
        for (var i = 0; i < groups.Length; i++)
        {
            if (column.HasNulls && column.IsNull(i)) continue;
            AddOne(groups[i], Int128.CreateTruncating(values[i]));
        }
    }

    void AddCoded(DictionaryColumn coded, ReadOnlySpan<int> groups)
    {
        _decoded ??= Column.Create(coded.Type);
        _decoded.Clear();
        _decoded.AppendRange(coded, 0, coded.Length);
        Accumulate(_decoded, groups);
    }

    void AddOne(int group, Int128 value)
    {
        var before = _sums[group];
        var after = unchecked(before + value);
        _sums[group] = after;
        if (Int128.IsNegative((before ^ after) & (value ^ after))) _carries[group] += Int128.IsNegative(value) ? -1 : 1;
        _counts[group]++;
    }

    public override void Merge(Accumulator other, ReadOnlySpan<int> groups)
    {
        var source = (IntegerSumAccumulator)other;
        for (var i = 0; i < groups.Length; i++)
        {
            if (source._counts[i] == 0) continue;
            AddOne(groups[i], source._sums[i]);
            _counts[groups[i]] += source._counts[i] - 1;
            _carries[groups[i]] += source._carries[i];
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        foreach (var group in order)
        {
            if (mean) FinishMean(group, (Column<double>)target);
            else if (_carries[group] != 0) throw new AggregateOverflowException(name, target.Type);
            else if (target is Column<Int128> decimals)
            {
                if (Int128.Abs(_sums[group]) >= MaxDecimal) throw new AggregateOverflowException(name, target.Type);
                decimals.Append(_sums[group]);
            }
            else if (target is Column<ulong> unsigned) unsigned.Append(_sums[group] <= ulong.MaxValue ? (ulong)_sums[group] : throw new AggregateOverflowException(name, target.Type));
            else
            {
                if (_sums[group] > long.MaxValue || _sums[group] < long.MinValue) throw new AggregateOverflowException(name, target.Type);
                ((Column<long>)target).Append((long)_sums[group]);
            }
        }
    }

    static readonly Int128 MaxDecimal = Int128.Parse("1" + new string('0', 38), System.Globalization.CultureInfo.InvariantCulture);

    void FinishMean(int group, Column<double> target)
    {
        if (_counts[group] == 0) target.AppendNull();
        else target.Append(((double)_sums[group] + Math.ScaleB(_carries[group], 128)) / _counts[group] / Math.Pow(10, input.Scale));
    }
}

/// <summary><c>sum</c> and <c>mean</c> of floats and doubles: exact, rounded once. NaN poisons; infinities add as in IEEE 754.</summary>
sealed class FloatingSumAccumulator(bool mean) : Accumulator
{
    readonly ExactSums _sums = new();
    long[] _counts = [];
    double[] _widened = [];
    Column? _decoded;

    public override void Resize(int groups)
    {
        _sums.Resize(groups);
        Grow(ref _counts, groups);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups)
    {
        var values = Doubles(input!);
        var nullable = input!.HasNulls;
        for (var i = 0; i < groups.Length; i++)
        {
            if (nullable && input.IsNull(i)) continue;
            _sums.Add(groups[i], values[i]);
            _counts[groups[i]]++;
        }
    }

    public override void AccumulateAll(Column? input, int rows)
    {
        // Slots of null rows hold zero, which no sum shows.
        _sums.AddAll(0, Doubles(input!));
        _counts[0] += rows - input!.NullCount;
    }

    /// <summary>The values of a column of floats or doubles, codes looked up; zero where they are null.</summary>
    ReadOnlySpan<double> Doubles(Column input)
    {
        if (input is Column<double> plain) return plain.Values;
        if (input is DictionaryColumn coded)
        {
            _decoded ??= Column.Create(coded.Type);
            _decoded.Clear();
            _decoded.AppendRange(coded, 0, coded.Length);
            return Doubles(_decoded);
        }
        var floats = ((Column<float>)input).Values;
        if (_widened.Length < floats.Length) _widened = new double[floats.Length];
        for (var i = 0; i < floats.Length; i++) _widened[i] = floats[i];
        return _widened.AsSpan(0, floats.Length);
    }

    public override void Merge(Accumulator other, ReadOnlySpan<int> groups)
    {
        var source = (FloatingSumAccumulator)other;
        for (var i = 0; i < groups.Length; i++)
        {
            _sums.Merge(groups[i], source._sums, i);
            _counts[groups[i]] += source._counts[i];
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
