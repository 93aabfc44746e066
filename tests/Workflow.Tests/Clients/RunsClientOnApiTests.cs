using System.Net;
using System.Text.Json;
using Fanfold.Client;
using Fanfold.LocalHost;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Http;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Clients;

/// <summary>The client and the handlers that it is made for.</summary>
public sealed class RunsClientOnApiTests
{
    static readonly string Spec = RunHarness.Spec("""{ "toleratedFailures": 1 }""").ToJson();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunsClient Of(ServedApi api) => new(api.Client, api.Client.BaseAddress!, new RunsClientOptions { Interval = TimeSpan.FromMilliseconds(20) });

    static async Task<ServedApi> StartAsync(Func<ITaskIsolation, ITaskIsolation>? isolation = null)
    {
        var harness = new RunHarness(isolation);
        await harness.WriteDataAsync(3);
        return await ServedApi.StartAsync(harness);
    }

    [Fact]
    public async Task Record_OfARun_LosesNothing()
    {
        await using var api = await StartAsync(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        var client = Of(api);
        await client.StartAsync("one", Spec, Cancellation);
        var run = await client.WaitAsync("one", cancellationToken: Cancellation);
        Assert.Equal(Fanfold.Client.RunStatus.SucceededWithFailures, run.Status);
        var record = (await api.GetAsync("/api/runs/one")).Json;
        Assert.Equal(Write(JsonSerializer.Deserialize(record.GetRawText(), WorkflowJson.Default.RunRecord)!), Write(RemoteRecord.Of(run)));

        static string Write(RunRecord record) => JsonSerializer.Serialize(record, WorkflowJson.Default.RunRecord);
    }

    [Fact]
    public async Task Run_FromStartToResult()
    {
        await using var api = await StartAsync();
        var client = Of(api);
        Assert.True((await client.HealthAsync(Cancellation)).IsHealthy);
        Assert.Equal(3, (await client.PlanAsync(Spec, Cancellation)).Partitions);
        Assert.Null((await client.PlanAsync(RunHarness.SpecOf("""{ "aggregates": { "n": "len()" } }""", strategy: "sharedScan").ToJson(), Cancellation)).Partitions);
        var started = await client.StartNewAsync(Spec, "key", Cancellation);
        Assert.Equal(started.RunId, (await client.StartNewAsync(Spec, "key", Cancellation)).RunId);
        var events = await client.WatchAsync(started.RunId, cancellationToken: Cancellation).ToListAsync(Cancellation);
        Assert.Equal(Fanfold.Client.RunStatus.Succeeded, events[^1].Run.Status);
        Assert.Empty(await client.WatchAsync(started.RunId, events[^1].Id, Cancellation).ToListAsync(Cancellation));
        Assert.Equal([0, 1, 2], await client.PartitionsAsync(started.RunId, "succeeded", pageSize: 2, Cancellation).Select(partition => partition.Index).ToListAsync(Cancellation));
        Assert.Equal(3, (await client.GetPlanAsync(started.RunId, Cancellation)).Tasks);
        Assert.Equal([started.RunId], await client.ListAsync(cancellationToken: Cancellation).Select(run => run.RunId).ToListAsync(Cancellation));
        await using var result = await client.ResultAsync(started.RunId, cancellationToken: Cancellation);
        using var content = new MemoryStream();
        await result.Content.CopyToAsync(content, Cancellation);
        Assert.Equal(await api.Harness.ReadAsync(RunHarness.Output), content.ToArray());
        Assert.Equal(content.Length, result.Length);
        Assert.Equal("run-finished", (await Assert.ThrowsAsync<RunsApiException>(() => client.CancelAsync(started.RunId, Cancellation))).Code);
    }

    [Fact]
    public async Task Refusals_HaveTheirCodes()
    {
        await using var api = await StartAsync();
        var client = Of(api);
        var refused = await Assert.ThrowsAsync<RunsApiException>(() => client.StartAsync("one", """{ "version": 1 }""", Cancellation));
        Assert.Equal((HttpStatusCode.BadRequest, "spec-refused"), (refused.Status, refused.Code));
        Assert.Contains("/reduce", refused.Errors.Select(error => error.Pointer));
        Assert.NotEmpty(refused.TraceId!);
        Assert.Equal("run-not-found", (await Assert.ThrowsAsync<RunsApiException>(() => client.GetAsync("none", Cancellation))).Code);
        await client.StartAsync("one", Spec, Cancellation);
        Assert.Equal("run-id-conflict", (await Assert.ThrowsAsync<RunsApiException>(() => client.StartAsync("one", RunHarness.Spec(aggregate: "max(amount)").ToJson(), Cancellation))).Code);
        await client.WaitAsync("one", cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Health_OfAStoreThatIsAway_IsSaid()
    {
        await using var api = await StartAsync();
        api.Harness.Store.Hook = call => throw new Fanfold.Storage.StorageException(Fanfold.Storage.StorageFailure.Unreachable, call.Path, "scripted");
        var health = await Of(api).HealthAsync(Cancellation);
        api.Harness.Store.Hook = null;
        Assert.False(health.IsHealthy);
        Assert.Equal("storage-unreachable", health.State.Error!.Code);
    }

    [Fact]
    public async Task Redrive_AfterAFailure_Succeeds()
    {
        var broken = true;
        await using var api = await StartAsync(ScriptedIsolation.Of((task, _) => broken && ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        var client = Of(api);
        await client.StartAsync("one", RunHarness.Spec().ToJson(), Cancellation);
        var failed = await client.WaitAsync("one", cancellationToken: Cancellation);
        Assert.Equal(Fanfold.Client.RunStatus.Failed, failed.Status);
        Assert.Equal("scripted", (await client.PartitionsAsync("one", "failed", cancellationToken: Cancellation).SingleAsync(Cancellation)).Error!.Code);
        broken = false;
        Assert.False((await client.RedriveAsync("one", Cancellation)).HasEnded);
        Assert.Equal(2, (await client.WaitAsync("one", cancellationToken: Cancellation)).Summary!.Tasks.Reused);
    }
}
