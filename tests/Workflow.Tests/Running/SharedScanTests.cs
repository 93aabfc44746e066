using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>What shared scans keep for later runs, and how they fail.</summary>
public class SharedScanTests
{
    static readonly RunSpec Sums = RunHarness.SpecOf("""{ "aggregates": { "total": "sum(amount)", "n": "len()" } }""", strategy: "sharedScan");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunHarness Harness(Func<ITaskIsolation, ITaskIsolation>? isolation = null, int lanes = 4) => new(isolation) { Host = new HostCapacity(lanes) { LeastSlice = 1 } };

    static async Task<(RunSummary Summary, Manifest Manifest)> RunAsync(RunHarness harness, string runId, RunSpec? spec = null)
    {
        var (summary, _) = await harness.RunAsync(runId, spec ?? Sums);
        Assert.Equal(RunStatus.Succeeded, summary.Status);
        return (summary, JsonSerializer.Deserialize(await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)), WorkflowJson.Default.Manifest)!);
    }

    [Fact]
    public async Task Run_OneNewFile_CostsOneSlice()
    {
        var harness = Harness();
        await harness.WriteFileAsync("lake/b.parquet", [0, 1, 2, 3], rowGroups: 2);
        var (first, _) = await RunAsync(harness, "r1");
        await harness.WriteFileAsync("lake/a.parquet", [2, 3, 4]);
        var (second, manifest) = await RunAsync(harness, "r2");
        var (again, _) = await RunAsync(harness, "r3");

        Assert.Equal((4, 0), (first.Tasks.Total, first.Tasks.Reused));
        Assert.Equal((first.Tasks.Total + 3, first.Tasks.Total), (second.Tasks.Total, second.Tasks.Reused));
        Assert.Equal((second.Tasks.Total, second.Tasks.Total), (again.Tasks.Total, again.Tasks.Reused));
        Assert.Equal(["0", "1", "2", "3", "4"], manifest.Partitions.Select(partition => partition.Value));
        var anew = Harness(lanes: 1);
        await anew.WriteFileAsync("lake/b.parquet", [0, 1, 2, 3], rowGroups: 2);
        await anew.WriteFileAsync("lake/a.parquet", [2, 3, 4]);
        await RunAsync(anew, "r", RunHarness.SpecOf("""{ "aggregates": { "total": "sum(amount)", "n": "len()" } }"""));
        Assert.Equal(await anew.ReadAsync(RunHarness.Output), await harness.ReadAsync(RunHarness.Output));
    }

    [Fact]
    public async Task Run_ChangedFile_IsScannedAnewAndTheOthersAreNot()
    {
        var harness = Harness();
        await harness.WriteFileAsync("lake/a.parquet", [0, 1]);
        await harness.WriteFileAsync("lake/b.parquet", [0, 1]);
        await RunAsync(harness, "r1");
        await harness.WriteFileAsync("lake/b.parquet", [1, 2], rows: 5);
        var (_, manifest) = await RunAsync(harness, "r2");

        Assert.Equal([true, true, false, false], manifest.Slices!.Select(slice => slice.Reused));
        Assert.Equal([("0", 10L), ("1", 15L), ("2", 5L)], manifest.Partitions.Select(partition => (partition.Value!, partition.RowsIn!.Value)));
    }

    [Fact]
    public async Task Run_Fresh_ReusesNothingAndKeepsNothing()
    {
        var harness = Harness();
        await harness.WriteDataAsync(3);
        await RunAsync(harness, "r1");
        var kept = await harness.PathsAsync(CachePaths.Root);
        var context = new FakeContext(harness.Activities, "r2");
        Assert.IsType<RunStart.Ready>(await RunStarter.StartAsync(harness.Store, "r2", Sums, fresh: true, RunOrigin.Command, TimeProvider.System, Cancellation));
        var summary = await harness.SummaryAsync("r2", await context.OrchestrateAsync(new RunRequest("r2", Fresh: true)));

        Assert.Equal((RunStatus.Succeeded, 0), (summary.Status, summary.Tasks.Reused));
        Assert.Equal(kept, await harness.PathsAsync(CachePaths.Root));
    }

    [Fact]
    public async Task Run_KeptStatesAreRotten_AreScannedAnew()
    {
        var harness = Harness(lanes: 1);
        await harness.WriteDataAsync(3);
        await RunAsync(harness, "r1");
        var expected = await harness.ReadAsync(RunHarness.Output);
        var part = (await harness.PathsAsync(CachePaths.Root)).Single(path => path.EndsWith(".parquet", StringComparison.Ordinal));
        var bytes = (await harness.ReadAsync(part))!;
        bytes[bytes.Length / 2] ^= 1;
        await harness.Store.PutAsync(part, bytes, PutCondition.None, Cancellation);
        var (summary, _) = await RunAsync(harness, "r2");

        Assert.Equal(0, summary.Tasks.Reused);
        Assert.Equal(expected, await harness.ReadAsync(RunHarness.Output));
    }

    [Fact]
    public async Task Run_FirstAndLastAfterAnEarlierFileCame_AreScannedAnew()
    {
        var harness = Harness();
        await harness.WriteDataAsync(3);
        var spec = RunHarness.SpecOf("""{ "aggregates": { "a": "first(amount)", "z": "last(amount)" } }""", strategy: "sharedScan");
        await RunAsync(harness, "r1", spec);
        await harness.WriteFileAsync("lake/0.parquet", [0], rows: 3);
        var (summary, _) = await RunAsync(harness, "r2", spec);

        Assert.Equal(0, summary.Tasks.Reused);
    }

    [Fact]
    public async Task Purge_KeptStates_GoWhenNoPlanHasNamedThemForAsLong()
    {
        var harness = Harness();
        await harness.WriteDataAsync(3);
        await harness.DriveOnceAsync("r1", Sums);

        Assert.Equal(0, (await RunPurge.RunAsync(harness.Store, TimeProvider.System, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), Cancellation)).Slices);
        Assert.NotEmpty(await harness.PathsAsync(CachePaths.Root));
        Assert.Equal(3, (await RunPurge.RunAsync(harness.Store, TimeProvider.System, TimeSpan.Zero, TimeSpan.FromMinutes(1), Cancellation)).Slices);
        Assert.Empty(await harness.PathsAsync(CachePaths.Root));
        Assert.Equal(0, (await RunAsync(harness, "r2")).Summary.Tasks.Reused);
    }

    [Fact]
    public async Task Purge_StatesThatALivingRunWasPlannedWith_Stay()
    {
        var harness = Harness();
        await harness.WriteDataAsync(3);
        await harness.ReduceAsync("r1", Sums);

        Assert.Equal(0, (await RunPurge.RunAsync(harness.Store, TimeProvider.System, TimeSpan.Zero, TimeSpan.FromMinutes(1), Cancellation)).Slices);
        Assert.Equal(7, (await harness.PathsAsync(CachePaths.Root)).Count);
    }

    [Fact]
    public async Task Redrive_OfAFailedSlice_RunsThatOneOnly()
    {
        var fails = true;
        var harness = Harness(ScriptedIsolation.Of((task, _) => fails && task.Reduce?.Files.SelectMany(file => file.RowGroups).Any(group => group.Ordinal == 2) == true ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(4);
        var failed = await harness.DriveAsync("r", Sums);
        fails = false;
        var summary = await harness.GoOnAsync("r", redrives: true);

        Assert.Equal((RunStatus.Failed, 1, 0), (failed.Status, failed.Tasks.Failed, failed.Partitions.Failed));
        Assert.Equal("slice 3: scripted BadData", Assert.Single(failed.Errors!).Message);
        Assert.Null(await harness.ReadAsync(CachePaths.Index("none")));
        Assert.Equal((RunStatus.Succeeded, 3, 4), (summary!.Status, summary.Tasks.Reused, summary.Partitions.Succeeded));
    }

    [Theory]
    [InlineData("sharedScan")]
    [InlineData("perPartition")]
    public async Task Redrive_OfAuto_KeepsTheStrategyOfTheDriveBefore(string strategy)
    {
        var fails = true;
        var harness = Harness(ScriptedIsolation.Of((task, _) => fails && task.Reduce is { Files.Count: > 0 } && task.TaskId != "discovery" ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(4);
        // Auto would choose a shared scan here.
        var auto = Sums with { Strategy = RunStrategy.Auto };
        var planned = strategy == "sharedScan" ? auto : Sums with { Strategy = RunStrategy.PerPartition };
        Assert.Equal(strategy, (await harness.DriveAsync("r", planned)).Strategy);
        fails = false;
        await harness.Store.PutAsync(new RunPaths("r").Spec, System.Text.Encoding.UTF8.GetBytes(auto.ToJson()), PutCondition.None, Cancellation);
        var summary = await harness.GoOnAsync("r", redrives: true);

        Assert.Equal((RunStatus.Succeeded, strategy), (summary!.Status, summary.Strategy));
    }

    [Fact]
    public async Task Run_AlikeFromTwoRuns_KeepsOneSetOfStates()
    {
        var harness = Harness();
        await harness.WriteDataAsync(3);
        await RunAsync(harness, "r1");
        var before = await harness.PathsAsync(CachePaths.Root);
        await RunAsync(harness, "r2");

        Assert.Equal(before, await harness.PathsAsync(CachePaths.Root));
        Assert.Equal(7, before.Count);
    }

    [Theory]
    [InlineData("""{ "select": ["amount"] }""", "{}", "rows are not reduced")]
    [InlineData("""{ "plugin": "counts" }""", "{}", "a plug-in's states")]
    [InlineData("""{ "aggregates": { "n": "len()" } }""", """{ "toleratedFailures": 1 }""", "fail alone")]
    public void Spec_WithoutASharedScan_IsRefusedForIt(string reduce, string limits, string reason)
    {
        var result = SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes(
            $$"""{ "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff" }, "reduce": {{reduce}}, "output": { "path": "results/out.parquet" }, "limits": {{limits}}, "strategy": "sharedScan" }"""));

        var error = Assert.Single(result.Errors);
        Assert.Equal("/strategy", error.Pointer);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
