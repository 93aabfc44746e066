using System.Text.Json.Nodes;
using Fanfold.EndToEnd.Tests.Faults;
using Fanfold.Storage;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Runs that fail in one partition or are cancelled, and what a redrive does again.</summary>
public sealed class RedriveTests : IDisposable
{
    const int Partitions = 8;
    const string Result = "results/trips.parquet";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static JsonObject Spec(string limits) => Fanfold.Spec("lake/trips", "ff", """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)" } }""", Result, $$"""{ "limits": {{limits}} }""");

    /// <summary>A store with data, and the bytes of the result when nothing disturbs the run.</summary>
    async Task<(StoreUnderTest Store, string Expected)> CreateAsync(StoreKind kind, JsonObject spec)
    {
        var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        var folder = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "made", "lake", "trips")).FullName;
        Duck.Execute($"""
            copy (select (i * {Partitions} // 40000)::int as ff, 'c' || (i % 5) as category, (i % 1000) / 8.0 as amount from range(40000) t(i))
            to '{folder}/a.parquet' (format parquet, row_group_size 5000)
            """);
        await store.FillAsync(Path.Combine(_fanfold.Folder, "made"), "lake");
        (await _fanfold.RunAsync(spec, store)).Exits(0);
        var expected = await store.HashAsync(Result);
        await store.Objects.DeleteAsync(Result, Cancellation);
        await store.Objects.DeleteAsync(Result + ".manifest.json", Cancellation);
        return (store, expected);
    }

    Task<Outcome> RedriveAsync(StoreUnderTest store, params string[] more) => _fanfold.CallAsync(["redrive", "r", "--store", store.Name, "--json", .. more]);

    const string IsPoison = """case "$task" in *'"value":"3"'*) [ -e poison ] &&""";

    /// <summary>Whatever a task does to its worker, it fails alone after its tries; when the cause is gone, a redrive runs that one and combines.</summary>
    [Theory]
    [InlineData(StoreKind.Directory, "kill -9 $$", "worker-died", 3)]
    [InlineData(StoreKind.Azurite, "kill -9 $$", "worker-died", 3)]
    [InlineData(StoreKind.Directory, "exec sleep 1000", "deadline", 3)]
    // The whole task, and the first of ever smaller pieces of it.
    [InlineData(StoreKind.Directory, "exec tail /dev/zero", "memory", 6)]
    [InlineData(StoreKind.Directory, "exit 3", "worker-died", 3)]
    [InlineData(StoreKind.Directory, "{ echo garbage; exit 0; }", "worker-died", 3)]
    public async Task Run_OnePartitionIsPoison_FailsAloneAndIsRedrivenAlone(StoreKind kind, string poison, string code, int tries)
    {
        var spec = Spec("""{ "parallel": 2, "retries": 2, "timeout": "00:00:03", "memory": "128MiB", "toleratedFailures": 1 }""");
        var (store, expected) = await CreateAsync(kind, spec);
        await using var _ = store;
        var worker = await ScriptedWorker.WriteAsync(_fanfold, $"""{IsPoison} echo $number >> poisoned && {poison};; esac""");
        var (flag, poisoned) = (Path.Combine(_fanfold.Folder, "poison"), Path.Combine(_fanfold.Folder, "poisoned"));
        await File.WriteAllTextAsync(flag, "", Cancellation);

        var run = (await _fanfold.RunAsync(spec, store, "--run-id", "r", "--worker", worker, "--max-memory", "128MiB")).Exits(3);

        Assert.Equal((code, "3"), ((string?)run.Error["code"], (string?)run.Error["partition"]));
        Assert.Equal((Partitions - 1, 1), ((int)run.Json["partitions"]!["succeeded"]!, (int)run.Json["partitions"]!["failed"]!));
        Assert.Equal(tries, (await File.ReadAllLinesAsync(poisoned, Cancellation)).Length);
        var (started, receipts) = (_fanfold.Workers.Count, await store.ListAsync("fanfold/runs/r/receipts"));

        File.Delete(flag);
        var redriven = (await RedriveAsync(store, "--worker", worker)).Exits(0);

        Assert.Equal((Partitions, Partitions - 1), ((int)redriven.Json["tasks"]!["succeeded"]!, (int)redriven.Json["tasks"]!["reused"]!));
        // The task and the combine; the values were found before.
        Assert.Equal(2, _fanfold.Workers.Count - started);
        var made = Assert.Single((await store.ListAsync("fanfold/runs/r/receipts")).Except(receipts));
        const string redrive = "fanfold/runs/r/redrives/1";
        var (plan, task, combine) = ((await ReadAsync($"{redrive}/plan/plan.json"))["totals"]!["requests"], (await ReadAsync(made.Path))["requests"], (await ReadAsync($"{redrive}/receipts/combine.json"))["requests"]);
        Assert.Equal((long)plan! + (long)task! + (long)combine!, (long)redriven.Json["requests"]!);
        Assert.InRange((long)redriven.Json["requests"]!, 1, (long)run.Json["requests"]! - (Partitions - 3) * (long)task!);
        Assert.Equal(expected, await store.HashAsync(Result));
        Assert.Empty(await store.ListAsync("fanfold/runs/r/parts"));
        var again = _fanfold.Workers.Count;
        Assert.Equal(redriven.Stdout, (await RedriveAsync(store)).Exits(0).Stdout);
        Assert.Equal(again, _fanfold.Workers.Count);

        async Task<JsonNode> ReadAsync(string path) => JsonNode.Parse(await store.Objects.ReadAllAsync(path, 1 << 20, Cancellation))!;
    }

    /// <summary>What a store is asked by a run in which nothing may fail, and by its redrive: as counted by what stands before the store, not by those who ask.</summary>
    [Fact]
    public async Task Redrive_OfOnePartition_AsksTheStoreForThatOneOnly()
    {
        var spec = Spec("""{ "parallel": 1, "retries": 1 }""");
        var (store, expected) = await CreateAsync(StoreKind.Azurite, spec);
        await using var _ = store;
        await using var proxy = new FaultyProxy(new Uri(store.Name));
        var worker = await ScriptedWorker.WriteAsync(_fanfold, $"{IsPoison} kill -9 $$;; esac");
        var flag = Path.Combine(_fanfold.Folder, "poison");
        await File.WriteAllTextAsync(flag, "", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString(), Cancellation);

        var run = (await _fanfold.CallAsync("run", "spec.json", "--store", proxy.Endpoint.AbsoluteUri, "--run-id", "r", "--json", "--worker", worker)).Exits(1);
        Assert.Equal(("failed", "worker-died", Partitions - 1), ((string?)run.Json["status"], (string?)run.Error["code"], (int)run.Json["partitions"]!["succeeded"]!));
        Assert.Empty(await store.ListAsync("results"));
        var (read, put) = Asked();
        Assert.Equal(Partitions - 1, put.Count(IsPart));

        File.Delete(flag);
        var redriven = (await _fanfold.CallAsync("redrive", "r", "--store", proxy.Endpoint.AbsoluteUri, "--json", "--worker", worker)).Exits(0);
        var (readAgain, putAgain) = Asked();

        Assert.Equal((Partitions, Partitions - 1), ((int)redriven.Json["tasks"]!["succeeded"]!, (int)redriven.Json["tasks"]!["reused"]!));
        Assert.Equal(expected, await store.HashAsync(Result));
        var made = Assert.Single(putAgain, IsPart);
        Assert.DoesNotContain(made, put);
        Assert.Single(putAgain, target => target.Contains("/r/receipts/", StringComparison.Ordinal));
        // The footers, for the plan, and what the one task says that it read.
        var receipt = JsonNode.Parse(await store.ReadAsync($"fanfold/runs/r/receipts/{Path.GetFileNameWithoutExtension(made)}.json"))!;
        Assert.Equal(1 + (int)receipt["requests"]!, readAgain.Count);
        Assert.InRange(readAgain.Count, 2, read.Count / 4);

        static bool IsPart(string target) => target.Contains("/parts/", StringComparison.Ordinal) && target.EndsWith(".parquet", StringComparison.Ordinal);

        (List<string> Ranges, List<string> Put) Asked()
        {
            var asked = proxy.Requests.ToList();
            proxy.Requests.Clear();
            return ([.. asked.Where(one => one.Method == "GET" && one.Target.EndsWith("/lake/trips/a.parquet", StringComparison.Ordinal)).Select(one => one.Range!)], [.. asked.Where(one => one.Method == "PUT").Select(one => one.Target)]);
        }
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Cancel_OfARunUnderWay_EndsItsWorkersAndCanBeRedriven(StoreKind kind)
    {
        var spec = Spec("""{ "parallel": 3 }""");
        var (store, expected) = await CreateAsync(kind, spec);
        await using var _ = store;
        var before = _fanfold.Workers.Count;
        // The first finds the values and three more do a task each; the next ones hang.
        var worker = await ScriptedWorker.WriteAsync(_fanfold, $"[ $number -le {before + 4} ] || while [ -e hang ]; do sleep 0.05; done");
        var flag = Path.Combine(_fanfold.Folder, "hang");
        await File.WriteAllTextAsync(flag, "", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString(), Cancellation);
        using var run = await _fanfold.StartAsync("run", "spec.json", "--store", store.Name, "--run-id", "r", "--json", "--worker", worker);
        while (!run.HasExited && (_fanfold.Workers.Count < before + 7 || (await store.ListAsync("fanfold/runs/r/receipts")).Count < 3)) await Task.Delay(10, Cancellation);

        var cancelled = (await _fanfold.CallAsync("cancel", "r", "--store", store.Name, "--json")).Exits(0);

        Assert.All(_fanfold.Workers, pid => Assert.False(Directory.Exists($"/proc/{pid}"), $"worker {pid} is still there"));
        Assert.Equal("cancelled", (string?)cancelled.Json["status"]);
        var ended = (await run.EndAsync()).Exits(1);
        Assert.Equal(("cancelled", "cancelled"), ((string?)ended.Json["status"], (string?)ended.Error["code"]));
        Assert.Equal("cancelled", (string?)(await _fanfold.CallAsync("status", "r", "--store", store.Name, "--json")).Exits(0).Json["status"]);
        Assert.Empty(await store.ListAsync("results"));

        File.Delete(flag);
        var started = _fanfold.Workers.Count;
        var redriven = (await RedriveAsync(store, "--worker", worker)).Exits(0);

        Assert.Equal(3, (int)redriven.Json["tasks"]!["reused"]!);
        Assert.Equal(Partitions - 3 + 1, _fanfold.Workers.Count - started);
        Assert.Equal(expected, await store.HashAsync(Result));
    }

    [Fact]
    public async Task Cancel_OfARunThatEndedOrNeverWas_SaysSo()
    {
        var (store, _) = await CreateAsync(StoreKind.Directory, Spec("{}"));
        (await _fanfold.RunAsync(Spec("{}"), store, "--run-id", "r")).Exits(0);

        Assert.Equal("run-finished", (string?)(await _fanfold.CallAsync("cancel", "r", "--store", store.Name, "--json")).Exits(8).Error["code"]);
        foreach (var verb in (string[])["cancel", "redrive", "status"])
            Assert.Equal("run-not-found", (string?)(await _fanfold.CallAsync(verb, "nothing", "--store", store.Name, "--json")).Exits(4).Error["code"]);
        foreach (var verb in (string[])["cancel", "redrive", "status"])
            Assert.Equal("run-not-found", (string?)(await _fanfold.CallAsync(verb, "../../lake", "--store", store.Name, "--json")).Exits(4).Error["code"]);
    }

    [Fact]
    public async Task Purge_OfOldRuns_RemovesTheirStateOnly()
    {
        var (store, expected) = await CreateAsync(StoreKind.Directory, Spec("{}"));
        (await _fanfold.RunAsync(Spec("{}"), store, "--run-id", "r")).Exits(0);

        var young = (await _fanfold.CallAsync("purge", "--older-than", "1d", "--store", store.Name, "--json")).Exits(0);
        var old = (await _fanfold.CallAsync("purge", "--older-than", "0s", "--store", store.Name, "--json")).Exits(0);

        Assert.Equal((0, 2), (young.Json["purged"]!.AsArray().Count, (int)young.Json["kept"]!));
        Assert.Contains("r", old.Json["purged"]!.AsArray().Select(run => (string?)run));
        Assert.Equal((0, true), ((int)old.Json["kept"]!, (bool)old.Json["complete"]!));
        Assert.Empty(await store.ListAsync("fanfold/runs"));
        Assert.Equal(expected, await store.HashAsync(Result));
        (await _fanfold.CallAsync("purge", "--older-than", "soon", "--store", store.Name)).Exits(2);
    }

    /// <summary>The host dies and its worker lives: the worker takes its try back, so that no number of such deaths makes the task a poison.</summary>
    [Fact]
    public async Task Run_HostKilledOftenerThanATaskHasTries_StillEnds()
    {
        var spec = Spec("""{ "parallel": 1, "retries": 0 }""");
        var (store, expected) = await CreateAsync(StoreKind.Directory, spec);
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString(), Cancellation);
        for (var death = 0; death < 5; death++)
        {
            using var run = await _fanfold.StartAsync("run", "spec.json", "--store", store.Name, "--run-id", "r", "--json");
            while (!run.HasExited && (await store.ListAsync("fanfold/runs/r/attempts")).Count == 0) await Task.Yield();
            run.Signal(RunningCommand.Kill);
            await run.EndAsync();
        }

        var resumed = (await _fanfold.CallAsync("run", "spec.json", "--store", store.Name, "--run-id", "r", "--json")).Exits(0);

        Assert.Equal("succeeded", (string?)resumed.Json["status"]);
        Assert.Equal(expected, await store.HashAsync(Result));
    }
}
