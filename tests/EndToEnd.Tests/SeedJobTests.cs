using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The job that fanfold is for: filter, reduce and concat, once per value of ff.</summary>
public sealed class SeedJobTests : IDisposable
{
    const string Result = "results/trips.parquet";

    const string GroupBy = """
        { "groupBy": ["category", "zone"], "aggregates": { "n": "len()", "paid": "count(amount)", "total": "sum(amount)", "average": "mean(amount)", "longest": "max(distance)" },
          "sort": ["-n", "zone", "category"], "limit": 7 }
        """;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static string GroupByAnswer(string data) => $"""
        select ff, category, zone, count(*), count(amount), coalesce(sum(amount), 0), avg(amount), max(distance)
        from {data} where distance > 2.5 and category <> 'c3' group by ff, category, zone
        qualify row_number() over (partition by ff order by count(*) desc, zone, category) <= 7
        order by ff nulls last, count(*) desc, zone, category
        """;

    static JsonObject GroupBySpec(string more = "{}")
    {
        var spec = Fanfold.Spec("lake/trips", "ff", GroupBy, Result, more);
        spec["where"] = "distance > 2.5 and category <> 'c3'";
        return spec;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_GroupBy_EqualsTheSqlAnswer(bool clustered)
    {
        var data = clustered ? SeedData.WriteClustered(_fanfold, "lake/trips") : SeedData.WriteEven(_fanfold, "lake/trips");

        var run = (await _fanfold.RunAsync(GroupBySpec())).Exits(0);

        var rows = Duck.ReadResult(_fanfold.PathOf(Result));
        Assert.Equal(Duck.Rows(GroupByAnswer(data)), rows);
        Assert.StartsWith("null|", rows[^1], StringComparison.Ordinal);
        Assert.Equal(9, (int?)run.Json["partitions"]!["succeeded"]);
        Assert.Equal(SeedData.Rows, (int?)run.Json["rowsIn"]);
        Assert.Equal(rows.Count, (int?)run.Json["rowsOut"]);
        Assert.True((long?)run.Json["peakWorkerMemory"] > 0);
        Assert.Equal(clustered, (long?)run.Json["rowGroups"]!["pruned"] > 0);
        Assert.Equal(clustered, (long?)run.Json["bytesPruned"] > 0);
    }

    [Theory]
    [InlineData("""["-amount", "id"]""", "amount desc nulls last, id")]
    [InlineData("[]", "id")]
    public async Task Run_Select_EqualsTheSqlAnswer(string sort, string order)
    {
        var data = SeedData.WriteEven(_fanfold, "lake/trips");
        var reduce = $$"""{ "select": ["id", "ff", "amount", "category"], "sort": {{sort}}, "limit": 25 }""";

        (await _fanfold.RunAsync(Fanfold.Spec("lake/trips", "ff", reduce, Result, """{ "where": "distance between 10 and 90" }"""))).Exits(0);

        Assert.Equal(
            Duck.Rows($"select ff, id, amount, category from {data} where distance between 10 and 90 qualify row_number() over (partition by ff order by {order}) <= 25 order by ff nulls last, {order}"),
            Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    [Fact]
    public async Task Run_ValuesWithOneThatHasNoRows_ListsItAsEmpty()
    {
        var data = SeedData.WriteClustered(_fanfold, "lake/trips");
        var spec = Fanfold.Spec("lake/trips", "ff", """{ "aggregates": { "n": "len()" } }""", Result, """{ "partitionBy": { "column": "ff", "values": [3, 99, null, 1] } }""");

        var run = (await _fanfold.RunAsync(spec)).Exits(0);

        Assert.Equal(Duck.Rows($"select ff, count(*) from {data} where ff in (1, 3) or ff is null group by ff order by ff nulls last"), Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.Equal("""{"total":4,"succeeded":3,"empty":1,"failed":0}""", run.Json["partitions"]!.ToJsonString());
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), TestContext.Current.CancellationToken))!;
        Assert.Equal(
            ["\"1\" succeeded", "\"3\" succeeded", "\"99\" empty", "null succeeded"],
            manifest["partitions"]!.AsArray().Select(partition => $"{partition!["value"]?.ToJsonString() ?? "null"} {partition["status"]}"));
        Assert.Equal("partial by request", (string?)manifest["proof"]!["scope"]);
        Assert.Equal(Fanfold.Sha256(_fanfold.PathOf(Result)), (string?)manifest["result"]!["hash"]);
    }

    [Fact]
    public async Task Run_InAnyWay_GivesTheSameBytes()
    {
        SeedData.WriteEven(_fanfold, "lake/trips");
        var hashes = new HashSet<string>();
        string[][] ways = [["--parallel", "1"], ["--parallel", "8"], ["--isolation", "none"], ["--isolation", "process", "--fresh"], ["--run-id", "one-more"]];
        foreach (var way in ways)
        {
            (await _fanfold.RunAsync(GroupBySpec(), way)).Exits(0);
            hashes.Add(Fanfold.Sha256(_fanfold.PathOf(Result)));
        }

        Assert.Single(hashes);
    }

    [Fact]
    public async Task Run_CompleteManifest_ProvesEveryRow()
    {
        SeedData.WriteEven(_fanfold, "lake/trips");

        var run = (await _fanfold.RunAsync(GroupBySpec(), "--run-id", "proof")).Exits(0);

        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf((string)run.Json["manifest"]!), TestContext.Current.CancellationToken))!;
        Assert.Equal("complete", (string?)manifest["proof"]!["scope"]);
        Assert.Equal(SeedData.Rows, (int?)manifest["proof"]!["rowsInPartitions"]);
        Assert.Equal(9, (int?)manifest["proof"]!["tasks"]);
        var status = (await _fanfold.CallAsync("status", "proof", "--store", _fanfold.Store, "--json")).Exits(0);
        Assert.Equal(run.Json.ToJsonString(), status.Json["summary"]!.ToJsonString());
    }
}
