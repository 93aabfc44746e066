using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Fanfold.Engine.Columns;

namespace Fanfold.Workflow.Planning;

/// <summary>A Hive-style key of a file's path: a folder <c>name=value</c>.</summary>
/// <param name="Value">Decoded; null for Hive's name of the null partition.</param>
/// <param name="IsUnicode">False when the decoded value is no UTF-8; then <paramref name="Value"/> is the text as it stands in the path.</param>
sealed record PathKey(string Name, string? Value, bool IsUnicode);

/// <summary>Reads the keys of paths, and their values as values of a type.</summary>
static class PathKeys
{
    /// <summary>What Hive, Spark, DuckDB and pyarrow write for null. Spark and Hive write it for the empty string too.</summary>
    const string NullPartition = "__HIVE_DEFAULT_PARTITION__";

    /// <summary>The keys of <paramref name="path"/> between <paramref name="folder"/> and the file name, in their order.</summary>
    public static IReadOnlyList<PathKey> Of(string folder, string path)
    {
        if (path.Length <= folder.Length) return [];
        var keys = new List<PathKey>();
        foreach (var segment in path[(folder.Length + 1)..].Split('/')[..^1])
        {
            var equals = segment.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) continue;
            var raw = segment[(equals + 1)..];
            var value = Decode(raw);
            keys.Add(new PathKey(Decode(segment[..equals]) ?? segment[..equals], raw == NullPartition ? null : value ?? raw, value is not null));
        }
        return keys;
    }

    /// <summary>
    /// The narrowest of int64, date and string whose values are written exactly like these: "007" and "1e3" are strings, since as numbers they
    /// would not give their text back. Nulls fit every type.
    /// </summary>
    public static DataType TypeOf(IReadOnlyCollection<string?> values) =>
        values.All(value => Read(value, DataType.Int64) is not null) ? DataType.Int64
        : values.All(value => Read(value, DataType.Date) is not null) ? DataType.Date
        : DataType.String;

    /// <summary>The value of the type that is written like <paramref name="text"/>; null when there is none.</summary>
    public static Scalar? Read(string? text, DataType type)
    {
        if (text is null) return Scalar.Null(type);
        if (type.Kind == TypeKind.String) return Scalar.String(text);
        if (type.IsInteger)
        {
            return Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && PartitionValues.IsInRange(number, type) && number.ToString(CultureInfo.InvariantCulture) == text
                ? Scalar.Integer(type, number)
                : null;
        }
        return type.Kind == TypeKind.Date && TemporalText.ParseDate(text) is { } days && TemporalText.Date(days) == text ? Scalar.Integer(type, days) : null;
    }

    /// <summary>Whether a folder's name can be held against values of the type.</summary>
    public static bool IsComparable(DataType type) => type.IsInteger || type.Kind is TypeKind.Date or TypeKind.String;

    /// <summary>The value of a comparable type that the text means, written like it or not, as in <c>month=01</c>; null when there is none.</summary>
    public static Scalar? Find(string? text, DataType type) =>
        type.IsInteger && Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? Scalar.Integer(type, number) : Read(text, type);

    /// <summary>Percent-sequences as the bytes of UTF-8 that they stand for; a percent sign without two hex digits is itself. Null when that is no UTF-8.</summary>
    static string? Decode(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '%' && i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]))
            {
                bytes[length++] = Convert.FromHexString(Encoding.ASCII.GetString(bytes, i + 1, 2))[0];
                i += 2;
            }
            else bytes[length++] = bytes[i];
        }
        var decoded = bytes.AsSpan(0, length);
        return Utf8.IsValid(decoded) ? Encoding.UTF8.GetString(decoded) : null;
    }
}
