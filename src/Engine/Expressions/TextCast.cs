using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Unicode;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Casts to and from texts.</summary>
static class TextCast
{
    /// <summary>The longest text of a fixed-width value, in bytes.</summary>
    public const int MaxLength = 64;

    /// <summary>The longest text that is read as a number, date or other fixed-width value.</summary>
    const int MaxRead = 1024;

    static readonly SearchValues<char> DigitsAndPoint = SearchValues.Create("0123456789.");

    /// <summary>Null when values of the type have no text.</summary>
    public static ValueExpression? ToText(ValueExpression operand)
    {
        var type = operand.Type;
        return type.Kind switch
        {
            TypeKind.Bool => new TextFormatExpression<byte>(operand, static (value, target) => Copy(value != 0 ? "true"u8 : "false"u8, target)),
            TypeKind.Float => new TextFormatExpression<float>(operand, static (value, target) => Floating(value, target)),
            TypeKind.Double => new TextFormatExpression<double>(operand, static (value, target) => Floating(value, target)),
            TypeKind.UInt64 => new TextFormatExpression<ulong>(operand, static (value, target) => Number(value, target)),
            TypeKind.Date => new TextFormatExpression<int>(operand, static (value, target) => TemporalText.FormatDate(value, target)),
            TypeKind.Time => new TextFormatExpression<long>(operand, (value, target) => TemporalText.FormatTime(value, type.Unit, target)),
            TypeKind.Timestamp => new TextFormatExpression<long>(operand, (value, target) => TemporalText.FormatTimestamp(value, type.Unit, target)),
            TypeKind.Decimal when type.Lane == Lane.Int128 => new TextFormatExpression<Int128>(operand, (value, target) => Decimal(value, type.Scale, target)),
            TypeKind.Decimal => new TextFormatExpression<long>(operand, (value, target) => Decimal(value, type.Scale, target)),
            TypeKind.Uuid => new TextExpression(operand, static (value, target) => new Guid(value, bigEndian: true).TryFormat(target.AppendSpan(36), out _)),
            TypeKind.Binary => null,
            _ => type.Lane == Lane.Int32 ? new TextFormatExpression<int>(operand, static (value, target) => Number(value, target)) : new TextFormatExpression<long>(operand, static (value, target) => Number(value, target)),
        };
    }

    /// <summary>Null when no text is one of the type's values.</summary>
    public static ValueExpression? FromText(ValueExpression operand, DataType to, string? failure)
    {
        switch (to.Kind)
        {
            case TypeKind.Bool: return new TextMeasureExpression<byte>(operand, to, ReadBool, failure);
            case TypeKind.Float: return new TextMeasureExpression<float>(operand, to, ReadFloating, failure);
            case TypeKind.Double: return new TextMeasureExpression<double>(operand, to, ReadFloating, failure);
            case TypeKind.Date: return Chars<int>((text, out result) => Narrow(TemporalText.ParseDate(text), out result));
            case TypeKind.Time: return Chars<long>((text, out result) => Narrow(TemporalText.ParseTime(text.Trim(), to.Unit), out result));
            case TypeKind.Timestamp: return Chars<long>((text, out result) => Narrow(TemporalText.ParseTimestamp(text, to.Unit), out result));
            case TypeKind.Uuid: return null;
        }
        if (!to.IsNumeric) return null;
        var (min, max) = to.Range();
        return to.Lane switch
        {
            Lane.Int32 => Chars<int>((text, out result) => ReadExact(text, to.Scale, min, max, out result)),
            Lane.Int64 => Chars<long>((text, out result) => ReadExact(text, to.Scale, min, max, out result)),
            Lane.UInt64 => Chars<ulong>((text, out result) => ReadExact(text, to.Scale, min, max, out result)),
            _ => Chars<Int128>((text, out result) => ReadExact(text, to.Scale, min, max, out result)),
        };

        TextMeasureExpression<T> Chars<T>(CharsMeasure<T> read) where T : unmanaged => new(operand, to, (ReadOnlySpan<byte> value, out T result) =>
        {
            result = default;
            Span<char> chars = stackalloc char[MaxRead];
            return value.Length <= MaxRead && Encoding.UTF8.TryGetChars(value, chars, out var length) && read(chars[..length], out result);
        }, failure);
    }

