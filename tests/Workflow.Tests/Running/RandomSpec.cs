using System.Text.Json;
using System.Text.Json.Nodes;
using Fanfold.Engine.Tests.Expressions;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>A spec over the columns of <see cref="DuckDbTable"/>, and the SQL of the same meaning over a table t with the row's number as id.</summary>
sealed record RandomSpec(string Json, string Sql)
{
    static readonly string[] Columns = ["i", "l", "d", "s", "day", "b", "m", "t"];

    public static RandomSpec Make(Dice dice)
    {
        var value = new RandomValue(dice);
        var partition = dice.Pick(Columns);
        var derived = Enumerable.Range(0, dice.Below(3)).Select(i => (Name: "x" + i, Text: value.Any(1))).ToList();
        var where = dice.Chance(60) ? value.Truth(dice.Below(3)) : null;
        var names = Columns.Where(name => name != partition).Concat(derived.Select(expression => expression.Name)).OrderBy(_ => dice.Bits()).ToList();
        var source = $"(select *, {partition} as p{string.Concat(derived.Select(expression => $", {expression.Text.DuckDb} as {expression.Name}"))} from t{(where is null ? "" : $" where {where.DuckDb}")})";
        var (reduce, sql) = dice.Chance(75) ? Grouped(dice, value, names, source) : Selected(dice, names, source);
        var spec = new JsonObject
        {
            ["version"] = 1,
            ["source"] = new JsonObject { ["path"] = "lake" },
            ["partitionBy"] = new JsonObject { ["column"] = partition },
            ["derive"] = new JsonObject(derived.Select(expression => KeyValuePair.Create<string, JsonNode?>(expression.Name, expression.Text.Ours))),
            ["reduce"] = reduce,
            ["output"] = new JsonObject { ["path"] = RunHarness.Output },
        };
        if (where is not null) spec["where"] = where.Ours;
        return new RandomSpec(spec.ToJsonString(), sql);
    }

    static (JsonObject, string) Grouped(Dice dice, RandomValue value, List<string> names, string source)
    {
        var keys = names.Take(dice.Below(4)).ToList();
        var aggregates = Enumerable.Range(0, dice.Below(4) + 1).Select(i => (Name: "a" + i, Text: Aggregate(dice, value))).ToList();
        var reduce = new JsonObject
        {
            ["groupBy"] = new JsonArray([.. keys.Select(key => JsonValue.Create(key))]),
            ["aggregates"] = new JsonObject(aggregates.Select(aggregate => KeyValuePair.Create<string, JsonNode?>(aggregate.Name, aggregate.Text.Ours))),
        };
        var rows = $"select p{string.Concat(keys.Select(key => ", " + key))}{string.Concat(aggregates.Select(aggregate => $", {aggregate.Text.DuckDb} as {aggregate.Name}"))} from {source} group by all";
        return (reduce, Sorted(dice, reduce, rows, [.. keys], keys));
    }

    static (JsonObject, string) Selected(Dice dice, List<string> names, string source)
    {
        var select = names.Take(1 + dice.Below(4)).ToList();
        var reduce = new JsonObject { ["select"] = new JsonArray([.. select.Select(name => JsonValue.Create(name))]) };
        return (reduce, Sorted(dice, reduce, $"select p, {string.Join(", ", select)}, id from {source}", ["id"], select, hidden: "id"));
    }

    /// <summary>Order inside partitions, and the first rows of them.</summary>
    /// <param name="ties">What orders rows that the sort leaves equal.</param>
    static string Sorted(Dice dice, JsonObject reduce, string rows, List<string> ties, List<string> sortable, string? hidden = null)
    {
        var sort = sortable.OrderBy(_ => dice.Bits()).Take(dice.Below(3)).Select(name => (Name: name, Descending: dice.Chance(50))).ToList();
        if (sort.Count > 0) reduce["sort"] = new JsonArray([.. sort.Select(key => JsonValue.Create((key.Descending ? "-" : "") + key.Name))]);
        var order = string.Join(", ", [.. sort.Select(key => $"{key.Name} {(key.Descending ? "desc" : "asc")} nulls last"), .. ties.Select(tie => $"{tie} asc nulls last")]);
        var number = $"row_number() over (partition by p{(order.Length > 0 ? $" order by {order}" : "")})";
        var limit = "";
        if (dice.Chance(25))
        {
            var most = 1 + dice.Below(4);
            reduce["limit"] = most;
            limit = $" where n <= {most}";
        }
        return $"select * exclude (n{(hidden is null ? "" : ", " + hidden)}) from (select *, {number} as n from ({rows})){limit} order by p nulls last, n";
    }

