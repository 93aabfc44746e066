using System.Security.Cryptography;
using System.Text.Json;
using Fanfold.Engine.Tests;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Starts, commits and deliveries that come many at once.</summary>
public sealed class ConcurrentStartTests : IDisposable
{
    const int AtOnce = 200, Partitions = 4;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly string _folder = Directory.CreateTempSubdirectory("fanfold-concurrent-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    async Task<IObjectStore> StoreAsync(bool inMemory)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(Partitions);
        if (inMemory) return harness.Store;
        var store = new DirectoryObjectStore(_folder);
        await store.PutAsync("lake/a.parquet", await harness.ReadAsync("lake/a.parquet"), PutCondition.None, Cancellation);
        return store;
    }

    static RunActivities Activities(IObjectStore store) =>
        new(store, store, new StoreLocation("/data"), new StoreLocation("/state"), new InProcessIsolation(store, store), TimeProvider.System, new HostCapacity(4), Guid.NewGuid().ToString("N"));

    static Task<RunEnd> DriveAsync(IObjectStore store, RunRequest request, CancellationToken cancellationToken) =>
        LocalEngine.RunAsync(RunHarness.DriveOf(request, store, Activities(store)), request, cancellationToken);

    /// <summary>What each of many starts of one id gave, and how often the run was driven.</summary>
    static async Task<(RunStart[] Starts, int Drives)> StartAsync(IObjectStore store, Func<int, RunSpec> spec)
    {
        var drives = 0;
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var starts = Enumerable.Range(0, AtOnce).Select(async i =>
        {
            await begin.Task;
            return await new RunDriver(store, TimeProvider.System, (request, _, token) =>
            {
                Interlocked.Increment(ref drives);
                return DriveAsync(store, request, token);
            }).RunAsync("r", spec(i), fresh: false, static () => { }, static _ => { }, Cancellation);
        }).ToList();
        begin.SetResult();
        return (await Task.WhenAll(starts), drives);
    }

    static string Summary(RunStart start) => JsonSerializer.Serialize(Assert.IsType<RunStart.Finished>(start).Summary, WorkflowJson.Default.RunSummary);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_OneSpecManyTimesAtOnce_IsOneExecution(bool inMemory)
    {
        var store = await StoreAsync(inMemory);

        var (starts, drives) = await StartAsync(store, static _ => RunHarness.Spec());

        Assert.Equal(1, drives);
        Assert.Single(starts.Select(Summary).Distinct());
        Assert.Equal(Partitions, ((RunStart.Finished)starts[0]).Summary.Tasks.Succeeded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_TwoSpecsUnderOneIdAtOnce_OneConflicts(bool inMemory)
    {
        var store = await StoreAsync(inMemory);
        RunSpec[] specs = [RunHarness.Spec(), RunHarness.Spec(aggregate: "max(amount)")];

        var (starts, drives) = await StartAsync(store, i => specs[i % 2]);

        Assert.Equal(1, drives);
        var won = starts[0] is RunStart.Finished ? 0 : 1;
        Assert.Single(starts.Where((_, i) => i % 2 == won).Select(Summary).Distinct());
        Assert.All(starts.Where((_, i) => i % 2 != won), start => Assert.Equal("run-id-conflict", Assert.IsType<RunStart.Conflict>(start).Error.Code));
        Assert.Equal(specs[won].ComputeHash(), (await RunStarter.ReadRecordAsync(store, "r", TimeProvider.System, Cancellation))!.SpecHash);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_TwoIntoOneOutputAtOnce_IsOneOfThemOrTheOther(bool inMemory)
    {
        var store = await StoreAsync(inMemory);
        RunSpec[] specs = [RunHarness.Spec(), RunHarness.Spec(aggregate: "max(amount)")];
        for (var trial = 0; trial < Soak.Cases(5); trial++)
        {
            var runs = specs.Select((spec, i) => (Id: $"r-{trial}-{i}", Spec: spec)).ToArray();
            var finishes = await Task.WhenAll(runs.Select(run => CombinedAsync(store, run.Id, run.Spec)));

            var ends = await Task.WhenAll(finishes.Select(finish => Task.Run(() => Activities(store).CommitRunAsync(finish, Cancellation))));

            Assert.Equal([RunStatus.Succeeded, RunStatus.Failed], ends.Select(end => end.Status).Order());
            var won = Array.FindIndex(ends, end => end.Status == RunStatus.Succeeded);
            var lost = await RunEnding.ReadRecordAsync(store, new RunPaths(runs[1 - won].Id), ends[1 - won], Cancellation);
            Assert.Equal("output-conflict", Assert.Single(lost.Summary!.Errors!).Code);
            var manifest = JsonSerializer.Deserialize(await ReadAsync(store, RunPaths.Manifest(RunHarness.Output)), WorkflowJson.Default.Manifest)!;
            Assert.Equal((runs[won].Id, Convert.ToHexStringLower(SHA256.HashData(await ReadAsync(store, RunHarness.Output)))), (manifest.RunId, manifest.Result.Hash));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reduce_DeliveredEightTimesAtOnce_IsOnePartAndOneReceipt(bool inMemory)
    {
        var store = await StoreAsync(inMemory);
        string? part = null;
        for (var trial = 0; trial < Soak.Cases(5); trial++)
        {
            var runId = $"r-{trial}";
            await PlanAsync(store, runId, RunHarness.Spec());

            var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Activities(store).ReduceTaskAsync(new TaskRequest(runId, 1, 1), Cancellation))));

            Assert.All(results, result => Assert.Equal(TaskOutcome.Done, result.Outcome));
            var receipt = JsonSerializer.Deserialize(await ReadAsync(store, (await ListAsync(store, $"fanfold/runs/{runId}/receipts")).Single()), WorkflowJson.Default.TaskReceipt)!;
            var stored = Assert.Single(await store.ListAsync($"fanfold/runs/{runId}/parts", Cancellation).ToListAsync(Cancellation));
            Assert.Equal((stored.Path, stored.ETag), (receipt.Part!.Path, receipt.Part.ETag));
            part ??= receipt.Part.Hash;
            Assert.Equal(part, receipt.Part.Hash);
        }
    }

    static async Task<PlanReference> PlanAsync(IObjectStore store, string runId, RunSpec spec)
    {
        await RunStarter.StartAsync(store, runId, spec, fresh: false, RunOrigin.Command, TimeProvider.System, Cancellation);
        return await Activities(store).PlanRunAsync(new PlanRequest(runId, 1), Cancellation);
    }

    /// <summary>A run up to its commit.</summary>
    static async Task<FinishRequest> CombinedAsync(IObjectStore store, string runId, RunSpec spec)
    {
        var activities = Activities(store);
        var plan = await PlanAsync(store, runId, spec);
        for (var i = 0; i < plan.Tasks; i++) Assert.Equal(TaskOutcome.Done, (await activities.ReduceTaskAsync(new TaskRequest(runId, i, 1), Cancellation)).Outcome);
        Assert.Equal(TaskOutcome.Done, (await activities.CombinePartsAsync(new CombineRequest(runId, 0, 1), Cancellation)).Outcome);
        return new FinishRequest(runId, DateTimeOffset.UnixEpoch, 0, Commit: true);
    }

    static async Task<byte[]> ReadAsync(IObjectStore store, string path) => (await store.ReadAllAsync(path, 1 << 24, Cancellation))!;

    static async Task<List<string>> ListAsync(IObjectStore store, string folder) => await store.ListAsync(folder, Cancellation).Select(found => found.Path).ToListAsync(Cancellation);
}
