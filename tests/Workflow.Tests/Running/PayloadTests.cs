using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Spec;
using RunSpec = Fanfold.Workflow.Spec.RunSpec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>What goes through a history, a pipe or a store: it must come back as it went, and be small.</summary>
public class PayloadTests
{
    static readonly DateTimeOffset Instant = new(2024, 2, 29, 12, 30, 45, 678, TimeSpan.Zero);
    static readonly RunError Error = new("code", "a \"message\" with ünïcode", "7", "lake/a.parquet", "/where");
    static readonly PartReference Part = new("fanfold/runs/r/parts/00000-x.parquet", "12-34-56", new string('a', 64), 12, 3456);

    static readonly RunSummary Summary = new(
        "r", RunStatus.SucceededWithFailures, new PartitionCounts(1, 2, 3, 4), new TaskCounts(5, 6, 7, 8), new RowGroupCounts(9, 10, 11), 12, 13, 14, 15, 16, 17, 18, 19, "perPartition", "out", "manifest", [Error]);

    static readonly TaskColumn[] Columns =
    [
        new("ff", DataType.Int32), new("d", DataType.Decimal(38, 10)), new("t", DataType.Timestamp(TimeUnit.Nanos)), new("u", DataType.Uuid), new("s", DataType.String),
        new("b", DataType.Bool), new("f", DataType.Float), new("day", DataType.Date), new("bin", DataType.Binary), new("ul", DataType.UInt64),
    ];

    static readonly ColumnChunk Chunk = new(CompressionCodec.Zstd, 4, 100, 200, 10, true, 3, [1, 2], [255], false, "other");
    static readonly ParquetColumn FileColumn = new(1, "d", "d", PhysicalType.FixedLenByteArray, 16, true, true, DataType.Decimal(38, 10), null, true, false);
    static readonly TaskReduction Reduction = new([1, 2], [new Aggregate("n", AggregateFunction.Len, -1), new Aggregate("m", AggregateFunction.Mean, 3)], [4], [new SortKey(2, true)], 100);

    static readonly TaskReceipt Receipt = new()
    {
        TaskId = "00000-x", Outcome = TaskOutcome.BadData, Part = Part, InputsHash = new string('b', 64), RowGroups = 1, RowsDecoded = 2, RowsInPartition = 3, RowsSelected = 4,
        BytesRead = 5, Requests = 6, PeakMemory = 7, ElapsedMs = 8, NondeterministicPart = true, Failure = new TaskFailure("corrupt", "why", "lake/a.parquet"),
    };

    static readonly WorkerTask Task = new()
    {
        RunId = "r", TaskId = "00000-x", Data = new StoreLocation("/data"), State = new StoreLocation("/state"), Output = "part", Memory = 1 << 30,
        Metadata = new SortedDictionary<string, string> { ["a"] = "1", ["b"] = "2" },
        Reduce = new ReduceWork(Columns, new TaskPartition(0, "7"), "d > 0", Reduction, [new TaskFile("lake/a.parquet", 1000, "e", 999, [FileColumn], [new RowGroup(3, 10, [Chunk])])]),
        Combine = new CombineWork(Columns, [Part], ResultFormat.Hive, 100),
    };

    static readonly PlanHeader Header = new()
    {
        SpecHash = "h", EngineVersion = "1.2.3", Strategy = "perPartition", StrategyReason = "why", Columns = Columns, ResultColumns = Columns, Where = "d > 0", Reduction = Reduction,
        Files = [new PlannedFile("lake/a.parquet", "e", 1000, 10, 999, [FileColumn], [new PlannedRowGroup(3, 10, true, [Chunk])])], Discovered = true, RowsAfterWhere = 1,
        RowsTotal = 2, RowGroupsTotal = 3, Totals = new PlanTotals(1, 2, 3, 4, 5), SlicesHash = "x", SliceOffsets = [0, 100, 300], OutputETag = "o", ManifestETag = "m",
    };

    static readonly TaskSlice Slice = new(1, "00001-x", "7", "seven", [new RowGroupRun(0, 1, 2), new RowGroupRun(1, 0, 9)], "hash", 20, 12);

