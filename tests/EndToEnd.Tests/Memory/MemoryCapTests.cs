using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Fanfold.EndToEnd.Tests.Memory;

/// <summary>
/// Data far larger than the cap of the workers that reduce it, at several caps: the answer is DuckDB's or known by construction, and no worker ever had more
/// resident than its cap. <c>FANFOLD_SOAK=1</c> takes every shape in its full size at every cap.
/// </summary>
public sealed class MemoryCapTests : IDisposable
{
    const string Result = "results/out.parquet";

    /// <summary>Decoded values of a page, as writers have them by default.</summary>
    const int PageRows = 128 << 10;

    static readonly bool Soak = Environment.GetEnvironmentVariable("FANFOLD_SOAK") == "1";

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    /// <summary>Caps in MiB with the size that the shape has there: usually one of them in full.</summary>
    static TheoryData<int, long> Sizes(long full, params (int Cap, long Size)[] usual) =>
        Soak ? new(new[] { 64, 128, 512 }.Select(cap => (cap, full))) : new(usual);

    public static TheoryData<int, long> WideRows => Sizes(40_000, (64, 4_000), (128, 10_000), (512, 40_000));
    public static TheoryData<int, long> Groups => Sizes(10_000_000, (64, 1_000_000), (128, 2_000_000), (512, 10_000_000));
    public static TheoryData<int, long> LongTexts => Sizes(10_486, (64, 2_000), (128, 2_000), (512, 10_486));
    public static TheoryData<int, long> DecodedMiB => Sizes(3 << 10, (64, 512), (128, 512), (512, 3 << 10));
    public static TheoryData<int, long> TinyPartitions => Sizes(1_000, (64, 100));

    string Source(string name) => Path.Combine(Directory.CreateDirectory(_fanfold.PathOf("lake/hard")).FullName, name + ".parquet");

    static JsonObject Spec(string reduce, int cap, string more = "{}")
    {
        var spec = Fanfold.Spec("lake/hard", "p", reduce, Result, more);
        spec["limits"] = new JsonObject { ["memory"] = $"{cap}MiB", ["parallel"] = 2 };
        return spec;
    }

    async Task<Outcome> RunAsync(JsonObject spec, int cap)
    {
        SkipWithoutNativeWorker(cap);
        // Nothing may run again with more.
        var run = (await _fanfold.RunAsync(spec, "--max-memory", $"{cap}MiB")).Exits(0);
        var peak = (long)run.Json["peakWorkerMemory"]!;
        TestContext.Current.TestOutputHelper!.WriteLine($"cap {cap} MiB: peak {peak / 1048576.0:0.0} MiB, {run.Json["elapsedMs"]} ms");
        Assert.InRange(peak, 1, (long)cap << 20);
        return run;
    }

    static void SkipWithoutNativeWorker(int cap) =>
        Assert.SkipUnless(Executable.HasGcc || cap >= 128 || Environment.GetEnvironmentVariable("CI") == "true", "the worker under `dotnet` needs 128 MiB; publishing the native one needs gcc");

