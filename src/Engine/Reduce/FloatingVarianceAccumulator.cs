using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// <c>var</c> and <c>std</c> of floats, doubles, and decimals beyond 18 digits, which are rounded to doubles first: exact sums, rounded at the end. NaN and infinities
/// poison. Null for fewer than two values.
/// </summary>
sealed class FloatingVarianceAccumulator(bool root, ValueCounts counts, StateMemory memory) : Accumulator
{
    // Squares of values outside these bounds, and the errors of their rounding, would leave a double's range; such values are scaled by a power of two first.
    static readonly double Small = Math.ScaleB(1, -480);
    static readonly double Large = Math.ScaleB(1, 480);
    const int ScaleBits = 600;

    const int Stretch = 256;

    readonly ExactSums _sums = new(memory);
    readonly ExactSums _squares = new(memory);

    // What rounding the squares lost, each a double too.
    readonly ExactSums _errors = new(memory);

    // Made when the first such value comes.
    ExactSums? _smallSquares;
    ExactSums? _largeSquares;
    int _groups;
    Widening _widening;

    public override void Resize(int groups)
    {
        _sums.Resize(groups);
        _squares.Resize(groups);
        _errors.Resize(groups);
        _smallSquares?.Resize(groups);
        _largeSquares?.Resize(groups);
        counts.Resize(groups);
        _groups = groups;
    }

    public override void Reserve(Column? input)
    {
        var values = _widening.Doubles(input!);
        counts.Reserve(input);
        _sums.Reserve(values);
        Span<double> squares = stackalloc double[Stretch];
        Span<double> errors = stackalloc double[Stretch];
        for (int from = 0, count; from < values.Length; from += count)
        {
            count = Math.Min(Stretch, values.Length - from);
            Square(values.Slice(from, count), squares, errors);
            _squares.Reserve(squares[..count]);
            _errors.Reserve(errors[..count]);
            foreach (var value in values.Slice(from, count))
            {
                if (IsPlain(value) || Scaled(value, out var sums) is not { } scaled) continue;
                sums.Reserve([scaled * scaled, Math.FusedMultiplyAdd(scaled, scaled, -(scaled * scaled))]);
            }
        }
    }

    public override void ReserveStates(ReadOnlySpan<Column> state)
    {
        counts.ReserveStates();
        _sums.ReserveStates((BytesColumn)state[1]);
        _squares.ReserveStates((BytesColumn)state[2]);
        _errors.ReserveStates((BytesColumn)state[3]);
        if (state[4].NullCount < state[4].Length) Made(ref _smallSquares).ReserveStates((BytesColumn)state[4]);
        if (state[5].NullCount < state[5].Length) Made(ref _largeSquares).ReserveStates((BytesColumn)state[5]);
    }

    public override void Clear()
    {
        foreach (var sums in (ExactSums?[])[_sums, _squares, _errors, _smallSquares, _largeSquares]) sums?.Clear();
        counts.Clear();
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        var values = _widening.Doubles(input!)[..groups.Length];
        counts.Add(input, groups);
        // Slots of null rows hold zero, which no sum shows.
        _sums.Add(groups, values);
        Span<double> squares = stackalloc double[Stretch];
        Span<double> errors = stackalloc double[Stretch];
        for (int from = 0, count; from < values.Length; from += count)
        {
            count = Math.Min(Stretch, values.Length - from);
            Square(values.Slice(from, count), squares, errors);
            _squares.Add(groups.Slice(from, count), squares[..count]);
            _errors.Add(groups.Slice(from, count), errors[..count]);
            for (var i = from; i < from + count; i++)
            {
                if (IsPlain(values[i]) || Scaled(values[i], out var sums) is not { } scaled) continue;
                sums.Add(groups[i], scaled * scaled);
                sums.Add(groups[i], Math.FusedMultiplyAdd(scaled, scaled, -(scaled * scaled)));
            }
        }
    }

    static bool IsPlain(double value) => Math.Abs(value) >= Small && Math.Abs(value) <= Large;

    /// <summary>The squares of plain values and what rounding them loses; zero for others.</summary>
    static void Square(ReadOnlySpan<double> values, Span<double> squares, Span<double> errors)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var isPlain = IsPlain(values[i]);
            squares[i] = isPlain ? values[i] * values[i] : 0;
            errors[i] = isPlain ? Math.FusedMultiplyAdd(values[i], values[i], -squares[i]) : 0;
        }
    }

    /// <summary>A value that is not plain, scaled, and where its square goes; null for zero and what is not finite.</summary>
    double? Scaled(double value, out ExactSums sums)
    {
        sums = _sums;
        if (value == 0 || !double.IsFinite(value)) return null;
        var isSmall = Math.Abs(value) < Small;
        sums = isSmall ? Made(ref _smallSquares) : Made(ref _largeSquares);
        return Math.ScaleB(value, isSmall ? ScaleBits : -ScaleBits);
    }

    ExactSums Made(ref ExactSums? squares)
    {
        if (squares is not null) return squares;
        squares = new ExactSums(memory);
        squares.Resize(_groups);
        return squares;
    }

    public override IReadOnlyList<DataType> StateTypes => [DataType.Int64, DataType.Binary, DataType.Binary, DataType.Binary, DataType.Binary, DataType.Binary];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order)
        {
            _sums.Save(group, (BytesColumn)state[1]);
            _squares.Save(group, (BytesColumn)state[2]);
            _errors.Save(group, (BytesColumn)state[3]);
            Save(_smallSquares, group, state[4]);
            Save(_largeSquares, group, state[5]);
        }
        counts.Write(order, (Column<long>)state[0]);
    }

    static void Save(ExactSums? sums, int group, Column state)
    {
        if (sums is null) state.AppendNull();
        else sums.Save(group, (BytesColumn)state);
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            _sums.Merge(groups[i], ((BytesColumn)state[1]).Bytes(i));
            _squares.Merge(groups[i], ((BytesColumn)state[2]).Bytes(i));
            _errors.Merge(groups[i], ((BytesColumn)state[3]).Bytes(i));
            if (!state[4].IsNull(i)) Made(ref _smallSquares).Merge(groups[i], ((BytesColumn)state[4]).Bytes(i));
            if (!state[5].IsNull(i)) Made(ref _largeSquares).Merge(groups[i], ((BytesColumn)state[5]).Bytes(i));
        }
        counts.Merge(groups, ((Column<long>)state[0]).Values);
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var column = (Column<double>)target;
        foreach (var group in order)
        {
            if (counts[group] < 2) column.AppendNull();
            else column.Append(_sums.IsSpecial(group) ? double.NaN : ExactVariance.Of(_sums.Exact(group), Squares(group), counts[group], 0, root));
        }
    }

    (BigInteger Value, int Exponent) Squares(int group)
    {
        var squares = Sum(_squares.Exact(group), _errors.Exact(group), 0);
        if (_smallSquares is not null) squares = Sum(squares, _smallSquares.Exact(group), -2 * ScaleBits);
        if (_largeSquares is not null) squares = Sum(squares, _largeSquares.Exact(group), 2 * ScaleBits);
        return squares;
    }

    static (BigInteger Value, int Exponent) Sum((BigInteger Value, int Exponent) left, (BigInteger Value, int Exponent) right, int shift)
    {
        if (right.Value.IsZero) return left;
        var exponent = Math.Min(left.Exponent, right.Exponent + shift);
        return ((left.Value << (left.Exponent - exponent)) + (right.Value << (right.Exponent + shift - exponent)), exponent);
    }
}
