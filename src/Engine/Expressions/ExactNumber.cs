using System.Globalization;
using System.Numerics;

namespace Fanfold.Engine.Expressions;

/// <summary>A number exactly as written, of any magnitude: ± digits × 10^exponent, the digits without leading or trailing zeros.</summary>
/// <param name="IsInteger">Whether it was written without point and exponent.</param>
sealed record ExactNumber(bool IsNegative, string Digits, int Exponent, bool IsInteger)
{
    const int ExponentLimit = 1_000_000;

    public static ExactNumber Parse(ReadOnlySpan<char> text)
    {
        var mark = text.IndexOfAny('e', 'E');
        var mantissa = mark < 0 ? text : text[..mark];
        var exponent = mark < 0 ? 0 : ParseExponent(text[(mark + 1)..]);
        var point = mantissa.IndexOf('.');
        var digits = point < 0 ? mantissa.ToString() : string.Concat(mantissa[..point], mantissa[(point + 1)..]);
        if (point >= 0) exponent -= mantissa.Length - point - 1;
        var significant = digits.TrimEnd('0');
        exponent += digits.Length - significant.Length;
        significant = significant.TrimStart('0');
        return new ExactNumber(false, significant, significant.Length == 0 ? 0 : exponent, mark < 0 && point < 0);
    }

    public ExactNumber Negate() => this with { IsNegative = !IsNegative };

    public int Sign => Digits.Length == 0 ? 0 : IsNegative ? -1 : 1;

    /// <summary>
    /// The largest integer not above this number × 10^<paramref name="scale"/>, and whether it is equal to it; null when it passes an <see cref="Int128"/>.
    /// </summary>
    public (Int128 Floor, bool IsExact)? Scale(int scale)
    {
        var shift = Exponent + scale;
        var cut = Math.Min(Digits.Length, Math.Max(0, -shift));
        var zeros = Math.Max(0, shift);
        if (Digits.Length - cut + zeros > 39 && Digits.Length > 0) return null;
        UInt128 magnitude = 0;
        for (var i = 0; i < Digits.Length - cut + zeros && Digits.Length > 0; i++)
        {
            var digit = (UInt128)(i < Digits.Length - cut ? Digits[i] - '0' : 0);
            if (magnitude > (UInt128.MaxValue - digit) / 10) return null;
            magnitude = magnitude * 10 + digit;
        }
        // The last digit is never 0, so whatever is cut off is more than nothing.
        var isExact = cut == 0;
        if (IsNegative && !isExact) magnitude++;
        var limit = (UInt128)Int128.MaxValue + (IsNegative ? 1u : 0u);
        if (magnitude > limit) return null;
        return (IsNegative ? (Int128)(0 - magnitude) : (Int128)magnitude, isExact);
    }

    /// <summary>The nearest <typeparamref name="T"/>; infinite when it is out of range.</summary>
    public T Nearest<T>() where T : IBinaryFloatingPointIeee754<T> => T.Parse(ToString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>The order of this number, which is written as an integer, and a finite double, compared exactly.</summary>
    public int CompareIntegerTo(double value)
    {
        var digits = BigInteger.Parse(Digits.Length == 0 ? "0" : Digits, NumberStyles.None, CultureInfo.InvariantCulture);
        var exact = digits * BigInteger.Pow(10, Exponent) * (IsNegative ? -1 : 1);
        var order = exact.CompareTo(new BigInteger(value));
        return order != 0 ? order : 0.0.CompareTo(value - Math.Truncate(value));
    }

    public int CompareTo(ExactNumber other)
    {
        if (Sign != other.Sign) return Sign.CompareTo(other.Sign);
        var order = (Digits.Length + Exponent).CompareTo(other.Digits.Length + other.Exponent);
        if (order == 0) order = string.CompareOrdinal(Digits, other.Digits);
        return Math.Sign(order) * Sign;
    }

    public override string ToString() =>
        (IsNegative ? "-" : "") + (Digits.Length == 0 ? "0" : Digits) + (Exponent == 0 ? "" : "e" + Exponent.ToString(CultureInfo.InvariantCulture));

    // Far beyond every type's range, and small enough that sums of exponents and lengths stay integers.
    static int ParseExponent(ReadOnlySpan<char> text)
    {
        var negative = text[0] == '-';
        var value = 0;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c)) value = Math.Min(ExponentLimit, value * 10 + (c - '0'));
        }
        return negative ? -value : value;
    }
}