    static readonly Manifest Manifest = new()
    {
        RunId = "r", SpecHash = "h", EngineVersion = "1.2.3", Status = RunStatus.Succeeded, Result = new ManifestResult("out", ResultFormat.Hive, null, "hash", 12, 3456, [new ManifestFile("ff=7/part", "7", "e", "h", 12, 3456), new ManifestFile("n", null, "e", "h", 1, 2)]), Columns = Columns, Partitions = [new ManifestPartition("7", "succeeded", 1, 2, "hash", 3, 4) { Pieces = 5, ScratchBytes = 6 }],
        Proof = new CompletenessProof("complete", 1, 2, 3, 4, 5), Inputs = [new ManifestInput("lake/a.parquet", "e", 1000, 10)], Superseded = ["ff=8/part"],
    };

    static void AssertRoundTrip<T>(T payload, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.Serialize(payload, type);
        var back = JsonSerializer.Deserialize(json, type)!;
        Assert.Equivalent(payload, back, strict: true);
        Assert.Equal(json, JsonSerializer.Serialize(back, type));
    }

    [Fact]
    public void WorkflowPayloads_ThroughJson_StayEqual()
    {
        var json = WorkflowJson.Default;
        AssertRoundTrip(new RunRequest("r", true), json.RunRequest);
        AssertRoundTrip(new RunRequest("r", true) { Redrive = 2 }, json.RunRequest);
        AssertRoundTrip(new PlanRequest("r", 2) { Redrive = 1, StartedAt = DateTimeOffset.UnixEpoch }, json.PlanRequest);
        AssertRoundTrip(new PlanReference(1, 2, 3, 4, "perPartition", [Error], TaskOutcome.Transient) { Open = [new TaskRange(1, 3)], RunTimeout = TimeSpan.FromSeconds(5), Stop = RunStop.Cancelled }, json.PlanReference);
        AssertRoundTrip(new ChunkRequest("r", new PlanReference(1, 2, 3, 4, "perPartition"), new RunProgress("running", 1, 2, 3, 4, 5)), json.ChunkRequest);
        AssertRoundTrip(new ChunkResult(new RunProgress("running", 1, 2, 3, 4, 5), RunStop.Deadline, [1, 2]), json.ChunkResult);
        AssertRoundTrip(new CancelOrder(3, DateTimeOffset.UnixEpoch), json.CancelOrder);
        AssertRoundTrip(new AttemptMark("id", "driver", DateTimeOffset.UnixEpoch), json.AttemptMark);
        AssertRoundTrip(new TaskRequest("r", 1, 2), json.TaskRequest);
        AssertRoundTrip(new TaskRequest("r", 1, 2, new TaskPiece(3, 4, 5, 16), Alone: true), json.TaskRequest);
        AssertRoundTrip(new TaskResult(TaskOutcome.InputChanged, true, 1, 2, 3, 1.5), json.TaskResult);
        AssertRoundTrip(new TaskResult(TaskOutcome.Memory, true, 1, 2, 3, null, [new TaskPiece(0, 1), new TaskPiece(1, 2, 3, 4)], Alone: true), json.TaskResult);
        AssertRoundTrip(new MergeRequest("r", 1, 2), json.MergeRequest);
        AssertRoundTrip(new FinishRequest("r", Instant, 2, true), json.FinishRequest);
        AssertRoundTrip(new CombineRequest("r", 2, 3), json.CombineRequest);
        AssertRoundTrip(new CombineResult(TaskOutcome.InputChanged, [1, 2]), json.CombineResult);
        AssertRoundTrip(new CombineResult(TaskOutcome.Done), json.CombineResult);
        AssertRoundTrip(new RunEnd(RunStatus.SucceededWithFailures, new string('c', 64)), json.RunEnd);
        AssertRoundTrip(new RunRecord { RunId = "r", SpecHash = "h", Status = RunStatus.Cancelled, StartedAt = Instant, EndedAt = Instant, Summary = Summary }, json.RunRecord);
        AssertRoundTrip(Summary, json.RunSummary);
        AssertRoundTrip(Manifest, json.Manifest);
        AssertRoundTrip(new OutputIntent("r", ["a", "b"]), json.OutputIntent);
        AssertRoundTrip(Header, json.PlanHeader);
        AssertRoundTrip(Slice with { ForecastMemory = 1 }, json.TaskSlice);
        AssertRoundTrip(Slice with { Value = null, Rows = null, Matched = [] }, json.TaskSlice);
        AssertRoundTrip(Receipt with { ScratchBytes = 9, NeededMemory = 10, Pieces = 11 }, json.TaskReceipt);
        AssertRoundTrip(new PlanDocument("h", "s", "why", 1, 2, 3, 4, new RowGroupCounts(1, 2, 3), 5, 6, 7, 8, Columns, Columns, [new PlannedPartition("7", 1, 2, 3, 4)]), json.PlanDocument);
    }

