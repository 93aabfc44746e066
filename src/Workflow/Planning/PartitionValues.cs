using System.Globalization;
using System.Numerics;
using Fanfold.Engine.Columns;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>Values as a spec writes them, as values of a column's type. What plans and manifests show of a value is read back as that value.</summary>
static class PartitionValues
{
    /// <summary>Null when the type has no such value.</summary>
    public static Scalar? Read(PartitionValue value, DataType type) => value.Kind switch
    {
        PartitionValueKind.Null => Scalar.Null(type),
        PartitionValueKind.Bool => type.Kind == TypeKind.Bool ? Scalar.Bool(value.Text == "true") : null,
        PartitionValueKind.Number => Number(value.Text!, type),
        _ => Text(value.Text!, type),
    };

    static Scalar? Number(string text, DataType type)
    {
        if (type.IsFloating)
        {
            var number = type.Kind == TypeKind.Float ? float.Parse(text, CultureInfo.InvariantCulture) : double.Parse(text, CultureInfo.InvariantCulture);
            return double.IsFinite(number) ? Scalar.Floating(type, number) : null;
        }
        if (type.Kind == TypeKind.Decimal) return Exact(text, type.Scale) is { } unscaled && Digits(unscaled) <= type.Precision ? Scalar.Integer(type, (Int128)unscaled) : null;
        return type.IsInteger && Exact(text, 0) is { } integer && IsInRange(integer, type) ? Scalar.Integer(type, (Int128)integer) : null;
    }

    static Scalar? Text(string text, DataType type)
    {
        switch (type.Kind)
        {
            case TypeKind.String: return Scalar.String(text);
            case TypeKind.Date: return TemporalText.ParseDate(text) is { } days ? Scalar.Integer(type, days) : null;
            case TypeKind.Time: return TemporalText.ParseTime(text, type.Unit) is { } time ? Scalar.Integer(type, time) : null;
            case TypeKind.Timestamp: return TemporalText.ParseTimestamp(text, type.Unit) is { } instant ? Scalar.Integer(type, instant) : null;
            case TypeKind.Decimal: return TemporalText.ParseDecimal(text, type.Scale) is { } unscaled && Digits(unscaled) <= type.Precision ? Scalar.Integer(type, unscaled) : null;
            case TypeKind.Uuid: return Guid.TryParse(text, out var uuid) ? Scalar.Bytes(type, uuid.ToByteArray(bigEndian: true)) : null;
            case TypeKind.Binary: return text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Scalar.Bytes(type, Convert.FromHexString(text)) : null;
            case TypeKind.Float or TypeKind.Double: return text == "NaN" ? Scalar.Floating(type, double.NaN) : text is "Infinity" or "-Infinity" ? Scalar.Floating(type, double.Parse(text, CultureInfo.InvariantCulture)) : null;
            default: return null;
        }
    }

    /// <summary>How to write a value of the type, as the rest of a sentence.</summary>
    public static string Example(DataType type) => type.Kind switch
    {
        TypeKind.Date => "; write it like \"2024-01-31\"",
        TypeKind.Time => "; write it like \"13:45:00\"",
        TypeKind.Timestamp => "; write it like \"2024-01-31 13:45:00\"",
        TypeKind.Uuid => "; write it like \"6f9619ff-8b86-d011-b42d-00c04fc964ff\"",
        TypeKind.Binary => "; write it in hex, like \"00ff\"",
        TypeKind.String => "; write it in quotes",
        _ => "",
    };

    /// <summary>The value of a JSON number × 10^<paramref name="scale"/>; null when that is no integer or far out of any range.</summary>
    static BigInteger? Exact(string text, int scale)
    {
        var exponentAt = text.IndexOfAny(['e', 'E']);
        var exponent = 0;
        if (exponentAt >= 0 && !int.TryParse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)) return null;
        var mantissa = exponentAt >= 0 ? text[..exponentAt] : text;
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? mantissa : mantissa[..point] + mantissa[(point + 1)..];
        if (digits.Length > 400) return null;
        var value = BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        var shift = (long)exponent + scale - (point < 0 ? 0 : mantissa.Length - point - 1);
        if (value.IsZero) return value;
        if (shift is < -400 or > 400) return null;
        if (shift >= 0) return value * BigInteger.Pow(10, (int)shift);
        var quotient = BigInteger.DivRem(value, BigInteger.Pow(10, (int)-shift), out var remainder);
        return remainder.IsZero ? quotient : null;
    }

    public static bool IsInRange(BigInteger value, DataType integer) => integer.Range() is var (low, high) && value >= (BigInteger)low && value <= (BigInteger)high;

    /// <summary>Whether the JSON number is above all values of the integer type: as the end of a range, after its last value.</summary>
    public static bool IsAbove(string number, DataType type) => type.IsInteger && Exact(number, 0) is { } value && value > (BigInteger)type.Range().Max;

    static int Digits(BigInteger value) => BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture).Length;
}
