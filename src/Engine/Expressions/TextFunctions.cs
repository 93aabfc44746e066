using System.Buffers;
using System.Text;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Functions of texts. Characters are Unicode code points; ill-formed UTF-8 passes through unchanged where it can.</summary>
static class TextFunctions
{
    public static void Lower(ReadOnlySpan<byte> value, BytesColumn target) => MapCase(value, target, lower: true);

    public static void Upper(ReadOnlySpan<byte> value, BytesColumn target) => MapCase(value, target, lower: false);

    /// <summary>Without the spaces at both ends.</summary>
    public static void Trim(ReadOnlySpan<byte> value, BytesColumn target) => target.Append(value.Trim((byte)' '));

    public static bool Length(ReadOnlySpan<byte> value, out long result)
    {
        result = CountCharacters(value);
        return true;
    }

    /// <summary>The characters from <paramref name="start"/> on, of which 1 is the first and −1 the last; none of them lies before the text's first.</summary>
    /// <param name="length">How many at most, counted from where they would begin.</param>
    public static void Substring(ReadOnlySpan<byte> value, long start, long length, BytesColumn target)
    {
        var first = start > 0 ? start - 1 : start == 0 ? -1 : CountCharacters(value) + start;
        // Neither sum passes the range: lengths come as at most that of a text.
        var end = first + Math.Clamp(length, 0, int.MaxValue);
        var from = SkipCharacters(value, Math.Max(0, first));
        value = value[from..];
        target.Append(value[..SkipCharacters(value, end - Math.Max(0, first))]);
    }

    static void MapCase(ReadOnlySpan<byte> value, BytesColumn target, bool lower)
    {
        if (Ascii.IsValid(value))
        {
            var mapped = target.AppendSpan(value.Length);
            if (lower) Ascii.ToLower(value, mapped, out _);
            else Ascii.ToUpper(value, mapped, out _);
            return;
        }
        // A simple mapping makes three bytes of two at most.
        var buffer = ArrayPool<byte>.Shared.Rent(value.Length * 2);
        var written = 0;
        while (value.Length > 0)
        {
            if (Rune.DecodeFromUtf8(value, out var rune, out var consumed) == OperationStatus.Done)
                written += (lower ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune)).EncodeToUtf8(buffer.AsSpan(written));
            else
            {
                value[..consumed].CopyTo(buffer.AsSpan(written));
                written += consumed;
            }
            value = value[consumed..];
        }
        target.Append(buffer.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(buffer);
    }

    static int CountCharacters(ReadOnlySpan<byte> value)
    {
        var count = 0;
        foreach (var unit in value) count += IsContinuation(unit) ? 0 : 1;
        return count;
    }

    /// <summary>The bytes of the first <paramref name="characters"/> characters; all when there are fewer.</summary>
    static int SkipCharacters(ReadOnlySpan<byte> value, long characters)
    {
        var at = 0;
        for (; characters > 0 && at < value.Length; characters--)
        {
            at++;
            while (at < value.Length && IsContinuation(value[at])) at++;
        }
        return at;
    }

    public static bool IsContinuation(byte unit) => (unit & 0xc0) == 0x80;
}
