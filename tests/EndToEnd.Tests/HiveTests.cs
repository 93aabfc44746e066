using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The layout <c>hive</c> as DuckDB reads it back.</summary>
public sealed class HiveTests : IDisposable
{
    const string Result = "results/by-key";

    /// <summary>The commit is the command's own work: these trials need no workers.</summary>
    static readonly string[] InThisProcess = ["--isolation", "none"];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static JsonObject Spec(string column, string reduce, string more = "{}")
    {
        var spec = Fanfold.Spec("lake", column, reduce, Result, more);
        spec["output"]!["layout"] = "hive";
        return spec;
    }

    string WriteSource(string select)
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake")).FullName;
        Duck.Execute($"copy ({select}) to '{folder}/a.parquet' (format parquet)");
        return $"read_parquet('{folder}/a.parquet')";
    }

    string Read(string types) => $"read_parquet('{_fanfold.PathOf(Result)}/**/*.parquet', hive_partitioning = true, hive_types = {{{types}}})";

    List<string> Files() => [.. Directory.EnumerateFiles(_fanfold.PathOf(Result), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    async Task<JsonNode> ManifestAsync() => JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), Cancellation))!;

    static readonly string[] OddValues =
    [
        "", " ", "a", "A", "a b", " a ", "a/b", "../a", "..", ".", "a.", "100%", "%41", "x=y", "a&b?c#d", "a+b", "\"quoted\"", "it's", "back\\slash", "tab\tline\nend", "\u0001\u007F\u0085",
        "größe", "日本語", "😀", "e\u0301", "\u00E9", "NULL", "null", "Null", "__HIVE_DEFAULT_PARTITION__", "007", "1e3", "true", "2024-01-01", "*", "[a-z]", "{a,b}", "~", "~0", "_a", ".a", "-", "a:b|c<d>e",
    ];

    [Fact]
    public async Task Run_OddStrings_ComeBackAsTheyWere()
    {
        var rows = OddValues.Select((value, i) => $"('{value.Replace("'", "''", StringComparison.Ordinal)}', {i})").Append("(null, 1000)").Append("(null, 1)").Append("('a', 1000)");
        var data = WriteSource($"select k, n from (values {string.Join(", ", rows)}) t(k, n)");

        var run = (await _fanfold.RunAsync(Spec("k", """{ "aggregates": { "rows": "len()", "total": "sum(n)" } }"""))).Exits(0);

        Assert.Equal(OddValues.Length + 1, (int)run.Json["rowsOut"]!);
        Assert.Equal(OddValues.Length + 1, Files().Count);
        Assert.Equal(
            Duck.Rows($"select encode(k)::varchar, count(*), sum(n)::bigint from {data} group by k order by k nulls last"),
            Duck.Rows($"select encode(k)::varchar, rows, total::bigint from {Read("'k': VARCHAR")} order by k nulls last"));
    }

    /// <summary>A name holds 255 bytes: longer values are in the files, and the names stay apart.</summary>
    [Fact]
    public async Task Run_LongStrings_AreInTheFiles()
    {
        var data = WriteSource("""
            select case when i < 4 then repeat('x', 1000) || (i % 2) when i = 4 then repeat('日', 300) when i = 5 then repeat('y', 240) else 'short' end as k, i as n from range(8) t(i)
            """);

        (await _fanfold.RunAsync(Spec("k", """{ "aggregates": { "rows": "len()", "total": "sum(n)" } }"""))).Exits(0);

        var manifest = await ManifestAsync();
        Assert.Equal(5, Files().Count);
        Assert.All(Files(), file => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(Path.GetFileName(Path.GetDirectoryName(file)!)), 1, 255));
        var long1 = Files().Where(file => file.Contains('~', StringComparison.Ordinal)).ToList();
        Assert.Equal(3, long1.Count);
        Assert.Equal(
            Duck.Rows($"select k, count(*), sum(n)::bigint from {data} where length(k) >= 300 group by k order by k"),
            Duck.Rows($"select k, rows, total::bigint from read_parquet([{string.Join(", ", long1.Select(file => $"'{file}'"))}], hive_partitioning = false) order by k"));
        Assert.Equal(
            Duck.Rows($"select count(*), sum(n)::bigint from {data} group by k order by all"),
            Duck.Rows($"select rows, total::bigint from {Read("'k': VARCHAR")} order by all"));
        Assert.Contains(manifest["result"]!["files"]!.AsArray(), file => (string?)file!["partition"] == new string('x', 1000) + "1");
    }

    [Theory]
    [InlineData("case when i % 5 = 0 then null else (i % 7 - 3)::int end", "INTEGER")]
    [InlineData("case when i % 5 = 0 then null else i % 2 = 0 end", "BOOLEAN")]
    [InlineData("case when i % 5 = 0 then null else date '1999-12-30' + (i % 7)::int end", "DATE")]
    [InlineData("case when i % 5 = 0 then null else timestamp '1999-12-30 23:59:58.5' + interval (i % 7) second end", "TIMESTAMP")]
    [InlineData("case when i % 5 = 0 then null else (i % 7 - 3)::decimal(12, 3) / 8 end", "DECIMAL(12, 3)")]
    [InlineData("case when i % 5 = 0 then null else ((i % 7 - 3) / 7.0)::double end", "DOUBLE")]
    [InlineData("case when i % 5 = 0 then null when i % 5 = 1 then 'nan'::double when i % 5 = 2 then 'inf'::double else 1e300 end", "DOUBLE")]
    [InlineData("case when i % 5 = 0 then null else ('00000000-0000-0000-0000-00000000000' || (i % 7))::uuid end", "UUID")]
    public async Task Run_AnyTypeOfPartition_EqualsTheGroupBy(string key, string type)
    {
        var data = WriteSource($"select ({key})::{type} as k, i % 3 as g, i as n from range(1000) t(i)");

        (await _fanfold.RunAsync(Spec("k", """{ "groupBy": ["g"], "aggregates": { "total": "sum(n)" } }"""))).Exits(0);

        Assert.Equal(
            Duck.Rows($"select k::varchar, g, sum(n)::bigint from {data} group by k, g order by k nulls last, g"),
            Duck.Rows($"select k::{type}::varchar, g, total::bigint from {Read("'k': VARCHAR")} order by k::{type} nulls last, g"));
    }

    [Fact]
    public async Task Run_OverAnOlderResult_LeavesNoneOfItsFiles()
    {
        var data = WriteSource("select i % 20 as k, i as n from range(1000) t(i)");
        (await _fanfold.RunAsync(Spec("k", """{ "aggregates": { "total": "sum(n)" } }"""))).Exits(0);
        var older = Files();

        (await _fanfold.RunAsync(Spec("k", """{ "aggregates": { "total": "max(n)" } }""", """{ "where": "n < 500", "partitionBy": { "column": "k", "values": [3, 4, 5] } }"""))).Exits(0);

        Assert.Equal((20, 3), (older.Count, Files().Count));
        Assert.Empty(older.Intersect(Files()));
        Assert.Equal(Duck.Rows($"select k, max(n) from {data} where n < 500 and k in (3, 4, 5) group by k order by k"), Duck.Rows($"select k, total from {Read("'k': BIGINT")} order by k"));
        Assert.Equal(Files().Select(file => Path.GetRelativePath(_fanfold.PathOf(Result), file)), (await ManifestAsync())["result"]!["files"]!.AsArray().Select(file => (string)file!["path"]!));
    }

    [Fact]
    public async Task Run_InAnyWay_GivesTheSameNamesAndBytes()
    {
        WriteSource("select i % 9 as k, i as n, 'text ' || (i % 4) as s from range(5000) t(i)");
        var seen = new HashSet<string>();
        string[][] ways = [["--parallel", "1"], ["--parallel", "8"], ["--isolation", "none"], ["--isolation", "process", "--fresh"]];
        foreach (var way in ways)
        {
            (await _fanfold.RunAsync(Spec("k", """{ "select": ["s", "n"] }"""), way)).Exits(0);
            seen.Add(string.Join('\n', Files().Select(file => $"{file} {Fanfold.Sha256(file)}")));
            Directory.Delete(_fanfold.PathOf("results"), recursive: true);
        }
        Assert.Single(seen);
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Run_KilledWhileItsFilesArePut_TheSameCommandFinishesTheSame(StoreKind kind)
    {
        await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        var made = Path.Combine(_fanfold.Folder, "made");
        Directory.CreateDirectory(Path.Combine(made, "lake"));
        Duck.Execute($"copy (select i % 12 as k, i as n from range(1200) t(i)) to '{made}/lake/a.parquet' (format parquet)");
        await store.FillAsync(made, "lake");
        var older = Spec("k", """{ "aggregates": { "total": "max(n)" } }""");
        var spec = Spec("k", """{ "aggregates": { "total": "sum(n)" } }""", """{ "partitionBy": { "column": "k", "values": [0, 1, 2, 3, 4, 5, 6, 7] } }""");
        (await _fanfold.RunAsync(spec, store, InThisProcess)).Exits(0);
        var expected = await BytesAsync(store);

        var killedInTheMiddle = 0;
        for (var trial = 0; trial < 4; trial++)
        {
            (await _fanfold.RunAsync(older, store, InThisProcess)).Exits(0);
            Assert.Equal(12, (await store.ListAsync(Result)).Count);
            File.WriteAllText(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString());
            string[] command = ["run", "spec.json", "--store", store.Name, "--run-id", $"trial-{trial}", "--json", .. InThisProcess];
            using (var run = await _fanfold.StartAsync(command))
            {
                // The older result's files and some of the newer: the middle of the commit.
                while (!run.HasExited && (await store.ListAsync(Result)).Count is 12) await Task.Delay(1, Cancellation);
                run.SignalGroup(RunningCommand.Kill);
                if ((await run.EndAsync()).ExitCode == RunningCommand.KilledExitCode) killedInTheMiddle++;
            }

            (await _fanfold.CallAsync(command)).Exits(0);

            Assert.Equal(expected, await BytesAsync(store));
        }
        Assert.True(killedInTheMiddle > 0, "no kill came before the end of its run");
    }

    /// <summary>The files without what tells their names from those of the results before.</summary>
    static async Task<List<string>> BytesAsync(StoreUnderTest store)
    {
        var files = new List<string>();
        foreach (var file in await store.ListAsync(Result)) files.Add($"{file.Path[..file.Path.LastIndexOf('-')]} {await store.HashAsync(file.Path)}");
        return files;
    }
}
