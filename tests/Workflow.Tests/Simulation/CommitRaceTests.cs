using System.Text.Json;
using Fanfold.Engine.Tests;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>
/// Commits into one output that lose its lock at any call and learn of it late or never.
/// </summary>
public class CommitRaceTests
{
    const string Folder = "results/trips";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunSpec Spec(string aggregate) => RunHarness.Spec(aggregate: aggregate, output: $$"""{ "path": "{{Folder}}", "layout": "hive" }""");

    /// <summary>Planned over the same result: two deliveries of a run, one with the same result, one with another, and one with that which is there.</summary>
    [Fact]
    public void Hive_WhateverTheInterleaving_AManifestNamesFilesThatAreThere() => new Seeds(Soak.Cases(60)).ForEach(seed =>
    {
        var store = new MemoryObjectStore();
        var harness = new RunHarness(store: store);
        FinishRequest[] commits = [.. PrepareAsync(harness).GetAwaiter().GetResult()];
        var world = new World(seed) { Store = store, Log = Seeds.KeepsLog ? [] : null };
        world.OnEffect = request => Look(world, request);
        world.OnCall = request =>
        {
            if (world.Dice.Next(12) == 0) request.Process.LoseLeases(told: TimeSpan.FromSeconds(world.Dice.Next(4) * 100));
            if (world.Dice.Next(12) == 0) request.Process.Pause(TimeSpan.FromSeconds(1 + world.Dice.Next(40)));
        };
        foreach (var commit in commits)
        {
            var process = new SimulatedProcess(world, commit.RunId);
            process.Start(() => CommitAsync(world, process, commit));
        }
        world.Run();
        Judge(world, harness, commits);
    });

    /// <summary>Runs into one file, each planned at some moment of the others' commits. The manifest that is there in the end names what is there, or its run knows that it does not.</summary>
    [Fact]
    public void File_WhateverTheInterleaving_WhoSucceedsHasItsResult() => new Seeds(Soak.Cases(60)).ForEach(seed =>
    {
        var store = new MemoryObjectStore();
        var harness = new RunHarness(store: store);
        harness.WriteDataAsync(2, rows: 4).GetAwaiter().GetResult();
        var world = new World(seed) { Store = store, Log = Seeds.KeepsLog ? [] : null };
        world.OnCall = request =>
        {
            if (!request.Path.StartsWith("results/", StringComparison.Ordinal) || world.Dice.Next(3) > 0) return;
            request.Process.LoseLeases(told: TimeSpan.FromSeconds(world.Dice.Next(4) * 100));
            request.Process.Pause(TimeSpan.FromSeconds(1 + world.Dice.Next(40)));
        };
        var whole = new HashSet<string>();
        world.OnEffect = request =>
        {
            if (request.HadEffect && request.Path.StartsWith("results/", StringComparison.Ordinal) && store.Read(RunPaths.Manifest(RunHarness.Output)) is not null && IsWhole(world)) whole.Add(Visible(world, RunHarness.Output).RunId);
        };
        string[] ids = ["a", "b", "c", "d"];
        foreach (var (id, aggregate) in ids.Zip((string[])["len()", "max(amount)", "len()", "min(amount)"]))
        {
            var process = new SimulatedProcess(world, id);
            world.At(TimeSpan.FromSeconds(world.Dice.Next(60)), () => process.Start(async () => await CommitAsync(world, process, await UpToCommitAsync(process, id, RunHarness.Spec(aggregate: aggregate)))));
        }
        world.Run();

        var records = ids.Select(id => JsonSerializer.Deserialize(store.Read(new RunPaths(id).Ending)!.Value.Bytes, WorkflowJson.Default.RunRecord)!).ToList();
        if (records.Where(record => record.Status != RunStatus.Succeeded).Any(record => record.Summary!.Errors is not [{ Code: "output-conflict" }])) world.Violate($"neither a result nor a conflict: {string.Join(", ", records.Select(record => $"{record.RunId} {record.Status} {record.Summary!.Errors?[0]}"))}");
        var manifest = Visible(world, RunHarness.Output);
        if (records.FirstOrDefault(record => record.Status == RunStatus.Succeeded && !whole.Contains(record.RunId)) is { } never) world.Violate($"'{never.RunId}' succeeded, and nobody could see its result at any moment");
        if (records.Single(record => record.RunId == manifest.RunId).Status == RunStatus.Succeeded && !IsWhole(world)) world.Violate($"'{manifest.RunId}' succeeded, and the result that its manifest names is gone");
        world.Check();
    });

