using System.Numerics;

namespace Fanfold.Engine.Reduce;

/// <summary>Splits the sum of a few thousand doubles into three that are exact, so that a run of values costs as little as a plain sum.</summary>
/// <remarks>
/// S. M. Rump, T. Ogita, S. Oishi, "Accurate Floating-Point Summation, Part I" (2008), ExtractVector: adding and subtracting a power of two rounds
/// each value to a grid so coarse that the rounded parts add up without error; the remainders, exact too, go to the next finer grid.
/// </remarks>
static class BinnedSum
{
    public const int Bins = 3;

    /// <summary>Bits between one grid and the next; 53 − <see cref="Width"/> bits are left for the carries of <see cref="MaxValues"/> additions.</summary>
    const int Width = 40;
    public const int MaxValues = 1 << (53 - Width);

    /// <summary>Whether <paramref name="bins"/> now hold doubles whose exact sum is that of <paramref name="values"/>; not so for NaN, infinities, and magnitudes too far apart or near the ends of the range.</summary>
    public static bool TrySum(ReadOnlySpan<double> values, Span<double> bins)
    {
        var exponent = Exponent(values);
        if (exponent is < -900 or > 1000) return false;
        var grids = (Grid(exponent), Grid(exponent - Width), Grid(exponent - 2 * Width));
        var (coarse, middle, fine) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
        var lost = Vector<double>.Zero;
        var at = 0;
        for (; at <= values.Length - Vector<double>.Count; at += Vector<double>.Count)
        {
            var value = new Vector<double>(values[at..]);
            value -= Take(value, grids.Item1, ref coarse);
            value -= Take(value, grids.Item2, ref middle);
            if (Vector.EqualsAll(value, Vector<double>.Zero)) continue;
            value -= Take(value, grids.Item3, ref fine);
            lost = Vector.BitwiseOr(lost, value);
        }
        var rest = 0.0;
        var (coarseRest, middleRest, fineRest) = (0.0, 0.0, 0.0);
        foreach (var value in values[at..])
        {
            var left = value;
            left -= Take(left, grids.Item1, ref coarseRest);
            left -= Take(left, grids.Item2, ref middleRest);
            left -= Take(left, grids.Item3, ref fineRest);
            rest += Math.Abs(left);
        }
        bins[0] = Vector.Sum(coarse) + coarseRest;
        bins[1] = Vector.Sum(middle) + middleRest;
        bins[2] = Vector.Sum(fine) + fineRest;
        return rest == 0 && Vector.EqualsAll(lost, Vector<double>.Zero) && double.IsFinite(bins[0]);
    }

    /// <summary>An exponent above that of every value; NaN is passed over, and shows in the sum.</summary>
    static int Exponent(ReadOnlySpan<double> values)
    {
        var largest = Vector<double>.Zero;
        for (; values.Length >= Vector<double>.Count; values = values[Vector<double>.Count..]) largest = Vector.MaxNative(largest, Vector.Abs(new Vector<double>(values)));
        var most = 0.0;
        for (var i = 0; i < Vector<double>.Count; i++) most = Math.Max(most, largest[i]);
        foreach (var value in values) most = Math.Max(most, Math.Abs(value));
        return ((int)(BitConverter.DoubleToInt64Bits(most) >> 52) & 0x7ff) - 1022;
    }

    /// <summary>What rounds values below 2^<paramref name="exponent"/> to multiples of 2^(<paramref name="exponent"/> − <see cref="Width"/>) when it is added and subtracted.</summary>
    static double Grid(int exponent) => Math.ScaleB(1.5, exponent + 52 - Width);

    static Vector<double> Take(Vector<double> value, double grid, ref Vector<double> sum)
    {
        var multiples = value + new Vector<double>(grid) - new Vector<double>(grid);
        sum += multiples;
        return multiples;
    }

    static double Take(double value, double grid, ref double sum)
    {
        var multiple = value + grid - grid;
        sum += multiple;
        return multiple;
    }
}
