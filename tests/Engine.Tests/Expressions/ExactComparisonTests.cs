using System.Globalization;
using System.Numerics;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class ExactComparisonTests
{
    [Theory]
    [InlineData(-2.0654666E-33, "-1", 38, -1)]
    [InlineData(-1e-39, "-1", 38, 1)]
    [InlineData(-double.Epsilon, "0", 38, -1)]
    [InlineData(double.Epsilon, "1", 38, -1)]
    [InlineData(0.1, "1", 1, 1)]
    [InlineData(0.3, "3", 1, -1)]
    [InlineData(0.5, "5", 1, 0)]
    [InlineData(-0.0, "0", 5, 0)]
    [InlineData(9007199254740992, "9007199254740993", 0, -1)]
    [InlineData(-170141183460469231731687303715884105728.0, "-170141183460469231731687303715884105728", 0, 0)]
    [InlineData(170141183460469231731687303715884105728.0, "170141183460469231731687303715884105727", 0, 1)]
    [InlineData(double.NegativeInfinity, "-170141183460469231731687303715884105728", 0, -1)]
    [InlineData(double.NaN, "170141183460469231731687303715884105727", 0, 1)]
    public void Compare_DoubleAndDecimal_RoundsNothing(double floating, string unscaled, int scale, int order) =>
        Assert.Equal(order, FloatingExactComparison.Compare(floating, Int128.Parse(unscaled, CultureInfo.InvariantCulture), DataType.PowerOfTen(scale)));

    [Fact]
    public void Compare_NearNeighbours_EqualsFractions() =>
        new DiceGen<(double Floating, Int128 Unscaled, int Scale)>(
            dice =>
            {
                var scale = dice.Below(39);
                var unscaled = new Int128(dice.Bits(), dice.Bits()) >> dice.Below(128);
                var near = (double)unscaled / Math.Pow(10, scale);
                return (dice.Below(4) switch { 0 => -near, 1 => BitConverter.UInt64BitsToDouble(dice.Bits()), 2 => Math.BitIncrement(near), _ => near }, unscaled, scale);
            },
            _ => 1).Sample(made => Math.Sign(ExactValue.Of(made.Floating).CompareTo(ExactValue.Of((BigInteger)made.Unscaled, BigInteger.Pow(10, made.Scale))))
                == FloatingExactComparison.Compare(made.Floating, made.Unscaled, DataType.PowerOfTen(made.Scale)), iter: Soak.Cases(20_000));
}