    [Fact]
    public void WorkerPayloads_ThroughJson_StayEqual()
    {
        AssertRoundTrip(Task, WorkerJson.Default.WorkerTask);
        AssertRoundTrip(Receipt, WorkerJson.Default.TaskReceipt);
        AssertRoundTrip(new WorkerMessage(Receipt), WorkerJson.Default.WorkerMessage);
        AssertRoundTrip(new WorkerMessage(HeartbeatRows: 12), WorkerJson.Default.WorkerMessage);
    }

    [Fact]
    public void Receipt_OfTheLongestRunId_StaysBelowOneKilobyte()
    {
        var receipt = Receipt with
        {
            TaskId = "99999-0123456789abcdef", Outcome = TaskOutcome.Done, Failure = null, RowsDecoded = long.MaxValue, RowsInPartition = long.MaxValue, RowsSelected = long.MaxValue, BytesRead = long.MaxValue,
            Part = Part with { Path = new RunPaths(new string('r', 100)).Part("99999-0123456789abcdef"), ETag = new string('e', 64), Rows = long.MaxValue, Bytes = long.MaxValue }, PeakMemory = long.MaxValue,
        };

        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt).Length, 1, 1024);
    }

    [Fact]
    public async Task PlanReference_ManyBrokenFilesWithLongNames_StaysBelowFourKilobytes()
    {
        var harness = new RunHarness();
        for (var i = 0; i < 20; i++) await harness.Store.PutAsync($"lake/{new string('ü', 120)}/{new string('文', 80)}/{i}.parquet", "broken"u8.ToArray(), PutCondition.None, TestContext.Current.CancellationToken);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec());

        Assert.Equal(20, summary.Errors!.Count);
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(await harness.Activities.PlanRunAsync(new PlanRequest("r", 1), TestContext.Current.CancellationToken), WorkflowJson.Default.PlanReference).Length, 1, 4096);
        Assert.Empty(context.Tasks);
    }

    static RunSpec SpecOf(int partitions) => RunHarness.Spec("""{ "toleratedFailures": "100%" }""") is var spec
        ? spec with { PartitionBy = spec.PartitionBy with { Values = SpecSamples.Accept(SpecSamples.With("/partitionBy/values", $"[{string.Join(',', Enumerable.Range(0, partitions))}]")).PartitionBy.Values } }
        : null!;

    [Fact]
    public async Task History_OfManyFailures_HasNoPayloadAboveFourKilobytes()
    {
        const int partitions = 2_000;
        var path = string.Concat(Enumerable.Repeat("文", 300));
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) is null or < 10
            ? null
            : TaskRunner.Failed(task.TaskId, TaskOutcome.BadData, TaskFailure.Of("corrupt", string.Concat(Enumerable.Repeat("ü", 8000)), path))));
        await harness.WriteDataAsync(1);

        var (summary, context) = await harness.RunAsync("r", SpecOf(partitions));

        Assert.Equal((RunStatus.SucceededWithFailures, partitions - 10), (summary.Status, summary.Partitions.Failed));
        Assert.Equal(101, summary.Errors!.Count);
        Assert.InRange(context.LargestPayload, 1, 4096);
    }

    [Fact]
    public async Task History_OfManyLosses_HasNoPayloadAboveFourKilobytes()
    {
        const int partitions = 400;
        var harness = new RunHarness();
        await harness.WriteDataAsync(1);
        var combining = false;
        harness.Store.Hook = async call =>
        {
            // All receipts go when the first of them is read to be combined.
            if (combining || call is not { Operation: StoreOperation.Open, TookEffect: false } || !call.Path.EndsWith("receipts/combine.json", StringComparison.Ordinal)) return;
            combining = true;
            foreach (var receipt in await harness.PathsAsync("fanfold/runs/r/receipts")) await harness.Store.DeleteAsync(receipt, TestContext.Current.CancellationToken);
        };

        var (summary, context) = await harness.RunAsync("r", SpecOf(partitions));

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(2 * partitions, context.Tasks.Count);
        Assert.InRange(context.LargestPayload, 900, 4096);
    }
}
