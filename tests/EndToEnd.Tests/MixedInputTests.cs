using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Files whose schemas differ, and partitions that are ranges.</summary>
public sealed class MixedInputTests : IDisposable
{
    const string Result = "results/out.parquet";

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    void Write(string name, string select)
    {
        var path = _fanfold.PathOf("lake/" + name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Duck.Execute($"copy ({select}) to '{path}' (format parquet, row_group_size 2048)");
    }

    string Lake => $"read_parquet('{_fanfold.PathOf("lake")}/**/*.parquet', union_by_name = true)";

    async Task<JsonNode> ManifestAsync() => JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), TestContext.Current.CancellationToken))!;

    // What is under test is the same in one process.
    Task<Outcome> RunAsync(JsonObject spec) => _fanfold.RunAsync(spec, "--isolation", "none");

    static JsonObject Spec(string reduce, string column = "ff", string more = "{}") => Fanfold.Spec("lake", column, reduce, Result, more);

    void WriteMixed()
    {
        Write("a.parquet", "select (i % 9)::tinyint as ff, i::int as id, (i / 4)::float as ratio, (i % 50)::decimal(9,2) as price, timestamp_ms '2024-01-01' + interval (i) second as moment from range(9000) t(i)");
        Write("b.parquet", "select (i % 9 + 100)::ubigint as ff, (i + 5000000000)::bigint as id, (i / 3)::double as ratio, (i % 50)::decimal(18,6) as price, timestamp_s '2024-01-01' + interval (i) second as moment from range(9000) t(i)");
        Write("c.parquet", "select (i % 9 - 4)::bigint as ff, i::uinteger as id, (i % 100)::smallint as ratio, i::int as price, timestamp '2024-01-01' + interval (i) millisecond as moment from range(9000) t(i)");
    }

    [Fact]
    public async Task Run_ColumnsOfNarrowerTypes_AreWidenedToTheOneThatHoldsAll()
    {
        WriteMixed();

        var run = (await RunAsync(Spec("""{ "aggregates": { "n": "len()", "last": "max(id)", "ratio": "max(ratio)", "price": "sum(price)", "from": "min(moment)" } }""", more: """{ "where": "id >= 100 and price < 49" }"""))).Exits(0);

        Assert.Equal(
            Duck.Rows($"select ff, count(*), max(id), max(ratio), sum(price), min(moment) from {Lake} where id >= 100 and price < 49 group by ff order by ff"),
            Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.True((int?)run.Json["rowGroups"]!["pruned"] > 0);
        var types = (await ManifestAsync())["columns"]!.AsArray().Select(column => (string?)column!["type"]).ToList();
        Assert.Equal(["decimal(20,0)", "int64", "int64", "double", "decimal(38,6)", "timestamp(us)"], types);
    }

    [Fact]
    public async Task Run_MissingColumns_AreNullWhereTheSpecSaysSo()
    {
        Write("a.parquet", "select i % 4 as ff, i as id, 'c' || i % 3 as category from range(4000) t(i)");
        Write("b.parquet", "select i % 4 as ff, i as id, (i / 2)::double as amount from range(4000) t(i)");
        Write("c.parquet", "select i as id, (i * 1.5)::double as amount from range(400) t(i)");
        var spec = Spec("""{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)", "with": "count(amount)" } }""", more: """{ "where": "id < 3000 and (amount is null or amount > 10)" }""");

        var refused = (await RunAsync(spec)).Exits(1);
        Assert.Equal(3, refused.Errors.Count);
        Assert.All(refused.Errors, error => Assert.Equal("missing-column", (string?)error["code"]));

        spec["source"]!["onMissingColumn"] = "null";
        (await RunAsync(spec)).Exits(0);

        Assert.Equal(
            Duck.Rows($"select ff, category, count(*), coalesce(sum(amount), 0), count(amount) from {Lake} where id < 3000 and (amount is null or amount > 10) group by ff, category order by ff nulls last, category nulls last"),
            Duck.ReadResult(_fanfold.PathOf(Result)));

        spec["where"] = "nowhere = 1";
        Assert.Equal("unknown-column", (string?)(await RunAsync(spec)).Exits(2).Error["code"]);
    }

    [Theory]
    [InlineData("id", "[[0, 1000], [1000, 2500], [20000, 30000]]", "partial by request", 0, 1000, 1000, 2500, 20000, 30000)]
    [InlineData("id", "[[1000, 20000], [-5, 1000]]", "complete", -5, 1000, 1000, 20000)]
    public async Task Run_Ranges_HoldTheRowsFromTheFirstValueToBelowTheLast(string column, string ranges, string scope, params int[] bounds)
    {
        Write("a.parquet", "select i as id, (i % 10)::double as amount from range(10000) t(i)");
        var pairs = bounds.Chunk(2).Select(pair => $"({pair[0]}, {pair[1]})");

        var run = (await RunAsync(Spec("""{ "groupBy": ["amount"], "aggregates": { "n": "len()", "first": "min(id)" } }""", column, $$"""{ "partitionBy": { "column": "{{column}}", "ranges": {{ranges}} } }"""))).Exits(0);

        Assert.Equal(
            Duck.Rows($"select lo, amount, count(*), min(id) from {Lake} join (values {string.Join(", ", pairs)}) r(lo, hi) on id >= lo and id < hi group by lo, amount order by lo, amount"),
            Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.True((int?)run.Json["rowGroups"]!["pruned"] > 0);
        var manifest = await ManifestAsync();
        Assert.Equal(scope, (string?)manifest["proof"]!["scope"]);
        Assert.Equal(bounds.Chunk(2).Select(pair => $"[{pair[0]}, {pair[1]})"), manifest["partitions"]!.AsArray().Select(partition => (string?)partition!["value"]));
    }

    [Fact]
    public async Task Run_RangesOverNullsAndNaN_LeaveThemOut()
    {
        Write("a.parquet", "select case when i % 10 = 0 then null when i % 10 = 1 then 'NaN'::double else i % 10 end as x, i as id from range(1000) t(i)");

        (await RunAsync(Spec("""{ "aggregates": { "n": "len()" } }""", "x", """{ "partitionBy": { "column": "x", "ranges": [["-Infinity", "Infinity"]] } }"""))).Exits(0);

        Assert.Equal(["-Infinity|800"], Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.Equal("partial by request", (string?)(await ManifestAsync())["proof"]!["scope"]);
    }

    [Fact]
    public async Task Run_FaultyRanges_AreAllRefusedAtTheirPointers()
    {
        Write("a.parquet", "select i::int as ff, date '2024-01-01' + i::int as day from range(100) t(i)");

        var run = (await RunAsync(Spec("""{ "aggregates": { "n": "len()" } }""", more: """{ "partitionBy": { "column": "ff", "ranges": [[0, 10], [20, 15], [5, 12], [30, 30], ["a", "b"], [40, 1e3], [1.5, 2]] } }"""))).Exits(2);

        Assert.Equal(
            ["type /partitionBy/ranges/4/0", "type /partitionBy/ranges/4/1", "type /partitionBy/ranges/6/0", "empty-range /partitionBy/ranges/1", "empty-range /partitionBy/ranges/3", "overlapping-ranges /partitionBy/ranges/2"],
            run.Errors.Select(error => $"{error["code"]} {error["pointer"]}").OrderByDescending(text => text.StartsWith("type", StringComparison.Ordinal)).ThenBy(text => text, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Run_FloatingPartitions_HaveOneNaNAndOneZero()
    {
        Write("a.parquet", "select unnest(['NaN'::double, '-NaN'::double, -0.0::double, 0.0::double, 'Infinity'::double, null, 1.5]) as x");
        var spec = Spec("""{ "aggregates": { "n": "len()" } }""", "x");

        (await RunAsync(spec)).Exits(0);

        string[] expected = ["0|2", "1.5|1", "Infinity|1", "NaN|2", "null|1"];
        Assert.Equal(expected, Duck.ReadResult(_fanfold.PathOf(Result)));
        spec["partitionBy"]!["values"] = JsonNode.Parse("""["NaN", -0.0, "Infinity", null, 1.5]""");
        (await RunAsync(spec)).Exits(0);
        Assert.Equal(expected, Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    [Theory]
    [InlineData("date '2024-02-29'", "\"2024-02-29\"")]
    [InlineData("timestamp '2024-02-29 12:34:56.789012'", "\"2024-02-29 12:34:56.789012\"")]
    [InlineData("12345678901234567890.12::decimal(30,2)", "12345678901234567890.12")]
    [InlineData("12345678901234567890.12::decimal(30,2)", "\"12345678901234567890.12\"")]
    [InlineData("'6f9619ff-8b86-d011-b42d-00c04fc964ff'::uuid", "\"6f9619ff-8b86-d011-b42d-00c04fc964ff\"")]
    [InlineData("true", "true")]
    [InlineData("'\\x00\\xFF'::blob", "\"00ff\"")]
    [InlineData("time '12:34:56'", "\"12:34:56\"")]
    [InlineData("18446744073709551615::ubigint", "18446744073709551615")]
    [InlineData("0.1::float", "0.1")]
    public async Task Run_ExplicitValueOfAnyType_FindsItsRows(string value, string json)
    {
        Write("a.parquet", $"select case when i % 3 = 0 then {value} end as ff, i as id from range(300) t(i)");

        (await RunAsync(Spec("""{ "aggregates": { "n": "len()", "last": "max(id)" } }""", more: $$"""{ "partitionBy": { "column": "ff", "values": [{{json}}] } }"""))).Exits(0);

        Assert.EndsWith("|100|297", Assert.Single(Duck.ReadResult(_fanfold.PathOf(Result))), StringComparison.Ordinal);
    }
}
