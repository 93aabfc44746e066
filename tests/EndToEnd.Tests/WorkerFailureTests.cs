using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Tasks that fail, one by one or all.</summary>
public sealed class WorkerFailureTests : IDisposable
{
    const string Result = "results/out.parquet";

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static JsonObject Spec(string reduce, string limits) =>
        Fanfold.Spec("lake/trips", "ff", reduce, Result, $$"""{ "partitionBy": { "column": "ff", "values": [0, 1, 2, 3, 4, 5, 6, 7] }, "limits": {{limits}} }""");

    bool HasOutput => Directory.Exists(_fanfold.PathOf("results"));

    [Fact]
    public async Task Run_TimeoutThatNoTaskCanMeet_FailsEachPartitionByDeadline()
    {
        SeedData.WriteClustered(_fanfold, "lake/trips");
        var hangs = await ScriptedWorker.WriteAsync(_fanfold, "exec sleep 600");

        var run = (await _fanfold.RunAsync(
            Spec("""{ "aggregates": { "n": "len()" } }""", """{ "timeout": "00:00:00.1", "retries": 0, "toleratedFailures": 7 }"""), "--worker", hangs)).Exits(1);

        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7"], run.Errors.Select(error => (string?)error["partition"]));
        Assert.All(run.Errors, error => Assert.Equal("deadline", (string?)error["code"]));
        Assert.Equal("failed", (string?)run.Json["status"]);
        Assert.False(HasOutput);
    }

    [Fact]
    public async Task Run_DamagedPage_FailsOnlyItsPartition()
    {
        var data = SeedData.WriteClustered(_fanfold, "lake/trips");
        var expected = Duck.Rows($"select ff, count(*), sum(id) from {data} where ff < 7 group by ff order by ff");
        Damage(ff: 7);
        const string reduce = """{ "aggregates": { "n": "len()", "ids": "sum(id)" } }""";

        var strict = (await _fanfold.RunAsync(Spec(reduce, """{ "retries": 0 }"""))).Exits(1);
        Assert.False(HasOutput);
        var tolerant = (await _fanfold.RunAsync(Spec(reduce, """{ "retries": 0, "toleratedFailures": "20%" }"""))).Exits(3);

        foreach (var run in (Outcome[])[strict, tolerant])
        {
            Assert.Equal("7", (string?)run.Error["partition"]);
            Assert.Equal("corrupt", (string?)run.Error["code"]);
            Assert.Equal("lake/trips/trips-3.parquet", (string?)run.Error["file"]);
            Assert.Contains("column 'id'", (string)run.Error["message"]!, StringComparison.Ordinal);
        }
        Assert.Equal("succeededWithFailures", (string?)tolerant.Json["status"]);
        Assert.Equal(expected, Duck.ReadResult(_fanfold.PathOf(Result)));
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), TestContext.Current.CancellationToken))!;
        Assert.Equal("partial by tolerated failures", (string?)manifest["proof"]!["scope"]);
        Assert.Equal("succeededWithFailures", (string?)manifest["status"]);
        Assert.Equal("failed", (string?)manifest["partitions"]!.AsArray()[^1]!["status"]);
    }

    // Garbles the pages of column id in the last row group that only this partition reads.
    void Damage(int ff)
    {
        var file = _fanfold.PathOf("lake/trips/trips-3.parquet");
        var chunk = Duck.Rows($"""
            select i.data_page_offset from parquet_metadata('{file}') i join parquet_metadata('{file}') f using (row_group_id)
            where i.path_in_schema = 'id' and f.path_in_schema = 'ff' and f.stats_min_value = '{ff}' and f.stats_max_value = '{ff}' order by row_group_id desc limit 1
            """).Single();
        var bytes = File.ReadAllBytes(file);
        bytes.AsSpan(int.Parse(chunk, System.Globalization.CultureInfo.InvariantCulture) + 40, 200).Fill(0x5A);
        File.WriteAllBytes(file, bytes);
    }
}
