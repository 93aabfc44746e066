using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Benchmarks.SinglePass;

namespace Fanfold.Benchmarks.Strategies;

/// <summary>The job of docs/seed.md over one data set: for each of 64 values of ff by cat how many rows, a sum, a mean, a least and a greatest; all values in one result.</summary>
static class SeedJob
{
    public const int Values = 64;

    const string Aggregates = "count(*) n, sum(d1) total, avg(d2) average, min(d1) least, max(d2) most";

    public static string Sql(DataSet data, string output) => $"copy (select ff, cat, {Aggregates} from '{data.Glob}' group by ff, cat) to '{output}' (format parquet, compression zstd)";

    /// <summary>The loop in one connection: a turn for each value, then the result of all.</summary>
    public static IEnumerable<string> LoopSql(DataSet data, string output) =>
    [
        "create table result (ff int, cat int, n bigint, total double, average double, least double, most double)",
        .. Enumerable.Range(0, Values).Select(value => $"insert into result select ff, cat, {Aggregates} from '{data.Glob}' where ff = {value} group by ff, cat"),
        $"copy result to '{output}' (format parquet, compression zstd)",
        "select 1",
    ];

    public static JsonObject Spec(DataSet data) => new()
    {
        ["version"] = 1,
        ["source"] = new JsonObject { ["path"] = data.Name },
        ["partitionBy"] = new JsonObject { ["column"] = "ff" },
        ["reduce"] = new JsonObject
        {
            ["groupBy"] = new JsonArray("cat"),
            ["aggregates"] = new JsonObject { ["n"] = "len()", ["total"] = "sum(d1)", ["average"] = "mean(d2)", ["least"] = "min(d1)", ["most"] = "max(d2)" },
        },
        ["output"] = new JsonObject { ["path"] = "results/out.parquet" },
    };

    /// <exception cref="InvalidOperationException">The files are not the same answer, sums of doubles but for the last bits.</exception>
    public static void Check(string first, string other)
    {
        var differing = Duck.Rows($"""
            select count(*) from '{first}' a full join '{other}' b on a.ff = b.ff and a.cat = b.cat
            where a.ff is null or b.ff is null or a.n <> b.n or a.least <> b.least or a.most <> b.most or abs(a.total - b.total) > 1e-9 * abs(a.total) or abs(a.average - b.average) > 1e-9 * abs(a.average)
            """)[0][0]!.GetValue<double>();
        var rows = Duck.Rows($"select count(*) from '{first}'")[0][0]!.GetValue<double>();
        if (differing > 0 || rows < Values) throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{differing} of {rows} rows of '{first}' are not those of '{other}'"));
    }
}