    static bool IsWhole(World world) => world.Store.Read(RunHarness.Output)?.ETag == Visible(world, RunHarness.Output).Result.ETag;

    static async Task<FinishRequest> UpToCommitAsync(SimulatedProcess process, string id, RunSpec spec)
    {
        await RunStarter.StartAsync(process.Store, id, spec, fresh: false, RunOrigin.Command, process.Time, Cancellation);
        var activities = Activities(process);
        var plan = await activities.PlanRunAsync(new PlanRequest(id, 1), Cancellation);
        for (var task = 0; task < plan.Tasks; task++) await activities.ReduceTaskAsync(new TaskRequest(id, task, 1), Cancellation);
        await activities.CombinePartsAsync(new CombineRequest(id, 0, 1), Cancellation);
        return new FinishRequest(id, process.Time.GetUtcNow(), 0, Commit: true);
    }

    static RunActivities Activities(SimulatedProcess process) =>
        new(process.Store, process.Store, new StoreLocation("/data"), new StoreLocation("/state"), new SimulatedIsolation(process, static _ => null), process.Time, new HostCapacity(1), process.Name);

    static async Task<List<FinishRequest>> PrepareAsync(RunHarness harness)
    {
        await harness.WriteDataAsync(2, rows: 4);
        await harness.RunAsync("older", Spec("min(amount)"));
        var commits = new List<FinishRequest>();
        foreach (var (id, aggregate) in ((string, string)[])[("first", "len()"), ("equal", "len()"), ("other", "max(amount)"), ("same", "min(amount)")])
        {
            commits.Add(await harness.ReduceAsync(id, Spec(aggregate)));
            Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().CombinePartsAsync(new CombineRequest(id, 0, 1), Cancellation)).Outcome);
        }
        return [.. commits, commits[0]];
    }

    /// <summary>As its host does: what may pass is tried again.</summary>
    static async Task CommitAsync(World world, SimulatedProcess process, FinishRequest commit)
    {
        while (true)
        {
            try
            {
                await Activities(process).CommitRunAsync(commit, CancellationToken.None);
                return;
            }
            catch (StorageException lost) when (lost.Failure == StorageFailure.Unreachable)
            {
            }
            catch (Exception untyped)
            {
                world.Violate($"the commit of '{commit.RunId}' failed with {untyped}");
                return;
            }
        }
    }

    static void Look(World world, StoreRequest request)
    {
        if (!request.HadEffect || !request.Path.StartsWith(Folder, StringComparison.Ordinal)) return;
        foreach (var file in Visible(world, Folder).Result.Files!)
        {
            if (world.Store.Read($"{Folder}/{file.Path}") is not { } stored || stored.ETag != file.ETag) world.Violate($"the manifest of '{Visible(world, Folder).RunId}' names '{file.Path}', which is gone or another");
        }
    }

    static Manifest Visible(World world, string output) => JsonSerializer.Deserialize(world.Store.Read(RunPaths.Manifest(output))!.Value.Bytes, WorkflowJson.Default.Manifest)!;

    static void Judge(World world, RunHarness harness, FinishRequest[] commits)
    {
        var records = commits.Select(commit => JsonSerializer.Deserialize(world.Store.Read(new RunPaths(commit.RunId).Ending)!.Value.Bytes, WorkflowJson.Default.RunRecord)!).DistinctBy(record => record.RunId).ToList();
        var won = records.Where(record => record.Status == RunStatus.Succeeded).Select(record => record.RunId).ToList();
        if (won is not [var winner] || winner != Visible(world, Folder).RunId) world.Violate($"succeeded: {string.Join(", ", won)}; the manifest is that of '{Visible(world, Folder).RunId}'");
        if (records.Where(record => record.Status != RunStatus.Succeeded).Any(record => record.Summary!.Errors is not [{ Code: "output-conflict" }])) world.Violate($"not a conflict: {string.Join(", ", records.Select(record => $"{record.RunId} {record.Status} {record.Summary!.Errors?[0].Message}"))}");
        world.Check();

        // Whatever they left behind, the next one removes.
        Assert.Equal(RunStatus.Succeeded, harness.RunAsync("next", Spec("sum(amount)")).GetAwaiter().GetResult().Summary.Status);
        var named = Visible(world, Folder).Result.Files!.Select(file => $"{Folder}/{file.Path}").ToHashSet();
        if (!named.SetEquals(world.Store.Paths(Folder))) world.Violate($"the next run left {string.Join(", ", world.Store.Paths(Folder))}, and its manifest names {string.Join(", ", named)}");
        world.Check();
    }
}
