using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The units that <c>date_trunc</c> and <c>date_diff</c> count in.</summary>
enum DatePart : byte { Year, Quarter, Month, Week, Day, Hour, Minute, Second, Millisecond, Microsecond }

/// <summary>Calendar arithmetic on instants, which are days or units since 1970-01-01 in the proleptic Gregorian calendar.</summary>
static class Instants
{
    public static readonly string[] PartNames = [.. Enum.GetNames<DatePart>().Select(name => name.ToLowerInvariant())];

    /// <summary>The quotient rounded down; the divisor is positive.</summary>
    public static long FloorDivide(long value, long divisor)
    {
        var quotient = value / divisor;
        return quotient * divisor > value ? quotient - 1 : quotient;
    }

    /// <summary>Whole months since year 0.</summary>
    public static long MonthOf(long days)
    {
        var (year, month, _) = TemporalText.CivilFromDays(days);
        return year * 12 + month - 1;
    }

    /// <summary>The first day of the month, quarter, year or week (from Monday) that a day lies in.</summary>
    public static long FirstDay(long days, DatePart part)
    {
        switch (part)
        {
            case DatePart.Week: return WeekOf(days) * 7 - 3;
            case DatePart.Day: return days;
            default:
                var (year, month, _) = TemporalText.CivilFromDays(days);
                return TemporalText.DaysFromCivil(year, part == DatePart.Year ? 1 : part == DatePart.Quarter ? month - (month - 1) % 3 : month, 1);
        }
    }

    /// <summary>Weeks since that of 1970-01-01, which was a Thursday.</summary>
    public static long WeekOf(long days) => FloorDivide(days + 3, 7);

    /// <summary>How many of the part have begun before the day, from a fixed one on.</summary>
    public static long CountOf(long days, DatePart part) => part switch
    {
        DatePart.Year => FloorDivide(MonthOf(days), 12),
        DatePart.Quarter => FloorDivide(MonthOf(days), 3),
        DatePart.Month => MonthOf(days),
        DatePart.Week => WeekOf(days),
        _ => days,
    };

    /// <summary>The part's microseconds; only for parts up to a day.</summary>
    public static long MicrosOf(DatePart part) => part switch
    {
        DatePart.Day => 86_400_000_000,
        DatePart.Hour => 3_600_000_000,
        DatePart.Minute => 60_000_000,
        DatePart.Second => 1_000_000,
        DatePart.Millisecond => 1_000,
        _ => 1,
    };

    /// <summary>Whether the part is a day or longer.</summary>
    public static bool IsCalendar(DatePart part) => part <= DatePart.Day;
}