    [Theory]
    [MemberData(nameof(WideRows))]
    public async Task Run_FiveHundredColumns_KeepsTheCap(int cap, long rows)
    {
        const int half = 250;
        var columns = Enumerable.Range(0, half).Select(i => $"(i * {i + 1} % 1000) / 4.0 as d{i}, 's{i}-' || (i * {i + 3} % 100003) as s{i}");
        Duck.Execute($"copy (select (i % 2)::int as p, {string.Join(", ", columns)} from range({rows}) t(i)) to '{Source("wide")}' (format parquet, compression zstd, row_group_size 1000000)");
        var aggregates = Enumerable.Range(0, half).SelectMany(i => new[] { ($"d{i}", $"sum(d{i})"), ($"s{i}", $"max(s{i})") }).ToList();
        var reduce = new JsonObject { ["aggregates"] = new JsonObject(aggregates.Select(aggregate => KeyValuePair.Create(aggregate.Item1, (JsonNode?)aggregate.Item2))) };

        await RunAsync(Spec(reduce.ToJsonString(), cap), cap);

        Assert.Equal(Duck.Rows($"select p, {string.Join(", ", aggregates.Select(aggregate => aggregate.Item2))} from '{Source("wide")}' group by p order by p"), Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    /// <summary>Each key comes three times, its rows far apart.</summary>
    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Run_MoreGroupsThanTheCapHolds_KeepsTheCap(int cap, long groups)
    {
        Duck.Execute($"copy (select 0 as p, (i * 7919 % {groups}) * 1000003 as key, i % 1000 as x from range({3 * groups}) t(i)) to '{Source("groups")}' (format parquet, row_group_size 1000000)");

        var run = await RunAsync(Spec("""{ "groupBy": ["key"], "aggregates": { "n": "len()", "total": "sum(x)" } }""", cap), cap);

        Assert.Equal(groups, (long)run.Json["rowsOut"]!);
        Assert.Equal([$"{groups}|3|3|0"], Duck.Rows($"""
            with ours as (select key, n, total from '{_fanfold.PathOf(Result)}')
            select count(*), min(n), max(n), (select count(*) from (select key, sum(x) as total from '{Source("groups")}' group by key) theirs anti join ours using (key, total)) from ours
            """));
    }

    [Theory]
    [MemberData(nameof(LongTexts))]
    public async Task Run_TextsOfAGibibyteInTotal_KeepsTheCap(int cap, long texts)
    {
        const int length = 100 << 10, perPage = 8;
        RepeatedPages.Write(Source("texts"), perPage, (int)(texts / perPage),
            RepeatedPages.Numbers("p", [0, 1, 0, 1, 0, 1, 0, 1]), RepeatedPages.Texts("text", Enumerable.Range(0, perPage).Select(i => i + new string((char)('a' + i), length - 1))));

        await RunAsync(Spec("""{ "aggregates": { "n": "len()", "length": "sum(length(text))", "most": "max(text)" }, "groupBy": ["text"] }""", cap, """{ "derive": { "text": "substr(text, 1, 2)" } }"""), cap);

        var each = texts / perPage;
        Assert.Equal(
            Enumerable.Range(0, perPage).OrderBy(i => i % 2).ThenBy(i => i).Select(i => $"{i % 2}|{i}{(char)('a' + i)}|{each}|{2 * each}|{i}{(char)('a' + i)}"),
            Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    [Theory]
    [MemberData(nameof(DecodedMiB))]
    public async Task Run_RowGroupFarBeyondTheCap_KeepsIt(int cap, long mebibytes)
    {
        var pages = (int)(mebibytes / 3);
        RepeatedPages.Write(Source("large"), PageRows, pages,
            RepeatedPages.Numbers("p", Enumerable.Range(0, PageRows).Select(i => i % 2L)), RepeatedPages.Numbers("key", Enumerable.Range(0, PageRows).Select(i => i / 2 % 4L)),
            RepeatedPages.Numbers("x", Enumerable.Range(0, PageRows).Select(i => (long)i)));

        await RunAsync(Spec("""{ "groupBy": ["key"], "aggregates": { "n": "len()", "total": "sum(x)" } }""", cap), cap);

        Assert.Equal(
            from p in Enumerable.Range(0, 2)
            from key in Enumerable.Range(0, 4)
            let rows = Enumerable.Range(0, PageRows).Where(i => i % 2 == p && i / 2 % 4 == key).ToList()
            select $"{p}|{key}|{(long)rows.Count * pages}|{rows.Sum(i => (long)i) * pages}",
            Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    [Theory]
    [MemberData(nameof(TinyPartitions))]
    public async Task Run_OnePartitionWithNearlyAllRows_KeepsTheCap(int cap, long tiny)
    {
        var rows = 2000 * tiny;
        Duck.Execute($"""
            copy (select (case when i % 20 <> 0 then 0 else 1 + i // 20 % {tiny} end)::int as p, i, 'text ' || (i * 7919 % {rows}) || repeat('-', 40) as text from range({rows}) t(i))
            to '{Source("skewed")}' (format parquet, compression zstd, row_group_size 20000)
            """);

        var run = await RunAsync(Spec("""{ "select": ["i", "text"], "sort": ["-text"], "limit": 1000 }""", cap), cap);

        Assert.Equal(tiny + 1, (int)run.Json["partitions"]!["succeeded"]!);
        Assert.Equal(
            Duck.Rows($"select p, i, text from '{Source("skewed")}' qualify row_number() over (partition by p order by text desc) <= 1000 order by p, text desc"),
            Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    public async Task Run_ValueLargerThanTheCap_IsRefusedWithTheCapThatWouldDo(int cap)
    {
        SkipWithoutNativeWorker(cap);
        RepeatedPages.Write(Source("one"), 1, 1, RepeatedPages.Numbers("p", [0]), RepeatedPages.Texts("text", [new string('x', 200 << 20)]));
        var reduce = """{ "aggregates": { "length": "sum(length(text))" } }""";

        var refused = (await _fanfold.RunAsync(Spec(reduce, cap), "--max-memory", $"{cap}MiB")).Exits(1);

        Assert.Equal("memory", (string?)refused.Error["code"]);
        Assert.Equal("lake/hard/one.parquet", (string?)refused.Error["file"]);
        Assert.InRange((long)refused.Json["peakWorkerMemory"]!, 1, (long)cap << 20);
        var advice = Regex.Match((string)refused.Error["message"]!, @"raise ""limits\.memory"" to (\d+) MiB");
        Assert.True(advice.Success, (string?)refused.Error["message"]);
        var needed = int.Parse(advice.Groups[1].Value, CultureInfo.InvariantCulture);
        await RunAsync(Spec(reduce, needed), needed);
        Assert.Equal([$"0|{200 << 20}"], Duck.ReadResult(_fanfold.PathOf(Result)));
    }
}
