using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary><c>date_trunc</c> of a date to a part of at least a day.</summary>
readonly struct TruncatedDay(DatePart part) : IMap<int, int>
{
    public static bool IsTotal => false;

    public bool Apply(int value, out int result)
    {
        var first = Instants.FirstDay(value, part);
        result = unchecked((int)first);
        return result == first;
    }
}

/// <summary><c>date_trunc</c> of a timestamp.</summary>
readonly struct TruncatedInstant(DatePart part, long perDay) : IMap<long, long>
{
    readonly long _units = Instants.IsCalendar(part) ? perDay : Math.Max(1, (long)((Int128)perDay * Instants.MicrosOf(part) / Instants.MicrosOf(DatePart.Day)));

    public static bool IsTotal => false;

    public bool Apply(long value, out long result)
    {
        var whole = Instants.FloorDivide(value, _units);
        if (Instants.IsCalendar(part)) whole = Instants.FirstDay(whole, part);
        return Math.BigMul(whole, _units, out result) == result >> 63;
    }
}

/// <summary>A field of the calendar: year, month or day.</summary>
readonly struct CalendarField(DatePart part, long perDay) : IMap<long, long>, IMap<int, long>
{
    static bool IMap<long, long>.IsTotal => true;
    static bool IMap<int, long>.IsTotal => true;

    public bool Apply(long value, out long result)
    {
        var (year, month, day) = TemporalText.CivilFromDays(Instants.FloorDivide(value, perDay));
        result = part switch { DatePart.Year => year, DatePart.Month => month, _ => day };
        return true;
    }

    public bool Apply(int value, out long result) => Apply((long)value, out result);
}

/// <summary>A field of the clock: hour, minute or second.</summary>
readonly struct ClockField(DatePart part, long perSecond) : IMap<long, long>
{
    public static bool IsTotal => true;

    public bool Apply(long value, out long result)
    {
        var second = Instants.FloorDivide(value, perSecond);
        second -= Instants.FloorDivide(second, 86_400) * 86_400;
        result = part switch { DatePart.Hour => second / 3600, DatePart.Minute => second / 60 % 60, _ => second % 60 };
        return true;
    }
}

/// <summary><c>date_diff</c>: how many beginnings of the part lie after the left and up to the right instant, both in units of <paramref name="perDay"/>.</summary>
readonly struct Boundaries(DatePart part, long perDay) : IPairMap<long, long>
{
    readonly Int128 _numerator = Instants.IsCalendar(part) ? 1 : (Int128)Instants.MicrosOf(DatePart.Day) / Instants.MicrosOf(part);

    public static bool IsTotal => false;

    public bool Apply(long left, long right, out long result)
    {
        var difference = Count(right) - Count(left);
        result = unchecked((long)difference);
        return result == difference;
    }

    Int128 Count(long value)
    {
        if (Instants.IsCalendar(part)) return Instants.CountOf(Instants.FloorDivide(value, perDay), part);
        return LaneValue.DivideDown(value * _numerator, perDay).Quotient;
    }
}
