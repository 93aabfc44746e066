using System.Globalization;
using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>A value with nothing rounded: a fraction, an infinity, NaN, or bytes. Times are fractions of seconds.</summary>
sealed record ExactValue(int Rank, BigInteger Numerator, BigInteger Denominator, byte[]? Bytes = null) : IComparable<ExactValue>
{
    public static ExactValue Of(BigInteger numerator, BigInteger denominator) => new(0, numerator, denominator);

    public static ExactValue OfBytes(byte[] bytes) => new(0, 0, 1, bytes);

    public static ExactValue Of(double value)
    {
        if (double.IsNaN(value)) return new(2, 0, 1);
        if (double.IsInfinity(value)) return new(Math.Sign(value), 0, 1);
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52 & 0x7FF);
        var mantissa = bits & 0xF_FFFF_FFFF_FFFF | (exponent > 0 ? 1L << 52 : 0);
        var power = Math.Max(1, exponent) - 1075;
        var signed = new BigInteger(value < 0 ? -mantissa : mantissa);
        return power >= 0 ? Of(signed << power, 1) : Of(signed, BigInteger.One << -power);
    }

    public static ExactValue? Of(Scalar value)
    {
        if (value.IsNull) return null;
        BigInteger integer = value.IntegerValue;
        return value.Type.Kind switch
        {
            TypeKind.Float or TypeKind.Double => Of(value.FloatingValue),
            TypeKind.String or TypeKind.Binary or TypeKind.Uuid => OfBytes(value.BytesValue.ToArray()),
            TypeKind.Decimal => Of(integer, BigInteger.Pow(10, value.Type.Scale)),
            TypeKind.Date => Of(integer * 86_400, 1),
            TypeKind.Time or TypeKind.Timestamp => Of(integer, TemporalText.UnitsPerSecond(value.Type.Unit)),
            _ => Of(integer, 1),
        };
    }

    /// <summary>A number as written, rounded only as documented: with a point or exponent, to a floating type.</summary>
    public static ExactValue OfNumber(string text, DataType type)
    {
        if (text.AsSpan().IndexOfAny(".eE") >= 0 && type.IsFloating)
        {
            var rounded = type.Kind == TypeKind.Float ? float.Parse(text, CultureInfo.InvariantCulture) : double.Parse(text, CultureInfo.InvariantCulture);
            if (!double.IsInfinity(rounded)) return Of(rounded);
        }
        var mark = text.AsSpan().IndexOfAny('e', 'E');
        var exponent = mark < 0 ? 0 : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = mark < 0 ? text : text[..mark];
        var point = mantissa.IndexOf('.');
        if (point >= 0) exponent -= mantissa.Length - point - 1;
        var digits = BigInteger.Parse(mantissa.Replace(".", ""), CultureInfo.InvariantCulture);
        return exponent >= 0 ? Of(digits * BigInteger.Pow(10, exponent), 1) : Of(digits, BigInteger.Pow(10, -exponent));
    }

    public int CompareTo(ExactValue? other)
    {
        if (Bytes is not null) return Bytes.AsSpan().SequenceCompareTo(other!.Bytes);
        return Rank != other!.Rank || Rank != 0 ? Rank.CompareTo(other.Rank) : (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);
    }
}