    // Eighths of up to a thousand, whose sums are exact in any order; DuckDB's own round at each step, and its quantiles and variances end at infinities.
    const string Eighths = "case when abs(d) < 1000 then floor(d * 8) / 8 end";
    const string EighthsAndSpecials = "case when not (abs(d) between 1000 and 1.7976931348623157e308) then floor(d * 8) / 8 end";

    static TwoTexts Aggregate(Dice dice, RandomValue value)
    {
        // DuckDB's NaN is a maximum.
        TwoTexts Exact() => dice.Chance(50) ? Number(dice) : dice.Chance(50) ? value.Integer(1) : value.Decimal(0);
        return dice.Below(13) switch
        {
            0 => new("len()", "count(*)"),
            1 => TwoTexts.Format("count({0})", Any(dice, value)),
            // DuckDB's sums of integers are 128 bits wide; the cast fails where ours do.
            2 when dice.Chance(60) => TwoTexts.Format("sum({0})", "coalesce(sum({0}), 0)::bigint", dice.Chance(50) ? Whole(dice) : value.Integer(1)),
            2 => TwoTexts.Format("sum({0})", "coalesce(sum({0}), 0)", dice.Chance(50) ? TwoTexts.Same("m") : value.Decimal(0)),
            3 => TwoTexts.Format("sum({0})", "coalesce(sum({0}), 0.0::double)", TwoTexts.Same(dice.Pick("l / 4", EighthsAndSpecials))),
            4 => TwoTexts.Format("mean({0})", "avg({0})", dice.Chance(50) ? Exact() : TwoTexts.Same(EighthsAndSpecials)),
            5 => TwoTexts.Format("min({0})", dice.Chance(50) ? Number(dice) : dice.Pick(value.Text(1), value.Day(1), value.Instant(1), TwoTexts.Same("d"))),
            6 => TwoTexts.Format("max({0})", dice.Chance(50) ? Number(dice) : dice.Pick(value.Text(1), value.Day(1), value.Instant(1))),
            7 => TwoTexts.Format("max({0})", "coalesce(max(case when not isnan({0}) then {0} end), max({0}))", TwoTexts.Same("d")),
            8 => TwoTexts.Format(dice.Pick("std", "var") is var name ? name + "({0})" : "", (name == "std" ? "stddev" : "variance") + "({0})", dice.Chance(60) ? Number(dice) : TwoTexts.Same(Eighths)),
            9 => TwoTexts.Format("n_unique({0})", "count(distinct {0})", Any(dice, value)),
            10 => TwoTexts.Format(dice.Pick("first", "last") is var end ? end + "({0})" : "", end + "({0} order by id)", Any(dice, value)),
            11 => TwoTexts.Format(dice.Pick("any", "all") is var which ? which + "({0})" : "", (which == "any" ? "bool_or" : "bool_and") + "({0})", value.Truth(1)),
            _ => dice.Pick("0", "0.25", "0.5", "1") is var q ? TwoTexts.Format(q == "0.5" ? "median({0})" : $"quantile({{0}}, {q})", $"quantile_cont(({{0}})::double, {q})", dice.Chance(60) ? Number(dice) : TwoTexts.Same(Eighths)) : throw new JsonException(),
        };
    }

    static TwoTexts Number(Dice dice) => dice.Chance(33) ? TwoTexts.Same("m") : Whole(dice);

    static TwoTexts Whole(Dice dice) => dice.Pick(new TwoTexts("i", "i::bigint"), new TwoTexts("length(s)", "length(s)::bigint"));

    static TwoTexts Any(Dice dice, RandomValue value) => dice.Chance(50) ? TwoTexts.Same(dice.Pick(Columns)) : value.Any(1);
}
