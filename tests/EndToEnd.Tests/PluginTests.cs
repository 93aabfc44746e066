using System.Reflection;
using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Workers with plug-ins: the sample's, and ones that misbehave.</summary>
public sealed class PluginTests : IDisposable
{
    const string Result = "results/out.parquet";

    static readonly string Misbehaving = ProgramAt("PluginWorker") + ".dll";

    // The worker under test is not the one that publishing compiles.
    readonly Fanfold _fanfold = new(Executable.FromSource);

    public void Dispose() => _fanfold.Dispose();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static string ProgramAt(string name) => typeof(PluginTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == name).Value!;

    static JsonObject Spec(string plugin, string limits = "{}", string more = "") =>
        Fanfold.Spec("lake/trips", "ff", $$"""{ "plugin": "{{plugin}}"{{more}} }""", Result, $$"""{ "partitionBy": { "column": "ff", "values": [0, 1, 2, 3] }, "limits": {{limits}} }""");

    /// <summary>Five values of ff and a null in every row group, trips in no order of time.</summary>
    string WriteTrips()
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake/trips")).FullName;
        for (var file = 0; file < 3; file++)
        {
            Duck.Execute($"""
                copy (select case when i % 89 = 0 then null else (i * 7919) % 5 end::int as ff, case when i % 83 = 0 then null else (i * 31) % 17 end::int as vehicle,
                      case when i % 79 = 0 then null else timestamp '2024-01-01' + to_seconds((i * 104729) % 2000000) end as pickup
                      from range({file * 10000}, {(file + 1) * 10000}) t(i)) to '{folder}/trips-{file}.parquet' (format parquet, row_group_size 2048)
                """);
        }
        return $"read_parquet('{folder}/*.parquet')";
    }

    [Theory]
    [InlineData("""{ "plugin": "sessions" }""", "ff nulls last, vehicle, started", "true")]
    [InlineData("""{ "plugin": "sessions", "sort": ["-trips", "started", "vehicle"], "limit": 7 }""", "ff nulls last, trips desc, started, vehicle", "place <= 7")]
    public async Task Run_Sample_GivesTheSessionsThatDuckDbFinds(string reduce, string order, string kept)
    {
        var data = WriteTrips();
        var expected = Duck.Rows($"""
            with gaps as (select *, case when pickup - lag(pickup) over (partition by ff, vehicle order by pickup) <= interval 30 minutes then 0 else 1 end as fresh
                          from {data} where vehicle is not null and pickup is not null),
            numbered as (select *, sum(fresh) over (partition by ff, vehicle order by pickup rows unbounded preceding) as session from gaps),
            sessions as (select ff, vehicle, min(pickup) as started, max(pickup) as ended, count(*) as trips from numbered group by ff, vehicle, session),
            placed as (select *, row_number() over (partition by ff order by {order}) as place from sessions)
            select ff, vehicle, started, ended, trips from placed where {kept} order by {order}
            """);

        (await _fanfold.RunAsync(Fanfold.Spec("lake/trips", "ff", reduce, Result), "--worker", ProgramAt("SampleWorker"))).Exits(0);

        Assert.Equal(expected, Duck.ReadResult(_fanfold.PathOf(Result)));
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), Cancellation))!;
        Assert.Equal(("sessions", "1.0"), ((string?)manifest["plugin"]!["name"], (string?)manifest["plugin"]!["version"]));
        Assert.Equal("complete", (string?)manifest["proof"]!["scope"]);
    }

    [Fact]
    public async Task Run_PluginWithNothingToSayOfAPartition_LeavesItEmpty()
    {
        Directory.CreateDirectory(_fanfold.PathOf("lake/trips"));
        Duck.Execute($"""
            copy (select (i % 2)::int as ff, case when i % 2 = 0 then null else (i % 5)::int end as vehicle, timestamp '2024-01-01' + to_seconds(i * 60) as pickup from range(6000) t(i))
            to '{_fanfold.PathOf("lake/trips/a.parquet")}' (format parquet)
            """);

        (await _fanfold.RunAsync(Fanfold.Spec("lake/trips", "ff", """{ "plugin": "sessions" }""", Result), "--worker", ProgramAt("SampleWorker"))).Exits(0);

        Assert.Equal(["1|5"], Duck.Rows($"select ff, count(*) from '{_fanfold.PathOf(Result)}' group by ff"));
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), Cancellation))!;
        Assert.Equal("complete", (string?)manifest["proof"]!["scope"]);
    }

    /// <summary>The plug-in sees one thing, wherever its rows come from.</summary>
    [Fact]
    public async Task Run_SampleOverRangesOfFoldersWithKeys_GivesTheSessionsThatDuckDbFinds()
    {
        for (var vehicle = 0; vehicle < 3; vehicle++)
        {
            var folder = Directory.CreateDirectory(_fanfold.PathOf($"lake/trips/vehicle={vehicle}")).FullName;
            Duck.Execute($"copy (select (i * 7919) % 5 as ff, (timestamp '2024-01-01' + to_seconds((i * 104729 + {vehicle}) % 2000000))::timestamp_ns as pickup from range(3000) t(i)) to '{folder}/a.parquet' (format parquet, row_group_size 2048)");
        }
        var expected = Duck.Rows($"""
            with gaps as (select *, (ff >= 2)::int as part, case when pickup - lag(pickup) over (partition by ff >= 2, vehicle order by pickup) <= interval 30 minutes then 0 else 1 end as fresh
                          from read_parquet('{_fanfold.PathOf("lake/trips")}/*/*.parquet', hive_partitioning = true)),
            numbered as (select *, sum(fresh) over (partition by part, vehicle order by pickup rows unbounded preceding) as session from gaps)
            select vehicle, min(pickup)::timestamp, max(pickup)::timestamp, count(*) from numbered group by part, vehicle, session order by part, vehicle, min(pickup)
            """);
        var spec = Fanfold.Spec("lake/trips", "ff", """{ "plugin": "sessions" }""", Result, """{ "partitionBy": { "column": "ff", "ranges": [[0, 2], [2, 5]] } }""");

        (await _fanfold.RunAsync(spec, "--worker", ProgramAt("SampleWorker"))).Exits(0);

        Assert.Equal(expected, Duck.Rows($"select vehicle, started::timestamp, ended::timestamp, trips from read_parquet('{_fanfold.PathOf(Result)}')"));
    }

    [Theory]
    [InlineData("throws", "plugin-failed", "'throws' 1 failed in Merge: InvalidTimeZoneException: no such place")]
    [InlineData("writes-wrong", "plugin-output", "'writes-wrong' 1 wrote a string to the column 'n', which is int64")]
    [InlineData("writes-unequal", "plugin-output", "'writes-unequal' 1 wrote 1 values to the column 'n' and 0 to 'm'")]
    [InlineData("leaks", "memory", "limits.memory")]
    [InlineData("hangs", "deadline", "limits.timeout")]
    public async Task Run_PluginThatMisbehaves_FailsThePartitionAndNamesThePlugin(string plugin, string code, string message)
    {
        SeedData.WriteEven(_fanfold, "lake/trips");

        // Another try would not help, and is not made but for the deadline.
        var limits = plugin == "hangs" ? """{ "timeout": "00:00:05", "retries": 0, "toleratedFailures": 4, "parallel": 4 }""" : """{ "toleratedFailures": 4, "retries": 100 }""";
        var run = (await _fanfold.RunAsync(Spec(plugin, limits), "--worker", Misbehaving)).Exits(3);

        Assert.Equal(["0", "1", "2", "3"], run.Errors.Select(error => (string?)error["partition"]));
        Assert.All(run.Errors, error => Assert.Equal(code, (string?)error["code"]));
        Assert.All(run.Errors, error => Assert.Contains(message, (string?)error["message"], StringComparison.Ordinal));
        Assert.All(run.Errors, error => Assert.InRange(((string)error["message"]!).Length, 10, 4096));
    }

    [Theory]
    [InlineData("cuonts", "", "plugin-missing", "/reduce/plugin", "did you mean 'counts'?")]
    [InlineData("no-such", "", "plugin-missing", "/reduce/plugin", "it has counts, hangs, leaks, leaks-arrays, leaks-natively, leaks-objects, prints, sessions, ….")]
    [InlineData("sessions", "", "unknown-column", "/reduce/plugin", "'vehicle'")]
    [InlineData("writes-nothing", "", "plugin-output", "/reduce/plugin", "no column")]
    [InlineData("writes-the-partition", "", "plugin-output", "/reduce/plugin", "'ff'")]
    [InlineData("counts", ""","sort":["-m"]""", "unknown-column", "/reduce/sort/0", "these are ff, n.")]
    public async Task Plan_PluginThatDoesNotFit_IsRefusedBeforeDataIsRead(string plugin, string more, string code, string pointer, string message)
    {
        SeedData.WriteEven(_fanfold, "lake/trips");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Spec(plugin, more: more).ToJsonString(), Cancellation);

        var plan = (await _fanfold.CallAsync("plan", "spec.json", "--store", _fanfold.Store, "--json", "--worker", Misbehaving)).Exits(2);

        var error = plan.Errors[0];
        Assert.Equal((code, pointer), ((string?)error["code"], (string?)error["pointer"]));
        Assert.Contains(message, (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_StockWorker_RefusesThePluginAndSaysWhereItMayBe()
    {
        SeedData.WriteEven(_fanfold, "lake/trips");

        var run = (await _fanfold.RunAsync(Spec("counts"))).Exits(2);

        Assert.Equal(("plugin-missing", "/reduce/plugin"), ((string?)run.Error["code"], (string?)run.Error["pointer"]));
        Assert.Contains("--worker PATH or FANFOLD_WORKER", (string?)run.Error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-worker")]
    [InlineData("")]
    public async Task Run_WorkerThatIsNotThere_IsRefused(string worker)
    {
        var run = (await _fanfold.RunAsync(Spec("counts"), "--worker", worker)).Exits(2);

        Assert.Contains("there is no worker", (string?)run.Error["message"], StringComparison.Ordinal);
        Assert.False(Directory.Exists(_fanfold.PathOf("fanfold")));
    }

    [Fact]
    public async Task Run_PluginThatPrintsAndAsks_DoesNotDisturbTheWorker()
    {
        SeedData.WriteEven(_fanfold, "lake/trips");

        (await _fanfold.RunAsync(Spec("prints"), "--worker", Misbehaving)).Exits(0);
    }

    [Fact]
    public async Task Run_KilledInTheMiddle_GoesOnOnlyWithItsWorker()
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake/trips")).FullName;
        Duck.Execute($"copy (select (i % 4)::int as ff, i as id from range(20000) t(i)) to '{folder}/a.parquet' (format parquet, row_group_size 2048)");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Spec("counts", """{ "parallel": 1 }""").ToJsonString(), Cancellation);
        (await RunAsync([], "undisturbed", Misbehaving)).Exits(0);
        var expected = Fanfold.Sha256(_fanfold.PathOf(Result));
        File.Delete(_fanfold.PathOf(Result));
        File.Delete(_fanfold.PathOf(Result + ".manifest.json"));

        var receipts = _fanfold.PathOf("fanfold/runs/killed/receipts");
        using (var run = await StartAsync(new() { ["FANFOLD_COUNTS_HANGS_AT"] = "2" }, "killed", Misbehaving))
        {
            while (!run.HasExited && (!Directory.Exists(receipts) || Directory.GetFiles(receipts, "*.json").Length < 2)) await Task.Delay(5, Cancellation);
            Assert.False(run.HasExited);
            run.SignalGroup(RunningCommand.Kill);
            await run.EndAsync();
        }
        var stock = (await RunAsync([], "killed", worker: null)).Exits(1);
        var other = (await RunAsync(new() { ["FANFOLD_COUNTS_VERSION"] = "2" }, "killed", Misbehaving)).Exits(1);
        Assert.False(File.Exists(_fanfold.PathOf(Result)));
        var resumed = (await RunAsync(new() { ["FANFOLD_WORKER"] = Misbehaving }, "killed", worker: null)).Exits(0);

        Assert.Equal(["plugin-missing", "stopped"], stock.Errors.Select(error => (string?)error["code"]));
        Assert.Equal(["plugin-changed", "stopped"], other.Errors.Select(error => (string?)error["code"]));
        Assert.Contains("version 1 of the plug-in 'counts', and the worker has 2", (string?)other.Errors[0]["message"], StringComparison.Ordinal);
        Assert.Equal(2, (int)resumed.Json["tasks"]!["reused"]!);
        Assert.Equal(expected, Fanfold.Sha256(_fanfold.PathOf(Result)));
    }

    Task<RunningCommand> StartAsync(Dictionary<string, string> environment, string runId, string? worker) =>
        _fanfold.StartAsync(environment, ["run", "spec.json", "--store", _fanfold.Store, "--json", "--run-id", runId, .. worker is null ? Array.Empty<string>() : ["--worker", worker]]);

    async Task<Outcome> RunAsync(Dictionary<string, string> environment, string runId, string? worker)
    {
        using var run = await StartAsync(environment, runId, worker);
        return await run.EndAsync();
    }
}
