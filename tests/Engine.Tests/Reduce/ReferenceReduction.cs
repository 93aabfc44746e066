using System.Numerics;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Tests.Reduce;

/// <summary>Group-by by LINQ, slow and obvious: sums in big integers; floating sums by <see cref="ExactSums"/>, which has its own reference.</summary>
static class ReferenceReduction
{
    /// <summary>Keys, then aggregates; one array a group, by the keys ascending.</summary>
    public static List<Scalar[]> Of(Table table, int keys, IReadOnlyList<Aggregate> aggregates) =>
    [
        .. Enumerable.Range(0, table.Rows)
            .GroupBy(row => new Key([.. table.Columns.Take(keys).Select(column => column[row])]))
            .OrderBy(group => group.Key)
            .Select(group => group.Key.Values.Concat(aggregates.Select(aggregate => Of(aggregate, table, [.. group]))).ToArray()),
    ];

    static Scalar Of(Aggregate aggregate, Table table, List<int> rows)
    {
        if (aggregate.Input < 0) return Scalar.Int64(rows.Count);
        var input = table.Schema[aggregate.Input].Type;
        var type = Aggregate.ResultType(aggregate.Function, input)!.Value;
        var all = rows.Select(row => table.Columns[aggregate.Input][row]).ToList();
        var values = all.Where(value => !value.IsNull).ToList();
        switch (aggregate.Function)
        {
            case AggregateFunction.Count: return Scalar.Int64(values.Count);
            case AggregateFunction.NUnique: return Scalar.Int64(values.Order(Comparer<Scalar>.Create((a, b) => Scalar.Compare(a, b))).Aggregate((Count: 0L, Last: Scalar.Null(input)), (seen, value) => Scalar.Compare(seen.Last, value) == 0 ? seen : (seen.Count + 1, value)).Count);
            case AggregateFunction.First: return all[0];
            case AggregateFunction.Last: return all[^1];
            case AggregateFunction.Sum: return Sum(values, input, type);
        }
        if (values.Count == 0) return Scalar.Null(type);
        switch (aggregate.Function)
        {
            case AggregateFunction.Any: return Scalar.Bool(values.Any(value => value.IntegerValue != 0));
            case AggregateFunction.All: return Scalar.Bool(values.All(value => value.IntegerValue != 0));
            case AggregateFunction.Min or AggregateFunction.Max:
                var comparable = values.Any(value => !value.IsNaN) ? values.Where(value => !value.IsNaN).ToList() : values;
                comparable.Sort((left, right) => Scalar.Compare(left, right));
                return comparable[aggregate.Function == AggregateFunction.Min ? 0 : ^1];
            case AggregateFunction.Quantile or AggregateFunction.Median: return Scalar.Double(Quantile([.. values.Select(AsDouble)], aggregate.Parameter ?? 0.5));
            case AggregateFunction.Var or AggregateFunction.Std: return values.Count < 2 ? Scalar.Null(type) : Scalar.Double(Variance(values, input, aggregate.Function == AggregateFunction.Std));
            default:
                if (input.IsFloating) return Scalar.Double(Sum(values, input, type).FloatingValue / values.Count);
                return Scalar.Double((double)(Int128)BigSum(values) / values.Count / Math.Pow(10, input.Scale));
        }
    }

    static Scalar Sum(List<Scalar> values, DataType input, DataType type)
    {
        if (!input.IsFloating) return Scalar.Integer(type, (Int128)BigSum(values));
        var sums = new ExactSums(new StateMemory());
        sums.Resize(1);
        foreach (var value in values) sums.Add(0, value.FloatingValue);
        return Scalar.Double(sums.Round(0));
    }

    static BigInteger BigSum(List<Scalar> values) => values.Aggregate(BigInteger.Zero, (total, value) => total + value.IntegerValue);

    static double AsDouble(Scalar value) => value.Type.IsFloating ? value.FloatingValue : (double)value.IntegerValue / Math.Pow(10, value.Type.Scale);

    static double Quantile(List<double> values, double q)
    {
        values.Sort((a, b) => Scalar.CompareFloating(a, b));
        var place = (values.Count - 1) * q;
        var (low, high) = (values[(int)Math.Floor(place)], values[(int)Math.Ceiling(place)]);
        var share = place - Math.Floor(place);
        return share == 0 || low == high ? low : low * (1 - share) + high * share;
    }

    /// <summary>Σ(n·x − Σx)² / (n²·(n² − n)), which is the definition with its fractions cleared, in integers.</summary>
    static double Variance(List<Scalar> values, DataType input, bool root)
    {
        var isFloating = input.IsFloating || input.Precision > 18;
        if (isFloating && values.Any(value => !double.IsFinite(AsDouble(value)))) return double.NaN;
        var units = values.Select(value => isFloating ? Units(AsDouble(value)) : value.IntegerValue).ToList();
        var sum = units.Aggregate(BigInteger.Zero, (total, unit) => total + unit);
        var n = new BigInteger(values.Count);
        var squares = units.Aggregate(BigInteger.Zero, (total, unit) => total + BigInteger.Pow(n * unit - sum, 2));
        if (squares.IsZero) return 0;
        var divisor = n * n * (n - 1) * (isFloating ? 1 : BigInteger.Pow(10, 2 * input.Scale));
        // 200 bits of the quotient, scaled by an even power of two.
        var shift = (200 + (int)(divisor.GetBitLength() - squares.GetBitLength())) & ~1;
        var quotient = shift >= 0 ? (squares << shift) / divisor : squares / (divisor << -shift);
        var exponent = -shift - (isFloating ? 2 * 1074 : 0);
        if (!root) return Scaled((double)quotient, exponent);
        return Scaled(Math.Sqrt((double)quotient), exponent / 2);
    }

    /// <summary>Scales in two steps, since neither factor alone may be in range.</summary>
    static double Scaled(double value, int exponent) => Math.ScaleB(Math.ScaleB(value, exponent / 2), exponent - exponent / 2);

    /// <summary>A finite double in units of 2^-1074.</summary>
    static BigInteger Units(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7ff;
        var mantissa = bits & 0xf_ffff_ffff_ffff | (exponent == 0 ? 0 : 1L << 52);
        return (new BigInteger(mantissa) << Math.Max(0, exponent - 1)) * (bits < 0 ? -1 : 1);
    }

    readonly record struct Key(Scalar[] Values) : IComparable<Key>
    {
        public bool Equals(Key other) => Values.AsSpan().SequenceEqual(other.Values);

        public override int GetHashCode() => Values.Aggregate(0, (hash, value) => HashCode.Combine(hash, value.IsNaN ? 0 : value.GetHashCode()));

        public int CompareTo(Key other)
        {
            for (var i = 0; i < Values.Length; i++)
            {
                var compared = Scalar.Compare(Values[i], other.Values[i]);
                if (compared != 0) return compared;
            }
            return 0;
        }
    }
}