    delegate bool CharsMeasure<T>(ReadOnlySpan<char> text, out T result);

    static bool Narrow<TIn, T>(TIn? value, out T result) where TIn : struct, INumber<TIn> where T : struct, INumber<T>
    {
        result = value is { } known ? T.CreateTruncating(known) : default;
        return value is { } exact && TIn.CreateTruncating(result) == exact;
    }

    /// <summary>A number in digits with a point or without, rounded half away from zero to the scale; an exponent is no part of it.</summary>
    static bool ReadExact<T>(ReadOnlySpan<char> text, int scale, Int128 min, Int128 max, out T result) where T : INumber<T>
    {
        result = T.Zero;
        text = text.Trim();
        var negative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is '-' or '+') text = text[1..];
        if (!text.ContainsAnyInRange('0', '9') || text.ContainsAnyExcept(DigitsAndPoint) || text.Count('.') > 1) return false;
        var number = ExactNumber.Parse(text);
        if (number.Scale(scale) is not var (value, isExact)) return false;
        // The next digit alone decides, since halves go away from zero.
        if (!isExact && number.Scale(scale + 1) is var (tenths, _)) value = (tenths + 5) / 10;
        if (negative) value = -value;
        if (value < min || value > max) return false;
        result = T.CreateTruncating(value);
        return true;
    }

    static bool ReadFloating<T>(ReadOnlySpan<byte> text, out T result) where T : IFloatingPointIeee754<T>
    {
        text = text.Trim(" \t\r\n\f\v"u8);
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out result!)) return !T.IsInfinity(result) || !text.ContainsAnyInRange((byte)'0', (byte)'9');
        var sign = text.Length > 0 && text[0] == '-' ? -T.One : T.One;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+') text = text[1..];
        result = Ascii.EqualsIgnoreCase(text, "nan"u8) ? T.NaN : sign * T.PositiveInfinity;
        return T.IsNaN(result) || Ascii.EqualsIgnoreCase(text, "inf"u8) || Ascii.EqualsIgnoreCase(text, "infinity"u8);
    }

    static bool ReadBool(ReadOnlySpan<byte> text, out byte result)
    {
        text = text.Trim((byte)' ');
        result = (byte)(Ascii.EqualsIgnoreCase(text, "true"u8) || Ascii.EqualsIgnoreCase(text, "t"u8) || text.SequenceEqual("1"u8) ? 1 : 0);
        return result == 1 || Ascii.EqualsIgnoreCase(text, "false"u8) || Ascii.EqualsIgnoreCase(text, "f"u8) || text.SequenceEqual("0"u8);
    }

    static int Copy(ReadOnlySpan<byte> text, Span<byte> target)
    {
        text.CopyTo(target);
        return text.Length;
    }

    static int Number<T>(T value, Span<byte> target) where T : IUtf8SpanFormattable
    {
        value.TryFormat(target, out var written, default, CultureInfo.InvariantCulture);
        return written;
    }

    /// <summary>The shortest text that reads back as the same value, with a point or an exponent.</summary>
    static int Floating<T>(T value, Span<byte> target) where T : IFloatingPointIeee754<T>
    {
        if (T.IsNaN(value)) return Copy("nan"u8, target);
        if (T.IsInfinity(value)) return Copy(T.IsNegative(value) ? "-inf"u8 : "inf"u8, target);
        var length = Number(value, target);
        if (target[..length].ContainsAny((byte)'.', (byte)'E')) return length;
        ".0"u8.CopyTo(target[length..]);
        return length + 2;
    }

    static int Decimal(Int128 unscaled, int scale, Span<byte> target)
    {
        var (whole, fraction) = UInt128.DivRem(unscaled < 0 ? (UInt128)(-unscaled) : (UInt128)unscaled, (UInt128)DataType.PowerOfTen(scale));
        Utf8.TryWrite(target, CultureInfo.InvariantCulture, $"{(unscaled < 0 ? "-" : "")}{whole}", out var written);
        if (scale == 0) return written;
        target[written++] = (byte)'.';
        for (var digit = written + scale - 1; digit >= written; digit--) (fraction, target[digit]) = (fraction / 10, (byte)('0' + (int)(fraction % 10)));
        return written + scale;
    }
}
