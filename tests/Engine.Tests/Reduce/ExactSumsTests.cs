using System.Numerics;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Tests.Reduce;

public class ExactSumsTests
{
    static readonly Gen<double> Finite = Tables.Doubles.Where(double.IsFinite);

    static readonly Gen<double> Narrow = Gen.Select(Gen.Int[-1_000_000, 1_000_000], Gen.Int[-40, 40], (mantissa, exponent) => Math.ScaleB(mantissa, exponent));

    /// <summary>Values with, for many of them, the opposite among them, so that what is left is small.</summary>
    static readonly Gen<double[]> Cancelling = Gen.Select(Finite.Array[1, 20], Finite.Array[0, 2]).Select(
        (values, rest) => values.Concat(values.Reverse().Select(value => -value)).Concat(rest).ToArray());

    static readonly Gen<double[]> Lists = Gen.OneOf(Finite.Array[0, 50], Narrow.Array[0, 200], Cancelling);

    [Fact]
    public void Round_AnyFiniteValues_IsTheTrueSumRoundedOnce() => Lists.Sample(
        values => BitConverter.DoubleToInt64Bits(Exact(values)) == BitConverter.DoubleToInt64Bits(Sum(values)), iter: Soak.Cases(5_000));

    [Fact]
    public void Round_AnyOrderAndCut_GivesTheSameBits() => Gen.Select(Lists, Gen.Int[0, 50], Gen.Int[0, 50], Gen.Int).Sample((values, cut, secondCut, seed) =>
    {
        var shuffled = (double[])values.Clone();
        new Random(seed).Shuffle(shuffled);
        var first = Math.Min(cut, values.Length);
        var second = Math.Min(first + secondCut, values.Length);
        var whole = Of(shuffled[..first]);
        var rest = Of(shuffled[first..second]);
        Merge(rest, Of(shuffled[second..]));
        Merge(whole, rest);
        return BitConverter.DoubleToInt64Bits(Sum(values)) == BitConverter.DoubleToInt64Bits(whole.Round(0));
    }, iter: Soak.Cases(3_000));

    [Fact]
    public void AddAll_AnyValues_IsTheTrueSumRoundedOnce() =>
        Gen.OneOf(Lists, Tables.Doubles.Array[0, 50], Gen.Double[0, 1].Array[0, 400], Gen.Select(Narrow.Array[100, 300], Finite).Select((many, one) => many.Append(one).ToArray())).Sample(values =>
        {
            var sums = new ExactSums(new StateMemory());
            sums.Resize(1);
            sums.AddAll(0, values);
            return BitConverter.DoubleToInt64Bits(Sum(values)) == BitConverter.DoubleToInt64Bits(sums.Round(0));
        }, iter: Soak.Cases(5_000));

