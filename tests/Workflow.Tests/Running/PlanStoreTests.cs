using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

public class PlanStoreTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Plan_OfTenThousandPartitions_IsReadBackSliceBySlice()
    {
        const int partitions = 10_000;
        var harness = new RunHarness();
        await harness.WriteDataAsync(1);
        var values = string.Join(',', Enumerable.Range(0, partitions));
        var spec = Fanfold.Workflow.Tests.Spec.SpecSamples.Accept(Fanfold.Workflow.Tests.Spec.SpecSamples.With("/partitionBy/values", $"[{values}]")) with { Source = RunHarness.Spec().Source, Strategy = RunStrategy.PerPartition };
        var request = await harness.StartAsync("r", spec);

        var plan = await harness.Activities.PlanRunAsync(new PlanRequest(request.RunId, 1), Cancellation);

        Assert.Equal(partitions, plan.Tasks);
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(plan, WorkflowJson.Default.PlanReference).Length, 1, 4096);
        var store = new PlanStore(harness.Store, new RunPaths("r"));
        var header = (await store.ReadHeaderAsync(Cancellation))!;
        var slices = await store.ReadSlicesAsync(header, Cancellation);
        Assert.Equal(Enumerable.Range(0, partitions), slices.Select(slice => slice.Index));
        Assert.Equal(partitions, slices.Select(slice => slice.TaskId).Distinct().Count());
        await using var reader = await store.OpenSlicesAsync(header, Cancellation);
        foreach (var index in (int[])[0, 1, 9, 10, 4999, 9998, 9999])
        {
            var slice = await store.ReadSliceAsync(header, reader, index, Cancellation);
            Assert.Equivalent(slices[index], slice, strict: true);
            Assert.Equal($"{index}", slice.Value);
        }
        // Only value 0 has a row group.
        Assert.Equal([0], slices.Where(slice => slice.Matched.Count > 0).Select(slice => slice.Index));
    }

    [Fact]
    public async Task ReadSlice_OfOneTask_IsOneRangedRead()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(50);
        await harness.PlanAsync("r", RunHarness.Spec());
        var store = new PlanStore(harness.Store, new RunPaths("r"));
        var header = (await store.ReadHeaderAsync(Cancellation))!;
        await using var slices = await store.OpenSlicesAsync(header, Cancellation);
        var reads = 0;
        harness.Store.Hook = call =>
        {
            if (call is { Operation: StoreOperation.Read, TookEffect: true }) reads++;
            return Task.CompletedTask;
        };

        await store.ReadSliceAsync(header, slices, 49, Cancellation);

        Assert.Equal(1, reads);
    }

    [Fact]
    public async Task Write_PlanIsThere_KeepsTheFirst()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await harness.PlanAsync("r", RunHarness.Spec());
        var paths = new RunPaths("r");
        var store = new PlanStore(harness.Store, paths);
        var first = (await store.ReadHeaderAsync(Cancellation))!;
        var slices = await harness.ReadAsync(paths.PlanSlices(first.SlicesHash));

        var kept = await store.WriteAsync(first with { EngineVersion = "9.9.9", RowsTotal = 1 }, [], Cancellation);

        Assert.Equal(first.EngineVersion, kept.EngineVersion);
        Assert.Equal(slices, await harness.ReadAsync(paths.PlanSlices(first.SlicesHash)));
    }

    [Fact]
    public async Task Run_PlanOfTheOlderVersion_GoesOn()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await harness.PlanAsync("r", RunHarness.Spec());
        var paths = new RunPaths("r");
        // As version 1 wrote it: it has none of the newer fields.
        var json = System.Text.Json.Nodes.JsonNode.Parse(await harness.ReadAsync(paths.PlanHeader))!;
        json["version"] = 1;
        Assert.Null(json["files"]![0]!["constants"]);
        await harness.Store.PutAsync(paths.PlanHeader, System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), PutCondition.None, Cancellation);

        var summary = await harness.DriveAsync("r", RunHarness.Spec());

        Assert.Equal((RunStatus.Succeeded, 3), (summary.Status, summary.Partitions.Succeeded));
    }

    [Fact]
    public async Task ReadHeader_NewerVersion_IsRefused()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(1);
        await harness.PlanAsync("r", RunHarness.Spec());
        var paths = new RunPaths("r");
        var header = (await new PlanStore(harness.Store, paths).ReadHeaderAsync(Cancellation))! with { Version = PlanHeader.CurrentVersion + 1 };
        await harness.Store.PutAsync(paths.PlanHeader, JsonSerializer.SerializeToUtf8Bytes(header, WorkflowJson.Default.PlanHeader), PutCondition.None, Cancellation);

        await Assert.ThrowsAsync<RunStateException>(() => new PlanStore(harness.Store, paths).ReadHeaderAsync(Cancellation));
    }
}
