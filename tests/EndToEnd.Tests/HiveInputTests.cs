using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Data sets that DuckDB wrote with the partition column in the paths.</summary>
public sealed class HiveInputTests : IDisposable
{
    const string Result = "results/out.parquet";

    /// <summary>Values that paths, names and text formats get wrong, and their number.</summary>
    const string OddValues = """
        (values (1, 'a,b;c'), (2, 'a/b\c'), (3, 'it''s "quoted"'), (4, '100%'), (5, '%41'), (6, 'naïve'), (7, 'nai' || chr(776) || 've'), (8, chr(1) || 'x' || chr(10) || chr(31)),
                (9, ''), (10, 'null'), (11, '007'), (12, '7'), (13, ' padded '), (14, 'a=b&c?d#e'), (15, '日本😀'), (16, '.'), (17, '..'), (18, null), (19, 'A'), (20, 'a'), (21, '+1'), (22, '[a, b)')) v(n, ff)
        """;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    string Lake
    {
        get
        {
            Directory.CreateDirectory(_fanfold.PathOf("."));
            return _fanfold.PathOf("lake");
        }
    }

    /// <returns>The files as DuckDB reads them, with the given types of the keys.</returns>
    string Write(string select, string partitionBy, string types)
    {
        Duck.Execute($"copy ({select}) to '{Lake}' (format parquet, partition_by ({partitionBy}), row_group_size 2048)");
        return $"read_parquet('{Lake}/**/*.parquet', hive_partitioning = true, hive_types = {{{types}}})";
    }

    async Task<JsonNode> ManifestAsync() => JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), TestContext.Current.CancellationToken))!;

    [Fact]
    public async Task Run_PartitionedByTheKey_ReadsTheKeyFromThePathsAlone()
    {
        var data = Write("select case when i % 13 = 0 then null else i % 5 end as ff, i as id, (i % 7)::double as amount, 'c' || i % 3 as category from range(20000) t(i)", "ff", "'ff': bigint");

        var run = (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)", "key": "max(ff)" } }""", Result))).Exits(0);

        Assert.Equal(
            Duck.Rows($"select ff, category, count(*), sum(amount), max(ff) from {data} group by ff, category order by ff nulls last, category"), Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.Equal(6, (int?)run.Json["partitions"]!["succeeded"]);
        // No worker but those of the partitions and of the combination, and no row group read twice.
        Assert.Equal(7, _fanfold.Workers.Count);
        Assert.Equal((int?)run.Json["rowGroups"]!["total"], (int?)run.Json["rowGroups"]!["matched"]);
        var manifest = await ManifestAsync();
        Assert.Equal("complete", (string?)manifest["proof"]!["scope"]);
        Assert.Equal(20_000, (int?)manifest["proof"]!["rowsDecoded"]);
        Assert.Equal(["0", "1", "2", "3", "4", null], manifest["partitions"]!.AsArray().Select(partition => (string?)partition!["value"]));
    }

    [Fact]
    public async Task Run_KeysInWhereGroupKeysAndSelect_EqualTheSqlAnswer()
    {
        var data = Write(
            "select i % 8 as ff, i as id, date '2024-01-30' + (i % 3)::int as day, case when i % 2 = 0 then 'süd west' else 'nord' end as region from range(20000) t(i)", "day, region",
            "'day': date, 'region': varchar");

        var grouped = (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "groupBy": ["region", "day"], "aggregates": { "n": "len()", "last": "max(id)" } }""", Result,
            """{ "where": "day >= date '2024-01-31' and region <> 'x'" }"""), "--isolation", "none")).Exits(0);

        Assert.Equal(
            Duck.Rows($"select ff, region, day, count(*), max(id) from {data} where day >= date '2024-01-31' group by ff, region, day order by ff, region, day"), Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.True((int?)grouped.Json["rowGroups"]!["pruned"] > 0);

        (await _fanfold.RunAsync(Fanfold.Spec("lake", "region", """{ "select": ["id", "day"], "sort": ["-id"], "limit": 9 }""", Result, """{ "where": "day = date '2024-02-01'" }"""), "--isolation", "none")).Exits(0);

        Assert.Equal(
            Duck.Rows($"select region, id, day from {data} where day = date '2024-02-01' qualify row_number() over (partition by region order by id desc) <= 9 order by region, id desc"),
            Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_OddValues_RoundTripFromPathOrColumnToTheManifest(bool inPath)
    {
        var select = $"select ff, n::bigint as n, repeat('x', 3) as pad from {OddValues}, range(3)";
        if (inPath) Write(select, "ff", "'ff': varchar");
        else
        {
            Directory.CreateDirectory(Lake);
            Duck.Execute($"copy (select * from ({select}) union all select repeat('long ', 200), 23, 'y') to '{Lake}/a.parquet' (format parquet)");
        }

        var run = (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "max(n)", "rows": "len()" } }""", Result), "--run-id", "odd", "--isolation", "none")).Exits(0);

        var expected = Duck.Rows($"select ff, max(n)::bigint, count(*) from ({select}{(inPath ? "" : " union all select repeat('long ', 200), 23, 'y'")}) group by ff order by ff nulls last");
        Assert.Equal(expected, Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.Equal(expected.Count, (int?)run.Json["partitions"]!["succeeded"]);
        var shown = (await ManifestAsync())["partitions"]!.AsArray().Select(partition => (string?)partition!["value"] ?? "null").ToList();
        Assert.Equal(expected.Select(row => row[..row.IndexOf('|', StringComparison.Ordinal)]), shown);

        // As explicit values they name the same partitions, null apart from 'null'.
        var named = Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "max(n)", "rows": "len()" } }""", "results/named.parquet");
        named["partitionBy"]!["values"] = new JsonArray([.. (await ManifestAsync())["partitions"]!.AsArray().Select(partition => partition!["value"]?.DeepClone())]);
        (await _fanfold.RunAsync(named, "--isolation", "none")).Exits(0);
        Assert.Equal(expected, Duck.ReadResult(_fanfold.PathOf("results/named.parquet")));
    }

    [Fact]
    public async Task Run_KeyBesideTheColumnInsideTheFiles_ReadsTheRowsOwnValues()
    {
        Duck.Execute($"copy (select i % 3 as ff, i as id from range(3000) t(i)) to '{Lake}' (format parquet, partition_by (ff), write_partition_columns true)");

        (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "len()", "last": "max(id)" } }""", Result), "--isolation", "none")).Exits(0);

        Assert.Equal(["0|1000|2997", "1|1000|2998", "2|1000|2999"], Duck.ReadResult(_fanfold.PathOf(Result)));

        Directory.Move(Path.Combine(Lake, "ff=2"), Path.Combine(Lake, "ff=5"));
        var run = (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "len()" } }""", Result), "--isolation", "none")).Exits(1);
        Assert.Equal("path-key-contradicts", (string?)run.Error["code"]);
        Assert.StartsWith("lake/ff=5/", (string?)run.Error["file"], StringComparison.Ordinal);
    }
}
