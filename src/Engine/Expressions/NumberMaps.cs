using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>NaN of a negative number.</summary>
readonly struct SquareRoot : IMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double value, out double result)
    {
        result = Math.Sqrt(value);
        return true;
    }
}

/// <summary>−∞ of zero, NaN of a negative number.</summary>
readonly struct NaturalLogarithm : IMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double value, out double result)
    {
        result = Math.Log(value);
        return true;
    }
}

readonly struct Exponential : IMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double value, out double result)
    {
        result = Math.Exp(value);
        return true;
    }
}

/// <summary>Rounded to digits behind the point, or before it where they are negative; halves away from zero.</summary>
readonly struct RoundedDouble(int digits) : IMap<double, double>
{
    readonly double _factor = Math.Pow(10, Math.Abs(digits));
    readonly bool _isBefore = digits < 0;

    public static bool IsTotal => true;

    public bool Apply(double value, out double result)
    {
        result = _isBefore
            ? Math.Round(value / _factor, MidpointRounding.AwayFromZero) * _factor
            : Math.Round(value * _factor, MidpointRounding.AwayFromZero) / _factor;
        // Of numbers too large for the factor there is nothing behind the point to round.
        if (!double.IsFinite(result)) result = value;
        return true;
    }
}

/// <summary>A whole number of unscaled <paramref name="scale"/>, rounded to <paramref name="zeros"/> zeros at its end; halves away from zero.</summary>
readonly struct RoundedWhole<T>(int zeros, int scale) : IMap<T, T> where T : INumber<T>
{
    readonly Int128 _divisor = zeros + scale <= 38 ? DataType.PowerOfTen(zeros + scale) : 0;
    readonly Int128 _factor = zeros + scale <= 38 ? DataType.PowerOfTen(zeros) : 0;

    public static bool IsTotal => false;

    public bool Apply(T value, out T result)
    {
        result = T.Zero;
        if (_divisor == 0) return true;
        var rounded = NumericCast.RoundAway(Int128.CreateTruncating(value), _divisor) * _factor;
        result = T.CreateTruncating(rounded);
        return Int128.CreateTruncating(result) == rounded && Arithmetic.IsDecimal(rounded);
    }
}

readonly struct WholeDouble(MidpointRounding direction) : IMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double value, out double result)
    {
        result = direction == MidpointRounding.ToNegativeInfinity ? Math.Floor(value) : Math.Ceiling(value);
        return true;
    }
}

readonly struct WholeDecimal(int scale, MidpointRounding direction) : IMap<Int128, Int128>
{
    readonly Int128 _divisor = DataType.PowerOfTen(scale);

    public static bool IsTotal => true;

    public bool Apply(Int128 value, out Int128 result)
    {
        var (quotient, remainder) = LaneValue.DivideDown(value, _divisor);
        result = direction == MidpointRounding.ToPositiveInfinity && remainder != 0 ? quotient + 1 : quotient;
        return true;
    }
}
