using System.Security.Cryptography;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The job that Fanfold is for, through the command, against DuckDB's answer on the same files.</summary>
public sealed class SeedJobTests : IDisposable
{
    const string Table = """
        select (i % 8)::integer as ff, i::bigint as id, case when i % 13 = 0 then null else (i * 7919 % 1000)::double / 10 end as amount,
               'cat' || (i % 5) as category, timestamp '2024-01-01' + to_seconds(i) as pickup, date '2024-01-01' + (i % 40)::integer as day, i % 3 = 0 as flag
        """;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    void WriteSource(string order = "", string nulls = "")
    {
        Directory.CreateDirectory(_fanfold.InStore("lake"));
        for (var file = 0; file < 3; file++)
        {
            Duck.Execute($"copy (select * replace ({(nulls.Length > 0 ? nulls : "ff")} as ff) from ({Table} from range({file * 6000}, {(file + 1) * 6000}) t(i)) {order}) " +
                $"to '{_fanfold.InStore($"lake/part-{file}.parquet")}' (format parquet, row_group_size 2048)");
        }
    }

    string Source => $"read_parquet('{_fanfold.InStore("lake")}/*.parquet')";

    string Result => $"read_parquet('{_fanfold.InStore("out/result.parquet")}')";

    static string Spec(string reduce, string where = "", string values = "") => $$"""
        { "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff"{{values}} }, {{where}}
          "reduce": { {{reduce}} }, "output": { "path": "out/result.parquet" } }
        """;

    [Fact]
    public async Task GroupBy_TwoKeysAndWhere_EqualsDuckDb()
    {
        WriteSource();
        var ended = await _fanfold.RunSpecAsync(Spec(
            """ "groupBy": ["category", "flag"], "aggregates": { "n": "len()", "c": "count(amount)", "s": "sum(id)", "f": "sum(amount)", "m": "mean(id)", "lo": "min(day)", "hi": "max(pickup)" } """,
            """ "where": "amount > 20 and day between date '2024-01-03' and date '2024-02-05' and not (category = 'cat4' or id in (7, 15))", """));

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal("succeeded", ended.Json.GetProperty("status").GetString());
        Assert.Equal(8, ended.Json.GetProperty("partitions").GetProperty("succeeded").GetInt32());
        Assert.True(ended.Json.GetProperty("peakWorkerMemory").GetInt64() > 1 << 20);
        Assert.Equal(
            Duck.Rows($"""
                select ff, category, flag, count(*), count(amount), sum(id)::bigint, round(sum(amount), 6), avg(id), min(day), max(pickup) from {Source}
                where amount > 20 and day between date '2024-01-03' and date '2024-02-05' and not (category = 'cat4' or id in (7, 15))
                group by all order by ff, category, flag
                """),
            Duck.Rows($"select ff, category, flag, n, c, s, round(f, 6), m, lo, hi from {Result}"));
    }

    [Fact]
    public async Task Select_SortAndLimit_EqualsDuckDb()
    {
        WriteSource();
        var ended = await _fanfold.RunSpecAsync(Spec(""" "select": ["ff", "amount", "id", "category"], "sort": ["-amount", "id"], "limit": 7 """, """ "where": "flag", """));

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(
            Duck.Rows($"select ff, amount, id, category from {Source} where flag qualify row_number() over (partition by ff order by amount desc nulls last, id) <= 7 order by ff, amount desc nulls last, id"),
            Duck.Rows($"select * from {Result}"));
    }

    [Fact]
    public async Task ClusteredSource_PrunesRowGroups_AndGivesTheSameResult()
    {
        WriteSource(order: "order by ff");
        var ended = await _fanfold.RunSpecAsync(Spec(""" "aggregates": { "n": "len()", "s": "sum(id)" } """));

        Assert.Equal(0, ended.ExitCode);
        Assert.True(ended.Json.GetProperty("rowGroups").GetProperty("pruned").GetInt64() > 0);
        Assert.True(ended.Json.GetProperty("bytesPruned").GetInt64() > 0);
        Assert.Equal(Duck.Rows($"select ff, count(*), sum(id)::bigint from {Source} group by ff order by ff"), Duck.Rows($"select * from {Result}"));
    }

    [Fact]
    public async Task NullPartition_IsOneOfItsOwn_Last()
    {
        WriteSource(nulls: "case when ff = 3 then null else ff end");
        var ended = await _fanfold.RunSpecAsync(Spec(""" "aggregates": { "n": "len()" } """));

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(Duck.Rows($"select ff, count(*) from {Source} group by ff order by ff nulls last"), Duck.Rows($"select * from {Result}"));
        var manifest = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(_fanfold.InStore("out/result.parquet.manifest.json"), TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal("complete", manifest.GetProperty("proof").GetProperty("scope").GetString());
        Assert.Equal(18000, manifest.GetProperty("proof").GetProperty("rowsInPartitions").GetInt64());
    }

    [Fact]
    public async Task ExplicitValues_OneWithoutRows_IsEmptyInTheManifestOnly()
    {
        WriteSource();
        var ended = await _fanfold.RunSpecAsync(Spec(""" "aggregates": { "n": "len()" } """, values: """, "values": [99, 5, 2] """));

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(1, ended.Json.GetProperty("partitions").GetProperty("empty").GetInt32());
        Assert.Equal(["2 | 2250", "5 | 2250"], Duck.Rows($"select * from {Result}"));
        var manifest = await File.ReadAllTextAsync(_fanfold.InStore("out/result.parquet.manifest.json"), TestContext.Current.CancellationToken);
        Assert.Contains("""{"value":"99","status":"empty",""", manifest, StringComparison.Ordinal);
        Assert.Contains("partial by request", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SameSpec_AnyParallelismAndIsolation_GivesTheSameBytes()
    {
        WriteSource();
        var spec = Spec(""" "groupBy": ["category"], "aggregates": { "f": "sum(amount)", "m": "mean(amount)" } """);
        var hashes = new HashSet<string>();
        foreach (var options in new string[][] { ["--parallel", "1"], ["--parallel", "8"], ["--isolation", "none"] })
        {
            Assert.Equal(0, (await _fanfold.RunSpecAsync(spec, options)).ExitCode);
            hashes.Add(Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(_fanfold.InStore("out/result.parquet"), TestContext.Current.CancellationToken))));
        }
        Assert.Single(hashes);
    }
}
