using System.Security.Cryptography;
using System.Text;
using Fanfold.Engine.Columns;

namespace Fanfold.Worker;

/// <summary>The folder of a partition, <c>column=value</c>, spelled as Hive, Spark, DuckDB, Polars and pyarrow read it.</summary>
/// <param name="IsExact">False when the value can't be a name: then the folder ends in a digest of it, and the files below must carry the value themselves.</param>
public sealed record HiveFolder(string Name, bool IsExact)
{
    const string NullValue = "__HIVE_DEFAULT_PARTITION__";

    /// <summary>The longest name that every store takes.</summary>
    public const int MaxBytes = 255;

    /// <summary>The longest column, spelled as a folder has it: what is left holds the digest of any value.</summary>
    public const int MaxColumnBytes = 128;

    const int DigestCharacters = 32;

    /// <param name="value">Of the column's type.</param>
    public static HiveFolder Of(string column, in Scalar value)
    {
        var prefix = SpellColumn(column) + "=";
        if (value.IsNull) return new HiveFolder(prefix + NullValue, true);
        var text = value.ToString();
        var exact = value.Type.Kind != TypeKind.String || IsUtf8(value.BytesValue);
        var name = prefix + Spell(text);
        if (exact && Encoding.UTF8.GetByteCount(name) <= MaxBytes) return new HiveFolder(name, true);
        var bytes = value.Type.Lane == Lane.Bytes ? value.BytesValue : Encoding.UTF8.GetBytes(text);
        var digest = "~" + Convert.ToHexStringLower(SHA256.HashData(bytes))[..DigestCharacters];
        return new HiveFolder(prefix + Beginning(text, MaxBytes - Encoding.UTF8.GetByteCount(prefix) - digest.Length) + digest, false);
    }

    /// <summary>A column's name before the <c>=</c>. Only what would break the path is written as <c>%XX</c>, since not all readers decode names.</summary>
    public static string SpellColumn(string column)
    {
        var name = new StringBuilder();
        foreach (var rune in column.EnumerateRunes())
        {
            if (rune.Value is '/' or '\\' or '=' or '%' || Rune.IsControl(rune)) AppendPercent(name, rune);
            else name.Append(rune.ToString());
        }
        return name.ToString();
    }

    static string Spell(string text)
    {
        // Readers look for these before they decode.
        if (text == NullValue || text.Equals("null", StringComparison.OrdinalIgnoreCase)) return $"%{(int)text[0]:X2}{text[1..]}";
        var name = new StringBuilder();
        foreach (var rune in text.EnumerateRunes()) Append(name, rune);
        // Blob Storage does not keep a dot at the end of a name.
        return name.Length > 0 && name[^1] == '.' ? $"{name.ToString(0, name.Length - 1)}%2E" : name.ToString();
    }

    static string Beginning(string text, int bytes)
    {
        var name = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var length = name.Length;
            Append(name, rune);
            if (Encoding.UTF8.GetByteCount(name.ToString()) <= bytes) continue;
            name.Length = length;
            break;
        }
        return name.ToString();
    }

    // Letters outside ASCII stay as they are: Spark decodes each %XX to a character of its own.
    static void Append(StringBuilder name, Rune rune)
    {
        if (rune.IsAscii ? char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value is '-' or '_' or '.' or '~' : !Rune.IsControl(rune)) name.Append(rune.ToString());
        else AppendPercent(name, rune);
    }

    static void AppendPercent(StringBuilder name, Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var b in bytes[..rune.EncodeToUtf8(bytes)]) name.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
    }

    static bool IsUtf8(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);
}
