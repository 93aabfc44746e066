using System.Text.Json;
using Fanfold.Engine.Tests;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>
/// Commits into one output, planned over the same result, that lose the output's lock at any call and learn of it late or never: two deliveries of a run, one with
/// the same result, one with another, and one with that which is there.
/// </summary>
public class CommitRaceTests
{
    const string Folder = "results/trips";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunSpec Spec(string aggregate) => RunHarness.Spec(aggregate: aggregate, output: $$"""{ "path": "{{Folder}}", "layout": "hive" }""");

    [Fact]
    public void Hive_WhateverTheInterleaving_AManifestNamesFilesThatAreThere() => new Seeds(Soak.Cases(100)).ForEach(seed =>
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
                var activities = new RunActivities(process.Store, process.Store, new StoreLocation("/data"), new StoreLocation("/state"), new InProcessIsolation(process.Store, process.Store), process.Time, new HostCapacity(1), process.Name);
                await activities.CommitRunAsync(commit, CancellationToken.None);
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
        foreach (var file in Visible(world).Result.Files!)
        {
            if (world.Store.Read($"{Folder}/{file.Path}") is not { } stored || stored.ETag != file.ETag) world.Violate($"the manifest of '{Visible(world).RunId}' names '{file.Path}', which is gone or another");
        }
    }

    static Manifest Visible(World world) => JsonSerializer.Deserialize(world.Store.Read(RunPaths.Manifest(Folder))!.Value.Bytes, WorkflowJson.Default.Manifest)!;

    static void Judge(World world, RunHarness harness, FinishRequest[] commits)
    {
        var records = commits.Select(commit => JsonSerializer.Deserialize(world.Store.Read(new RunPaths(commit.RunId).Ending)!.Value.Bytes, WorkflowJson.Default.RunRecord)!).DistinctBy(record => record.RunId).ToList();
        var won = records.Where(record => record.Status == RunStatus.Succeeded).Select(record => record.RunId).ToList();
        if (won is not [var winner] || winner != Visible(world).RunId) world.Violate($"succeeded: {string.Join(", ", won)}; the manifest is that of '{Visible(world).RunId}'");
        if (records.Where(record => record.Status != RunStatus.Succeeded).Any(record => record.Summary!.Errors is not [{ Code: "output-conflict" }])) world.Violate($"not a conflict: {string.Join(", ", records.Select(record => $"{record.RunId} {record.Status} {record.Summary!.Errors?[0].Message}"))}");
        world.Check();

        // Whatever they left behind, the next one removes.
        Assert.Equal(RunStatus.Succeeded, harness.RunAsync("next", Spec("sum(amount)")).GetAwaiter().GetResult().Summary.Status);
        Assert.Equal(Visible(world).Result.Files!.Select(file => $"{Folder}/{file.Path}"), world.Store.Paths(Folder));
    }
}
