using System.Globalization;
using System.Text;

namespace Fanfold.Engine.Columns;

/// <summary>Reads values from the text that <see cref="Scalar.ToString"/> and CSV files spell them with.</summary>
public static class ValueText
{
    /// <summary>Appends the value that the UTF-8 text spells, never a null; false, with nothing appended, when it spells none of the column's type.</summary>
    public static bool TryAppend(Column column, ReadOnlySpan<byte> text)
    {
        switch (column)
        {
            case BytesColumn bytes when column.Type.Kind == TypeKind.String: bytes.Append(text); return true;
            case Column<long> longs when column.Type.IsInteger && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && column.Type.Kind == TypeKind.Int64: longs.Append(value); return true;
            case Column<double> doubles when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value): doubles.Append(value); return true;
        }
        if (Parse(column.Type, Encoding.UTF8.GetString(text)) is not { } scalar) return false;
        column.Append(scalar);
        return true;
    }

    /// <summary>The value, never a null; nothing when the text spells none of the type.</summary>
    public static Scalar? Parse(DataType type, string text) => type.Kind switch
    {
        TypeKind.Bool => text switch { "true" => Scalar.Bool(true), "false" => Scalar.Bool(false), _ => null },
        TypeKind.Float => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? Scalar.Floating(type, value) : null,
        TypeKind.Double => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? Scalar.Floating(type, value) : null,
        TypeKind.Decimal => Integer(type, TemporalText.ParseDecimal(text, type.Scale)),
        TypeKind.String => Scalar.Bytes(type, Encoding.UTF8.GetBytes(text)),
        TypeKind.Binary => Hex(type, text),
        TypeKind.Uuid => Guid.TryParse(text, out var uuid) ? Scalar.Bytes(type, uuid.ToByteArray(bigEndian: true)) : null,
        TypeKind.Date => Integer(type, TemporalText.ParseDate(text)),
        TypeKind.Time => Integer(type, TemporalText.ParseTime(text, type.Unit)),
        TypeKind.Timestamp => Integer(type, TemporalText.ParseTimestamp(text, type.Unit)),
        _ => Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && InRange(type, value) ? Scalar.Integer(type, value) : null,
    };

    static Scalar? Integer(DataType type, Int128? value) => value is { } there ? Scalar.Integer(type, there) : null;

    static bool InRange(DataType type, Int128 value)
    {
        var (min, max) = type.Range();
        return value >= min && value <= max;
    }

    static Scalar? Hex(DataType type, string text) =>
        text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Scalar.Bytes(type, Convert.FromHexString(text)) : null;
}
