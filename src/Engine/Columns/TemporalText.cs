using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Fanfold.Engine.Columns;

/// <summary>Text of dates, times, timestamps and decimals over their whole range, which .NET's own types (years 1 to 9999, 100 ns, 28 digits) do not cover.</summary>
public static class TemporalText
{
    const string BeforeChrist = " (BC)";

    /// <summary>The longest text of a date, time or timestamp, in bytes.</summary>
    public const int MaxLength = 64;

    public static long UnitsPerSecond(TimeUnit unit) => unit switch { TimeUnit.Millis => 1_000, TimeUnit.Micros => 1_000_000, _ => 1_000_000_000 };

    /// <summary>Days since 1970-01-01 as <c>yyyy-MM-dd</c> in the proleptic Gregorian calendar; years before 1 are marked <c>(BC)</c>, as PostgreSQL and DuckDB do.</summary>
    public static string Date(long days)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.UTF8.GetString(text[..FormatDate(days, text)]);
    }

    /// <summary><c>HH:mm:ss[.fraction]</c>.</summary>
    public static string Time(long value, TimeUnit unit)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.UTF8.GetString(text[..FormatTime(value, unit, text)]);
    }

    /// <summary><c>yyyy-MM-dd HH:mm:ss[.fraction]</c>.</summary>
    public static string Timestamp(long value, TimeUnit unit)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.UTF8.GetString(text[..FormatTimestamp(value, unit, text)]);
    }

    /// <summary>ISO 8601, with <c>Z</c> for an instant; a year before 1 is marked as DuckDB does, which reads it only before a space.</summary>
    public static string IsoTimestamp(long value, DataType type)
    {
        var text = Timestamp(value, type.Unit);
        if (!text.Contains('(', StringComparison.Ordinal)) text = text.Replace(' ', 'T');
        return type.IsUtc ? text + "Z" : text;
    }

    public static string Decimal(Int128 unscaled, int scale)
    {
        if (scale == 0) return unscaled.ToString(CultureInfo.InvariantCulture);
        var digits = Int128.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return (Int128.IsNegative(unscaled) ? "-" : "") + digits[..^scale] + "." + digits[^scale..];
    }

    /// <summary>Writes what <see cref="Date"/> gives as UTF-8, and returns the number of bytes, at most <see cref="MaxLength"/>.</summary>
    public static int FormatDate(long days, Span<byte> target)
    {
        var (year, month, day) = CivilFromDays(days);
        Utf8.TryWrite(target, CultureInfo.InvariantCulture, $"{(year > 0 ? year : 1 - year):0000}-{month:00}-{day:00}{(year > 0 ? "" : BeforeChrist)}", out var written);
        return written;
    }

    /// <summary>The same for <see cref="Time"/>.</summary>
    public static int FormatTime(long value, TimeUnit unit, Span<byte> target)
    {
        var perSecond = UnitsPerSecond(unit);
        var (seconds, fraction) = Math.DivRem(value, perSecond);
        Utf8.TryWrite(target, CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}", out var written);
        if (fraction == 0) return written;
        target[written++] = (byte)'.';
        for (; fraction > 0; fraction = fraction * 10 % perSecond) target[written++] = (byte)('0' + fraction * 10 / perSecond);
        return written;
    }

    /// <summary>The same for <see cref="Timestamp"/>.</summary>
    public static int FormatTimestamp(long value, TimeUnit unit, Span<byte> target)
    {
        var perDay = UnitsPerSecond(unit) * 86_400;
        var days = Math.DivRem(value, perDay, out var inDay);
        if (inDay < 0) (days, inDay) = (days - 1, inDay + perDay);
        var written = FormatDate(days, target);
        target[written++] = (byte)' ';
        return written + FormatTime(inDay, unit, target[written..]);
    }

    /// <summary>Parses <c>yyyy-MM-dd</c>, optionally with <c>(BC)</c> after it; null when the text is no date.</summary>
    public static long? ParseDate(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var beforeChrist = text.EndsWith(BeforeChrist);
        if (beforeChrist) text = text[..^BeforeChrist.Length];
        if (text.Length < 8 || text[^3] != '-' || text[^6] != '-') return null;
        if (!Digits(text[..^6], out var year) || !Digits(text[^5..^3], out var month) || !Digits(text[^2..], out var day) || year is < 1 or > 5_879_610) return null;
        if (beforeChrist) year = 1 - year;
        var days = DaysFromCivil(year, (int)month, (int)day);
        return month is >= 1 and <= 12 && day >= 1 && CivilFromDays(days) == (year, (int)month, (int)day) ? days : null;
    }

    /// <summary>
    /// Parses a date, optionally followed by a space or <c>T</c>, <c>HH:mm[:ss[.fraction]]</c> and <c>Z</c> or <c>±HH:mm</c>, to the unit; an
    /// offset is applied. Null when the text is no timestamp, is finer than the unit, or is outside its range.
    /// </summary>
    public static long? ParseTimestamp(ReadOnlySpan<char> text, TimeUnit unit) =>
        ParseInstant(text, unit) is { } value && value >= long.MinValue && value <= long.MaxValue ? (long)value : null;

    /// <summary>The same in nanoseconds, over the whole range of dates.</summary>
    public static Int128? ParseTimestampNanos(ReadOnlySpan<char> text) => ParseInstant(text, TimeUnit.Nanos);

    static Int128? ParseInstant(ReadOnlySpan<char> text, TimeUnit unit)
    {
        text = text.Trim();
        var split = text.IndexOfAny(' ', 'T', 't');
        if (split >= 0 && text[split..].StartsWith(BeforeChrist)) split = text.Length > split + BeforeChrist.Length ? split + BeforeChrist.Length : -1;
        if (ParseDate(split < 0 ? text : text[..split]) is not { } days) return null;
        long timeOfDay = 0, offsetMinutes = 0;
        if (split >= 0)
        {
            var time = text[(split + 1)..];
            if (time.Length > 0 && time[^1] is 'Z' or 'z') time = time[..^1];
            else if (time.LastIndexOfAny('+', '-') is > 0 and var sign)
            {
                var offset = time[(sign + 1)..];
                if (offset.Length is not (2 or 5) || !Digits(offset[..2], out var hours) || hours > 23) return null;
                long minutes = 0;
                if (offset.Length == 5 && (offset[2] != ':' || !Digits(offset[3..], out minutes) || minutes > 59)) return null;
                offsetMinutes = (hours * 60 + minutes) * (time[sign] == '-' ? -1 : 1);
                time = time[..sign];
            }
            if (ParseTime(time, unit) is not { } parsed) return null;
            timeOfDay = parsed;
        }
        var perSecond = UnitsPerSecond(unit);
        return (Int128)days * 86_400 * perSecond + timeOfDay - offsetMinutes * 60 * perSecond;
    }

    /// <summary>Parses <c>HH:mm[:ss[.fraction]]</c> to the unit; null when it is no time of day or finer than the unit.</summary>
    public static long? ParseTime(ReadOnlySpan<char> text, TimeUnit unit)
    {
        if (text.Length < 5 || text[2] != ':' || !Digits(text[..2], out var hours) || !Digits(text[3..5], out var minutes)) return null;
        long seconds = 0, fraction = 0;
        var perSecond = UnitsPerSecond(unit);
        if (text.Length > 5)
        {
            if (text.Length < 8 || text[5] != ':' || !Digits(text[6..8], out seconds)) return null;
            if (text.Length > 8)
            {
                if (text[8] != '.' || text.Length == 9) return null;
                var scale = perSecond;
                foreach (var c in text[9..])
                {
                    if (!char.IsAsciiDigit(c) || (scale /= 10) == 0 && c != '0') return null;
                    fraction += (c - '0') * scale;
                }
            }
        }
        return hours > 23 || minutes > 59 || seconds > 59 ? null : (hours * 3600 + minutes * 60 + seconds) * perSecond + fraction;
    }

    /// <summary>Parses a plain decimal number to an unscaled value of the given scale; null when it is none, has more fractional digits, or passes 38 digits.</summary>
    public static Int128? ParseDecimal(ReadOnlySpan<char> text, int scale)
    {
        text = text.Trim();
        var negative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is '-' or '+') text = text[1..];
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var fraction = (point < 0 ? default : text[(point + 1)..]).TrimEnd('0');
        if (whole.Length + fraction.Length == 0 && (point < 0 || text.Length == 1) || fraction.Length > scale) return null;
        whole = whole.TrimStart('0');
        if (whole.Length + scale > 38) return null;
        Int128 value = 0;
        foreach (var c in whole)
        {
            if (!char.IsAsciiDigit(c)) return null;
            value = value * 10 + (c - '0');
        }
        for (var i = 0; i < scale; i++)
        {
            var c = i < fraction.Length ? fraction[i] : '0';
            if (!char.IsAsciiDigit(c)) return null;
            value = value * 10 + (c - '0');
        }
        return negative ? -value : value;
    }

    static bool Digits(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.Length is 0 or > 9) return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c)) return false;
            value = value * 10 + (c - '0');
        }
        return true;
    }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    public static (long Year, int Month, int Day) CivilFromDays(long days)
    {
        days += 719_468;
        var era = (days >= 0 ? days : days - 146_096) / 146_097;
        var dayOfEra = days - era * 146_097;
        var yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var shifted = (5 * dayOfYear + 2) / 153;
        var month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, (int)(dayOfYear - (153 * shifted + 2) / 5 + 1));
    }

    public static long DaysFromCivil(long year, int month, int day)
    {
        year -= month <= 2 ? 1 : 0;
        var era = (year >= 0 ? year : year - 399) / 400;
        var yearOfEra = year - era * 400;
        var dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }
}
