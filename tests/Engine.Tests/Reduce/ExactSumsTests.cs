using System.Numerics;
using CsCheck;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Tests.Expressions;

namespace Fanfold.Engine.Tests.Reduce;

public class ExactSumsTests
{
    static readonly Gen<double[]> Values = new DiceGen<double[]>(dice =>
    {
        var spread = dice.Pick(0, 5, 60, 2000);
        return [.. Enumerable.Range(0, dice.Below(60)).Select(_ => Value(dice, spread))];
    }, values => values.Length);

    static double Value(Dice dice, int spread)
    {
        if (dice.Chance(2)) return dice.Pick(0.0, -0.0, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue);
        var mantissa = 1 + (dice.Bits() >> 12) / (double)(1L << 52);
        return Math.ScaleB(dice.Chance(50) ? mantissa : -mantissa, spread == 0 ? 0 : dice.Below(spread) - spread / 2);
    }

    [Fact]
    public void Round_AnyValues_IsTheTrueSumRoundedOnce() => Values.Sample(values => Same(Reference(values), Sum(values)), iter: 20_000);

    [Fact]
    public void Merge_AnyCutAndOrder_GivesTheSameBits() => Values.Sample(values =>
    {
        var whole = Sum(values);
        for (var cut = 0; cut <= values.Length; cut += 7)
        {
            var left = Accumulate(values[cut..].Reverse());
            left.Merge(0, Accumulate(values[..cut]), 0);
            Same(whole, left.Round(0));
        }
    }, iter: 5_000);

    [Theory]
    [InlineData(new[] { 1.0, double.PositiveInfinity }, double.PositiveInfinity)]
    [InlineData(new[] { double.NegativeInfinity, 1.0 }, double.NegativeInfinity)]
    [InlineData(new[] { double.NegativeInfinity, double.PositiveInfinity }, double.NaN)]
    [InlineData(new[] { double.NaN, 1.0 }, double.NaN)]
    [InlineData(new[] { double.MaxValue, double.MaxValue }, double.PositiveInfinity)]
    [InlineData(new[] { double.MaxValue, double.MaxValue, -double.MaxValue }, double.MaxValue)]
    [InlineData(new double[0], 0.0)]
    public void Round_SpecialValues_FollowIeee754(double[] values, double expected) => Same(expected, Sum(values));

    static void Same(double expected, double actual) => Assert.True(expected.Equals(actual), $"{actual:R} where {expected:R} is right");

    static double Sum(IEnumerable<double> values) => Accumulate(values).Round(0);

    static ExactSums Accumulate(IEnumerable<double> values)
    {
        var sums = new ExactSums();
        sums.Resize(1);
        foreach (var value in values) sums.Add(0, value);
        return sums;
    }

    /// <summary>The sum as a whole number of 2^-1074, rounded to nearest even by hand.</summary>
    static double Reference(double[] values)
    {
        var sum = BigInteger.Zero;
        foreach (var value in values)
        {
            var bits = BitConverter.DoubleToInt64Bits(value);
            var exponent = (int)(bits >> 52) & 0x7ff;
            var mantissa = (bits & 0xf_ffff_ffff_ffff) | (exponent == 0 ? 0 : 1L << 52);
            sum += (bits < 0 ? -1 : 1) * (BigInteger)mantissa << (Math.Max(exponent, 1) - 1);
        }
        var magnitude = BigInteger.Abs(sum);
        var drop = Math.Max(0, (int)magnitude.GetBitLength() - 53);
        var kept = magnitude >> drop;
        var rest = magnitude - (kept << drop);
        var half = drop == 0 ? BigInteger.Zero : BigInteger.One << (drop - 1);
        if (drop > 0 && (rest > half || rest == half && !kept.IsEven)) kept += 1;
        return sum.Sign * Math.ScaleB((double)(long)kept, drop - 1074);
    }
}
