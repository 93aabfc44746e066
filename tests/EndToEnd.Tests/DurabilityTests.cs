using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Commands that are killed, interrupted, or called many times at once. Set <c>FANFOLD_SOAK=1</c> for twenty times the kills.</summary>
public sealed class DurabilityTests : IDisposable
{
    const string Result = "results/trips.parquet";
    const int Partitions = 12;

    static readonly bool Soak = Environment.GetEnvironmentVariable("FANFOLD_SOAK") == "1";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    /// <param name="discovers">Whether the partitions are found in the data rather than named.</param>
    static JsonObject Spec(bool discovers, int retries = 3)
    {
        var spec = Fanfold.Spec("lake/trips", "ff", """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)" } }""", Result,
            $$"""{ "limits": { "parallel": 3, "retries": {{retries}} } }""");
        if (!discovers) spec["partitionBy"]!["values"] = new JsonArray([.. Enumerable.Range(0, Partitions).Select(value => (JsonNode)value)]);
        return spec;
    }

    async Task<StoreUnderTest> CreateStoreAsync(StoreKind kind)
    {
        var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        var folder = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "made", "lake", "trips")).FullName;
        Duck.Execute($"""
            copy (select (i % {Partitions})::int as ff, 'c' || (i % 5) as category, (i % 1000) / 8.0 as amount from range(60000) t(i))
            to '{folder}/a.parquet' (format parquet, row_group_size 4096)
            """);
        await store.FillAsync(Path.Combine(_fanfold.Folder, "made"), "lake");
        WriteSpec(Spec(discovers: false));
        return store;
    }

    void WriteSpec(JsonObject spec) => File.WriteAllText(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString());

    Task<RunningCommand> StartAsync(StoreUnderTest store, string runId, string kills = "") =>
        _fanfold.StartAsync(new Dictionary<string, string> { ["FANFOLD_WORKER_KILLS"] = kills }, "run", "spec.json", "--store", store.Name, "--run-id", runId, "--json");

    async Task<Outcome> RunAsync(StoreUnderTest store, string runId, string kills = "")
    {
        using var run = await StartAsync(store, runId, kills);
        var outcome = await run.EndAsync();
        Assert.Empty(run.Group);
        return outcome;
    }

    /// <summary>The bytes of the result when nothing disturbs the run.</summary>
    async Task<string> UndisturbedAsync(StoreUnderTest store, string runId = "undisturbed")
    {
        (await RunAsync(store, runId)).Exits(0);
        var hash = await store.HashAsync(Result);
        await DeleteResultAsync(store);
        return hash;
    }

    static async Task DeleteResultAsync(StoreUnderTest store)
    {
        await store.Objects.DeleteAsync(Result, Cancellation);
        await store.Objects.DeleteAsync(Result + ".manifest.json", Cancellation);
    }

    /// <summary>Neither parts nor files that a killed writer had not finished.</summary>
    async Task AssertNothingLeftAsync(StoreUnderTest store, string runId)
    {
        Assert.Empty(await store.ListAsync($"fanfold/runs/{runId}/parts"));
        if (Directory.Exists(_fanfold.Store)) Assert.Empty(Directory.EnumerateFiles(_fanfold.Store, ".*.tmp", SearchOption.AllDirectories));
    }

    static async Task<List<string>> ReceiptsAsync(StoreUnderTest store, string runId) =>
        [.. (await store.ListAsync($"fanfold/runs/{runId}/receipts")).Select(receipt => $"{receipt.Path} {receipt.ETag}")];

    static bool IsDiscoveryReceipt(string path) => path.StartsWith("plan/partitions-", StringComparison.Ordinal) && path.EndsWith(".json", StringComparison.Ordinal);

    /// <summary>Waits until so many objects of a run's state are there, or the run ended.</summary>
    static async Task ReachAsync(StoreUnderTest store, string runId, int objects, RunningCommand run)
    {
        while (!run.HasExited && (await store.ListAsync($"fanfold/runs/{runId}")).Count < objects) await Task.Delay(5, Cancellation);
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Run_KilledAtAnyMoment_TheSameCommandFinishesTheSame(StoreKind kind)
    {
        var seed = Environment.GetEnvironmentVariable("FANFOLD_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"FANFOLD_SEED={seed}");
        var random = new Random(seed);
        await using var store = await CreateStoreAsync(kind);
        var expected = new Dictionary<bool, string>();
        foreach (var discovers in (bool[])[true, false])
        {
            WriteSpec(Spec(discovers));
            expected[discovers] = await UndisturbedAsync(store, discovers ? "undisturbed-too" : "undisturbed");
        }
        var objects = (await store.ListAsync("fanfold/runs/undisturbed")).Count;

        // In a blob store the lease of a killed host lasts up to 15 s, for which each trial waits.
        var kills = (Soak ? 20 : 1) * (kind == StoreKind.Azurite ? 6 : 14);
        var killedInTheMiddle = 0;
        var killed = new Dictionary<Victim, int>();
        // A kill may come before the fan-out or after it, and some are to come within; the run may have ended before.
        for (var trial = 0; (killed.Values.Sum() < kills || killedInTheMiddle == 0) && trial < 5 * kills; trial++)
        {
            await DeleteResultAsync(store);
            var (runId, discovers) = ($"trial-{trial}", trial % 2 == 1);
            WriteSpec(Spec(discovers));
            using (var run = await StartAsync(store, runId))
            {
                // Parts come and go, so the middle of a run has more objects than its end; the further wait is random.
                await ReachAsync(store, runId, random.Next(objects + Partitions / 2), run);
                for (var spins = random.Next(30); spins > 0; spins--) Thread.SpinWait(random.Next(200_000));
                var victim = KillSome(run, random);
                if (victim != Victim.None) killed[victim] = killed.GetValueOrDefault(victim) + 1;
                var end = await run.EndAsync();
                if (victim is Victim.OneWorker or Victim.None) end.Exits(0);
                // Workers whose host is gone end by themselves.
                while (run.Group.Count > 0) await Task.Delay(5, Cancellation);
            }
            var state = (await store.ListAsync($"fanfold/runs/{runId}")).Select(o => o.Path[$"fanfold/runs/{runId}/".Length..]).ToList();
            var before = await ReceiptsAsync(store, runId);
            var ended = state.Contains("ending.json");
            var started = _fanfold.Workers.Count;

            var resumed = (await RunAsync(store, runId)).Exits(0);

            Assert.Equal(expected[discovers], await store.HashAsync(Result));
            await AssertNothingLeftAsync(store, runId);
            if (ended) Assert.Equal(started, _fanfold.Workers.Count);
            else
            {
                var finished = before.Count(receipt => !receipt.Contains("/combine.json", StringComparison.Ordinal));
                Assert.Equal(finished, (int)resumed.Json["tasks"]!["reused"]!);
                Assert.Equal((discovers && !state.Contains("plan/plan.json") && !state.Any(IsDiscoveryReceipt) ? 1 : 0) + Partitions - finished + (before.Count > finished ? 0 : 1), _fanfold.Workers.Count - started);
                if (finished is > 0 and < Partitions) killedInTheMiddle++;
            }
            // What is done is not done again: its very object stays.
            Assert.Subset((await ReceiptsAsync(store, runId)).ToHashSet(), before.ToHashSet());
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"killed: {string.Join(", ", killed.Select(kill => $"{kill.Key} {kill.Value}"))}; {killedInTheMiddle} in the middle of the fan-out");
        Assert.True(killed.Values.Sum() >= kills && killedInTheMiddle > 0, $"{killed.Values.Sum()} kills, {killedInTheMiddle} in the middle of the fan-out");
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Run_SharedScanKilledAtAnyMoment_TheSameCommandFinishesTheSame(StoreKind kind)
    {
        var seed = Environment.GetEnvironmentVariable("FANFOLD_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"FANFOLD_SEED={seed}");
        var random = new Random(seed);
        await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        var folder = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "made", "lake", "trips")).FullName;
        // Enough for several slices.
        Duck.Execute($"""
            copy (select (i % {Partitions})::int as ff, 'c' || (i % 5) as category, i / 8.0 as amount from range(3000000) t(i))
            to '{folder}/a.parquet' (format parquet, row_group_size 100000)
            """);
        await store.FillAsync(Path.Combine(_fanfold.Folder, "made"), "lake");
        WriteSpec(Spec(discovers: true));
        var expected = await UndisturbedAsync(store, "each");
        var spec = Spec(discovers: true);
        spec["strategy"] = "sharedScan";
        WriteSpec(spec);
        Assert.Equal(expected, await UndisturbedAsync(store));
        var objects = (await store.ListAsync("fanfold/runs/undisturbed")).Count;

        var (killed, kills) = (0, Soak ? 80 : 4);
        for (var trial = 0; killed < kills && trial < 5 * kills; trial++)
        {
            await DeleteResultAsync(store);
            var runId = $"trial-{trial}";
            // What other trials made is not to be found.
            string[] command = ["run", "spec.json", "--store", store.Name, "--run-id", runId, "--json"];
            using (var run = await _fanfold.StartAsync([.. command, "--fresh"]))
            {
                await ReachAsync(store, runId, random.Next(objects + 4), run);
                for (var spins = random.Next(30); spins > 0; spins--) Thread.SpinWait(random.Next(200_000));
                var victim = KillSome(run, random);
                if (victim != Victim.None) killed++;
                var end = await run.EndAsync();
                if (victim is Victim.OneWorker or Victim.None) end.Exits(0);
                while (run.Group.Count > 0) await Task.Delay(5, Cancellation);
            }
            var ended = (await store.ListAsync($"fanfold/runs/{runId}")).Any(o => o.Path.EndsWith("/ending.json", StringComparison.Ordinal));

            var resumed = (await _fanfold.CallAsync(ended ? command : [.. command, "--fresh"])).Exits(0);

            Assert.Equal(("sharedScan", "succeeded"), ((string?)resumed.Json["strategy"], (string?)resumed.Json["status"]));
            Assert.InRange((int)resumed.Json["tasks"]!["total"]!, 2, 3);
            Assert.Equal(expected, await store.HashAsync(Result));
            await AssertNothingLeftAsync(store, runId);
        }
        Assert.Equal(kills, killed);
    }

    enum Victim { None, WholeGroup, Host, OneWorker }

    /// <summary>Kills a command with its workers, the command alone, or one of its workers, if there is one.</summary>
    Victim KillSome(RunningCommand run, Random random)
    {
        // A host that dies alone has its lease and its workers outlive it, which takes the next one's time.
        var victim = random.Next(6) switch { 0 => Victim.Host, 1 => Victim.OneWorker, _ => Victim.WholeGroup };
        if (victim == Victim.WholeGroup) return run.SignalGroup(RunningCommand.Kill) ? victim : Victim.None;
        if (victim == Victim.Host) return run.Signal(RunningCommand.Kill) ? victim : Victim.None;
        if (run.Group.Where(process => process != $"{run.Id}").ToList() is not { Count: > 0 } workers) return Victim.None;
        RunningCommand.KillProcess(workers[random.Next(workers.Count)]);
        return victim;
    }

    [Theory]
    [InlineData(StoreKind.Directory, false)]
    [InlineData(StoreKind.Directory, true)]
    [InlineData(StoreKind.Azurite, true)]
    public async Task Run_Interrupted_EndsItsWorkersAndStaysRunning(StoreKind kind, bool wholeGroup)
    {
        await using var store = await CreateStoreAsync(kind);
        using var run = await StartAsync(store, "stopped");
        await ReachAsync(store, "stopped", 8, run);

        Assert.True(wholeGroup ? run.SignalGroup(RunningCommand.Interrupt) : run.Signal(RunningCommand.Interrupt));
        var stopped = (await run.EndAsync()).Exits(130);

        Assert.All(_fanfold.Workers, worker => Assert.False(Directory.Exists($"/proc/{worker}"), $"worker {worker} is still there"));
        Assert.Equal("running", (string?)stopped.Json["status"]);
        Assert.Equal("interrupted", (string?)stopped.Error["code"]);
        var status = (await _fanfold.CallAsync("status", "stopped", "--store", store.Name, "--json")).Exits(0);
        Assert.Equal("running", (string?)status.Json["status"]);
        Assert.Null(status.Json["summary"]);
        var resumed = (await RunAsync(store, "stopped")).Exits(0);
        Assert.Equal("succeeded", (string?)resumed.Json["status"]);
    }

    /// <summary>A terminal that closes and a system that goes down are obeyed like Ctrl-C, and a document tells what is left at any moment.</summary>
    [Theory]
    [InlineData(RunningCommand.Interrupt)]
    [InlineData(RunningCommand.HangUp)]
    [InlineData(RunningCommand.Terminate)]
    public async Task Run_SignalledAtAnyMoment_SaysWhereItStands(int signal)
    {
        await using var store = await CreateStoreAsync(StoreKind.Directory);
        for (var objects = 0; objects <= 4; objects++)
        {
            var runId = $"signalled-{signal}-{objects}";
            using var run = await StartAsync(store, runId);
            await run.SaysAsync("run ");
            await ReachAsync(store, runId, objects, run);
            run.Signal(signal);
            var stopped = (await run.EndAsync()).Exits(130);

            Assert.Equal("interrupted", (string?)stopped.Errors[^1]["code"]);
            var status = await _fanfold.CallAsync("status", runId, "--store", store.Name, "--json");
            Assert.Equal((string?)status.Json["status"], (string?)stopped.Json["status"]);
            (await RunAsync(store, runId)).Exits(0);
        }
    }

    // The first worker discovers, the last one combines.
    const int Combine = 1 + Partitions + 1;

    [Fact]
    public async Task Run_WorkersOfDiscoveryAndCombineKilled_AreTriedAgain()
    {
        await using var store = await CreateStoreAsync(StoreKind.Directory);
        WriteSpec(Spec(discovers: true));
        var expected = await UndisturbedAsync(store);
        var started = _fanfold.Workers.Count;

        // The first kill moves the combine by one.
        var run = (await RunAsync(store, "killed", $"{started + 1} {started + 1 + Combine}")).Exits(0);

        Assert.Null(run.Json["errors"]);
        Assert.Equal(Combine + 2, _fanfold.Workers.Count - started);
        Assert.Equal(expected, await store.HashAsync(Result));
        await AssertNothingLeftAsync(store, "killed");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(Combine, Partitions)]
    public async Task Run_WorkerOfDiscoveryOrCombineKilledInEveryTry_FailsAndIsRedriven(int worker, int reused)
    {
        await using var store = await CreateStoreAsync(StoreKind.Directory);
        WriteSpec(Spec(discovers: true, retries: 0));

        var failed = (await RunAsync(store, "killed", $"{worker}")).Exits(1);

        Assert.Equal(("killed", "failed"), ((string?)failed.Json["runId"], (string?)failed.Json["status"]));
        Assert.Equal("worker-died", (string?)Assert.Single(failed.Errors)["code"]);
        Assert.Equal(reused, (int)(await _fanfold.CallAsync("redrive", "killed", "--store", store.Name, "--json")).Exits(0).Json["tasks"]!["reused"]!);
        await AssertNothingLeftAsync(store, "killed");
    }

    [Theory]
    [InlineData(StoreKind.Directory, 0)]
    [InlineData(StoreKind.Directory, 3)]
    [InlineData(StoreKind.Azurite, 0)]
    [InlineData(StoreKind.Azurite, 1)]
    public async Task Run_StartedEightTimesAtOnce_OneDrivesAndAllThatLiveEndAlike(StoreKind kind, int kills)
    {
        await using var store = await CreateStoreAsync(kind);
        var expected = await UndisturbedAsync(store);
        var started = _fanfold.Workers.Count;
        var runs = (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => StartAsync(store, "together")))).ToList();

        for (var kill = 1; kill <= kills; kill++)
        {
            var driver = await DriverAsync(runs);
            driver.SignalGroup(RunningCommand.Kill);
            Assert.Equal(RunningCommand.KilledExitCode, (await driver.EndAsync()).ExitCode);
            runs.Remove(driver);
            driver.Dispose();
        }
        var outcomes = await Task.WhenAll(runs.Select(run => run.EndAsync()));

        Assert.All(outcomes, outcome => outcome.Exits(0));
        Assert.Single(outcomes.Select(outcome => outcome.Stdout).Distinct());
        if (kills == 0) Assert.Equal(Partitions + 1, _fanfold.Workers.Count - started);
        Assert.Equal(expected, await store.HashAsync(Result));
        await AssertNothingLeftAsync(store, "together");
        foreach (var run in runs) run.Dispose();
    }

    /// <summary>Waits for a worker and finds who started it.</summary>
    async Task<RunningCommand> DriverAsync(IReadOnlyList<RunningCommand> runs)
    {
        while (true)
        {
            if (_fanfold.Workers.Select(RunningCommand.ParentOf).OfType<int>().Select(parent => runs.FirstOrDefault(run => run.Id == parent)).LastOrDefault(run => run is not null) is { } driver) return driver;
            await Task.Delay(1, Cancellation);
        }
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Run_DriverKilled_AFollowerTakesOver(StoreKind kind)
    {
        await using var store = await CreateStoreAsync(kind);
        using var driver = await StartAsync(store, "handed-on");
        await ReachAsync(store, "handed-on", 8, driver);
        // It stands still until both follow it.
        driver.SignalGroup(RunningCommand.Stop);
        var before = await ReceiptsAsync(store, "handed-on");
        var followers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => StartAsync(store, "handed-on")));
        foreach (var follower in followers) await follower.SaysAsync("another process drives this run");

        driver.SignalGroup(RunningCommand.Kill);
        Assert.Equal(RunningCommand.KilledExitCode, (await driver.EndAsync()).ExitCode);
        var outcomes = await Task.WhenAll(followers.Select(follower => follower.EndAsync()));

        Assert.All(outcomes, outcome => outcome.Exits(0));
        Assert.Single(outcomes.Select(outcome => outcome.Stdout).Distinct());
        Assert.True((int)outcomes[0].Json["tasks"]!["reused"]! >= before.Count);
        foreach (var follower in followers) follower.Dispose();
    }
}
