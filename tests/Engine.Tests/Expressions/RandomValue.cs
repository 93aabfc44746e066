using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>An expression as it is written here and in DuckDB, which names a few things differently or computes them in narrower types.</summary>
sealed record TwoTexts(string Ours, string DuckDb)
{
    public static TwoTexts Same(string text) => new(text, text);

    public static TwoTexts Format(string ours, string duckDb, params TwoTexts[] parts) =>
        new(string.Format(null, ours, [.. parts.Select(part => part.Ours)]), string.Format(null, duckDb, [.. parts.Select(part => part.DuckDb)]));

    public static TwoTexts Format(string both, params TwoTexts[] parts) => Format(both, both, parts);
}

/// <summary>Random expressions over the columns of <see cref="DuckDbTable"/>, by the kind of their value.</summary>
sealed class RandomValue(Dice dice)
{
    static readonly string[] Parts = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];

    // DuckDB counts whole weeks from the one instant to the other, and not the Mondays between them.
    static readonly string[] DiffParts = [.. Parts.Except(["week"])];

    public TwoTexts Any(int depth) => dice.Below(7) switch
    {
        0 or 1 => Integer(depth),
        2 => Double(depth),
        3 => Decimal(depth),
        4 => Text(depth),
        5 => dice.Chance(50) ? Day(depth) : Instant(depth),
        _ => Truth(depth),
    };

    TwoTexts Integer(int depth)
    {
        if (depth == 0)
        {
            return dice.Below(4) switch
            {
                0 => new("i", "i::bigint"),
                1 => TwoTexts.Same("l"),
                2 => new("length(s)", "length(s)::bigint"),
                _ => Literal(dice.Pick("0", "1", "2", "7", "-3", "2147483648")),
            };
            static TwoTexts Literal(string text) => new(text, $"{text}::bigint");
        }
        return dice.Below(12) switch
        {
            0 => TwoTexts.Format("({0} + {1})", Integer(depth - 1), Integer(depth - 1)),
            1 => TwoTexts.Format("({0} - {1})", Integer(depth - 1), Integer(depth - 1)),
            2 => TwoTexts.Format("({0} * {1})", Integer(depth - 1), Integer(0)),
            3 => TwoTexts.Format("({0} // {1})", Integer(depth - 1), Integer(0)),
            4 => TwoTexts.Format("({0} % {1})", Integer(depth - 1), Integer(0)),
            5 => TwoTexts.Format("abs(- {0})", Integer(depth - 1)),
            6 => Common(Integer, depth),
            7 => TwoTexts.Format("date_diff('" + dice.Pick(DiffParts) + "', {0}, {1})", Instant(depth - 1), dice.Chance(50) ? Instant(depth - 1) : new("day", "day::timestamp")),
            8 => TwoTexts.Format(dice.Pick("year", "month", "day") + "({0})", dice.Chance(50) ? Day(depth - 1) : Instant(depth - 1)),
            9 => TwoTexts.Format(dice.Pick("hour", "minute", "second") + "({0})", Instant(depth - 1)),
            10 => TwoTexts.Format("try_cast({0} as int64)", "try_cast({0} as bigint)", dice.Chance(50) ? Double(depth - 1) : Decimal(depth - 1)),
            _ => TwoTexts.Format("cast({0} as int64)", "cast({0} as bigint)", Truth(depth - 1)),
        };
    }

    TwoTexts Double(int depth)
    {
        if (depth == 0) return dice.Chance(60) ? TwoTexts.Same("d") : dice.Chance(50) ? new("0.5", "0.5::double") : new("2.5e1", "25.0::double");
        return dice.Below(12) switch
        {
            0 => TwoTexts.Format("({0} + {1})", Double(depth - 1), Double(depth - 1)),
            1 => TwoTexts.Format("({0} - {1})", Double(depth - 1), Double(depth - 1)),
            2 => TwoTexts.Format("({0} * {1})", Double(depth - 1), Double(depth - 1)),
            3 => TwoTexts.Format("({0} / {1})", "({0} / {1})", dice.Chance(50) ? Double(depth - 1) : Integer(depth - 1), Integer(depth - 1)),
            4 => TwoTexts.Format("floor({0})", Double(depth - 1)),
            5 => TwoTexts.Format("ceil(- {0})", Double(depth - 1)),
            6 => TwoTexts.Format("sqrt(abs({0}))", Double(depth - 1)),
            7 => TwoTexts.Format("ln(abs({0}) + 1)", Double(depth - 1)),
            8 => TwoTexts.Format("round({0}, " + dice.Pick("0", "1", "2") + ")", Double(depth - 1)),
            // DuckDB rounds NaN and infinities to 0 before the point.
            9 => TwoTexts.Format("round({0}, -1)", "case when isfinite({0}) then round({0}, -1) else {0} end", Double(0)),
            10 => Common(Double, depth),
            _ => TwoTexts.Format("cast({0} as double)", dice.Chance(50) ? Integer(depth - 1) : Decimal(depth - 1)),
        };
    }

    TwoTexts Decimal(int depth)
    {
        if (depth == 0) return dice.Chance(70) ? TwoTexts.Same("m") : new("cast(0.25 as decimal(9,2))", "0.25::decimal(9,2)");
        return dice.Below(9) switch
        {
            0 => TwoTexts.Format("({0} + {1})", Decimal(depth - 1), Decimal(depth - 1)),
            1 => TwoTexts.Format("({0} - {1})", Decimal(depth - 1), Decimal(depth - 1)),
            2 => TwoTexts.Format("({0} * {1})", Decimal(0), Decimal(0)),
            3 => TwoTexts.Format("({0} % {1})", Decimal(depth - 1), Decimal(0)),
            4 => TwoTexts.Format("abs(- {0})", Decimal(depth - 1)),
            5 => TwoTexts.Format("round({0}, 1)", Decimal(0)),
            6 => TwoTexts.Format(dice.Pick("floor", "ceil") + "({0})", Decimal(0)),
            7 => TwoTexts.Format("cast({0} as decimal(20,3))", dice.Chance(50) ? Integer(0) : Decimal(depth - 1)),
            _ => Common(Decimal, depth),
        };
    }

    TwoTexts Text(int depth)
    {
        if (depth == 0) return dice.Chance(70) ? TwoTexts.Same("s") : TwoTexts.Same(dice.Pick("''", "'ab'", "' Zé😀 '", "'%a'"));
        return dice.Below(9) switch
        {
            0 => TwoTexts.Format("lower({0})", Text(depth - 1)),
            1 => TwoTexts.Format("upper({0})", Text(depth - 1)),
            2 => TwoTexts.Format("trim({0})", Text(depth - 1)),
            3 => TwoTexts.Format("substr({0}, " + dice.Pick("1", "2", "0", "-1", "4") + dice.Pick("", ", 0", ", 1", ", 3", ", 99") + ")", Text(depth - 1)),
            4 => TwoTexts.Format("({0} || {1})", Text(depth - 1), Text(depth - 1)),
            5 => TwoTexts.Format("concat({0}, {1}, {2})", "concat({0}, {1}, {2})", Text(depth - 1), Integer(0), Text(0)),
            6 => TwoTexts.Format("cast({0} as string)", "cast({0} as varchar)", dice.Below(4) switch { 0 => Integer(depth - 1), 1 => Truth(depth - 1), 2 => Day(depth - 1), _ => TwoTexts.Same("m") }),
            7 => TwoTexts.Format("cast({0} as string)", "cast({0} as varchar)", Instant(depth - 1)),
            _ => Common(Text, depth),
        };
    }

    TwoTexts Day(int depth)
    {
        if (depth == 0) return dice.Chance(70) ? TwoTexts.Same("day") : TwoTexts.Same(dice.Pick("date '2024-02-29'", "date '1969-12-31'"));
        return dice.Below(3) switch
        {
            0 => Truncated(dice.Pick(Parts[..5]), Day(depth - 1)),
            1 => TwoTexts.Format("cast({0} as date)", Instant(depth - 1)),
            _ => Common(Day, depth),
        };

        static TwoTexts Truncated(string part, TwoTexts day) => new($"date_trunc('{part}', {day.Ours})", $"cast(date_trunc('{part}', {day.DuckDb}) as date)");
    }

    TwoTexts Instant(int depth)
    {
        if (depth == 0) return dice.Chance(80) ? TwoTexts.Same("t") : TwoTexts.Same("timestamp '1999-12-31 23:59:59.5'");
        return dice.Below(3) switch
        {
            0 => TwoTexts.Format("date_trunc('" + dice.Pick(Parts) + "', {0})", Instant(depth - 1)),
            1 => TwoTexts.Format("cast({0} as timestamp)", Day(depth - 1)),
            _ => Common(Instant, depth),
        };
    }

    public TwoTexts Truth(int depth)
    {
        if (depth == 0) return dice.Chance(60) ? TwoTexts.Same("b") : TwoTexts.Same(dice.Pick("true", "false", "l > 0", "d >= 0.5", "s < 'b'", "m = 0"));
        return dice.Below(9) switch
        {
            0 => TwoTexts.Format("({0} and {1})", Truth(depth - 1), Truth(depth - 1)),
            1 => TwoTexts.Format("({0} or not {1})", Truth(depth - 1), Truth(depth - 1)),
            2 => TwoTexts.Format("({0} " + dice.Pick("=", "<", "<=", "<>") + " {1})", Integer(depth - 1), Integer(depth - 1)),
            3 => TwoTexts.Format("({0} " + dice.Pick("=", ">", "<=") + " {1})", Text(depth - 1), Text(depth - 1)),
            4 => TwoTexts.Format("({0} " + dice.Pick("like", "not like") + " " + dice.Pick("'%a%'", "'a%'", "'%b'", "'_'", "'a_%'", "'%é_'", "''", "'%'", "'a%b%Z'", "'ab'") + ")", Text(depth - 1)),
            5 => TwoTexts.Format(dice.Pick("starts_with", "contains") + "({0}, {1})", Text(depth - 1), Text(0)),
            6 => TwoTexts.Format("({0} is " + dice.Pick("null", "not null") + ")", Integer(depth - 1)),
            7 => TwoTexts.Format("({0} between {1} and {2})", Day(depth - 1), Day(0), Day(0)),
            _ => TwoTexts.Format("({0} in ({1}, {2}))", Integer(depth - 1), Integer(0), Integer(0)),
        };
    }

    /// <summary>What there is for every kind of value.</summary>
    TwoTexts Common(Func<int, TwoTexts> kind, int depth) => dice.Below(6) switch
    {
        0 => TwoTexts.Format("coalesce({0}, {1})", kind(depth - 1), kind(depth - 1)),
        1 => TwoTexts.Format("nullif({0}, {1})", kind(depth - 1), kind(0)),
        2 => TwoTexts.Format("greatest({0}, {1})", kind(depth - 1), kind(depth - 1)),
        3 => TwoTexts.Format("least({0}, {1}, {2})", kind(0), kind(0), kind(depth - 1)),
        4 => TwoTexts.Format("case when {0} then {1} when {2} then {3} else {4} end", Truth(depth - 1), kind(depth - 1), Truth(0), kind(0), dice.Chance(30) ? TwoTexts.Same("null") : kind(0)),
        _ => TwoTexts.Format("case {0} when 1 then {1} when 2 then {2} end", Integer(0), kind(depth - 1), kind(0)),
    };
}
