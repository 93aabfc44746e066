using System.Numerics;

namespace Fanfold.Engine.Reduce;

/// <summary>The sample variance from exact sums: (n·Σx² − (Σx)²) / (n·(n − 1)) in integers, rounded at the end, so that nothing cancels.</summary>
static class ExactVariance
{
    /// <summary>Bits of the quotient that is rounded: more than a double holds, and as many as fit.</summary>
    const int QuotientBits = 120;

    /// <param name="sum">Σx as a value × 2^exponent.</param>
    /// <param name="squares">Σx², likewise.</param>
    /// <param name="count">At least two.</param>
    /// <param name="scale">Decimal places: the values are x × 10^−scale.</param>
    /// <param name="root">Whether the standard deviation is asked for.</param>
    public static double Of((BigInteger Value, int Exponent) sum, (BigInteger Value, int Exponent) squares, long count, int scale, bool root)
    {
        var exponent = Math.Min(squares.Exponent, 2 * sum.Exponent);
        var numerator = ((squares.Value * count) << (squares.Exponent - exponent)) - ((sum.Value * sum.Value) << (2 * sum.Exponent - exponent));
        if (numerator.Sign <= 0) return 0;
        var denominator = (BigInteger)count * (count - 1) * BigInteger.Pow(10, 2 * scale);
        var shift = QuotientBits - (int)(numerator.GetBitLength() - denominator.GetBitLength());
        // A square root halves the exponent.
        if (root && (exponent - shift & 1) != 0) shift--;
        if (shift >= 0) numerator <<= shift;
        else denominator <<= -shift;
        var quotient = BigInteger.DivRem(numerator, denominator, out var rest);
        exponent -= shift;
        return root ? Math.ScaleB(Math.Sqrt(Rounding.ToDouble((UInt128)quotient, 0, !rest.IsZero)), exponent / 2) : Rounding.ToDouble((UInt128)quotient, exponent, !rest.IsZero);
    }
}
