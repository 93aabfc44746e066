using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Fanfold.Workflow.Spec;

/// <summary>Decides whether bytes are a JSON document that can be walked: strict JSON, valid Unicode, of bounded size and depth.</summary>
static class JsonSyntax
{
    public const int MaxBytes = 1 << 20, MaxDepth = 16;

    /// <summary>Comments, trailing commas and any text after the document are refused; this is not the place for duplicate names.</summary>
    /// <param name="utf8">Without a byte order mark.</param>
    /// <returns>Null when every string of the document can be read without an exception.</returns>
    public static SpecError? FindFault(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes) return new(SpecErrorCode.TooLarge, "", $"The spec has more than {MaxBytes:N0} bytes, the most that are read.");
        if (utf8.Trim(" \t\r\n"u8).IsEmpty)
            return new(SpecErrorCode.InvalidJson, "", "The spec is empty, at line 1, column 1: write a JSON object.");
        if (!Utf8.IsValid(utf8)) return Invalid(utf8, InvalidByte(utf8), "the bytes are not UTF-8: save the file as UTF-8");
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= MaxDepth)
                {
                    var place = Place(utf8, (int)reader.TokenStartIndex);
                    return new(SpecErrorCode.TooDeep, "", $"The spec is nested deeper than {MaxDepth} levels, at {place}; no field needs that.");
                }
                if (reader.ValueIsEscaped) reader.GetString();
            }
            return null;
        }
        catch (JsonException exception)
        {
            var offset = Offset(utf8, exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0);
            return Invalid(utf8, offset, Reason(utf8, offset, exception));
        }
        catch (InvalidOperationException)
        {
            return Invalid(utf8, (int)reader.TokenStartIndex,
                "an escape such as \\ud800 is half of a surrogate pair and no character: write both halves, or the character itself");
        }
    }

    static SpecError Invalid(ReadOnlySpan<byte> utf8, int offset, string reason) =>
        new(SpecErrorCode.InvalidJson, "", $"The spec is not valid JSON at {Place(utf8, offset)}: {reason}.");

    static string Reason(ReadOnlySpan<byte> utf8, int offset, JsonException exception)
    {
        if (offset >= utf8.Length) return "the text ends too early: a bracket or a quote is not closed";
        var before = utf8[..offset].TrimEnd(" \t\r\n"u8);
        return utf8[offset] switch
        {
            (byte)'/' or (byte)'#' => "JSON has no comments: remove it",
            (byte)'\'' => "JSON takes double quotes around names and strings",
            (byte)'}' or (byte)']' when before.EndsWith(","u8) => "remove the comma before the closing bracket",
            < 0x20 => "a line break, tab or control character stands inside a string or where a value is needed: write it as an escape such as \\n",
            _ => Quoted.Clip(exception.Message.Split(" LineNumber:")[0].TrimEnd('.')),
        };
    }

    static int InvalidByte(ReadOnlySpan<byte> utf8)
    {
        var offset = 0;
        while (Rune.DecodeFromUtf8(utf8[offset..], out _, out var length) == System.Buffers.OperationStatus.Done) offset += length;
        return offset;
    }

    static int Offset(ReadOnlySpan<byte> utf8, long line, long byteInLine)
    {
        var offset = 0;
        for (; line > 0 && utf8[offset..].IndexOf((byte)'\n') is >= 0 and var length; line--) offset += length + 1;
        return (int)Math.Min(offset + byteInLine, utf8.Length);
    }

    static string Place(ReadOnlySpan<byte> utf8, int offset)
    {
        var before = utf8[..offset];
        var column = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
        return $"line {before.Count((byte)'\n') + 1}, column {column}";
    }
}