    [Fact]
    public void AddAll_TwentyThousandValues_IsTheirSumOneByOne()
    {
        var random = new Random(7);
        double[] values = [.. Enumerable.Range(0, 20_000).Select(_ => (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-30, 30)))];
        var sums = new ExactSums(new StateMemory());
        sums.Resize(1);
        sums.AddAll(0, values);
        Assert.Equal(Sum(values), sums.Round(0));
    }

    [Fact]
    public void Round_ManyGroups_StayApart() => Gen.Select(Gen.Int[0, 40], Finite).Array[0, 300].Sample(pairs =>
    {
        var sums = new ExactSums(new StateMemory());
        for (var i = 0; i < pairs.Length; i++)
        {
            sums.Resize(41);
            sums.Add(pairs[i].Item1, pairs[i].Item2);
        }
        return Enumerable.Range(0, pairs.Length == 0 ? 0 : 41).All(group =>
            sums.Round(group).Equals(Exact([.. pairs.Where(pair => pair.Item1 == group).Select(pair => pair.Item2)])));
    }, iter: Soak.Cases(300));

    [Theory]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity)]
    [InlineData(double.NegativeInfinity, double.PositiveInfinity, double.NaN)]
    [InlineData(double.NaN, 1, double.NaN)]
    [InlineData(double.NaN, double.PositiveInfinity, double.NaN)]
    [InlineData(double.MaxValue, double.MaxValue, double.PositiveInfinity)]
    [InlineData(-double.MaxValue, -double.MaxValue, double.NegativeInfinity)]
    [InlineData(-0.0, -0.0, 0.0)]
    [InlineData(double.Epsilon, double.Epsilon, 2 * double.Epsilon)]
    public void Round_SpecialValues_FollowsIeee(double left, double right, double expected)
    {
        Assert.Equal(expected, Sum([left, right]));
        var merged = Of([right]);
        Merge(merged, Of([left]));
        Assert.Equal(expected, merged.Round(0));
    }

    [Fact]
    public void Round_OverflowThatCancels_IsExact() => Assert.Equal(1, Sum([double.MaxValue, double.MaxValue, 1, -double.MaxValue, -double.MaxValue]));

    [Theory]
    [InlineData(double.MaxValue)]
    [InlineData(-1.0000000000000002)]
    [InlineData(-double.Epsilon)]
    public void Add_TwentyMillionTimes_CarriesExactly(double value)
    {
        const int times = 20_000_000;
        var sums = new ExactSums(new StateMemory());
        sums.Resize(1);
        for (var i = 0; i < times; i++) sums.Add(0, value);
        Assert.Equal(Rounded(Scaled(value) * times), sums.Round(0));
        // Rounding carries in place; the sum goes on from there.
        for (var i = 0; i < times - 1; i++) sums.Add(0, -value);
        Assert.Equal(value, sums.Round(0));
    }

    [Fact]
    public void Merge_DoublingManyTimes_OutgrowsTheWindowExactly()
    {
        var sums = Of([-3]);
        var expected = -Scaled(3);
        for (var i = 0; i < 900; i++)
        {
            var copy = new ExactSums(new StateMemory());
            copy.Resize(1);
            Merge(copy, sums);
            Merge(sums, copy);
            expected *= 2;
            Assert.Equal(Rounded(expected), sums.Round(0));
        }
    }

    static void Merge(ExactSums target, ExactSums source)
    {
        var state = new BytesColumn(DataType.Binary);
        source.Save(0, state);
        target.Merge(0, state.Bytes(0));
    }

    static ExactSums Of(IEnumerable<double> values)
    {
        var sums = new ExactSums(new StateMemory());
        sums.Resize(1);
        foreach (var value in values) sums.Add(0, value);
        return sums;
    }

    static double Sum(IEnumerable<double> values) => Of(values).Round(0);

    static double Exact(IEnumerable<double> values) => Rounded(values.Aggregate(BigInteger.Zero, (sum, value) => sum + Scaled(value)));

    /// <summary>A finite double in units of 2^-1074.</summary>
    static BigInteger Scaled(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7ff;
        var mantissa = bits & 0xf_ffff_ffff_ffff | (exponent == 0 ? 0 : 1L << 52);
        return (new BigInteger(mantissa) << Math.Max(0, exponent - 1)) * (bits < 0 ? -1 : 1);
    }

    static double Rounded(BigInteger sum)
    {
        var magnitude = BigInteger.Abs(sum);
        var drop = (int)Math.Max(0, (long)magnitude.GetBitLength() - 53);
        var kept = magnitude >> drop;
        var twiceRest = (magnitude - (kept << drop)) << 1;
        var unit = BigInteger.One << drop;
        if (twiceRest > unit || (twiceRest == unit && !kept.IsEven)) kept++;
        // kept has at most 53 bits (or is 2^53), and the unit is no finer than a subnormal's, so scaling is exact or overflows.
        var result = Math.ScaleB((double)kept, drop - 1074);
        return sum.Sign < 0 ? -result : result;
    }
}
