using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Tasks that need more memory than their cap.</summary>
public class SplitTaskTests
{
    const long MiB = 1 << 20;
    const string Cap = """{ "memory": "64MiB", "parallel": 1, "retries": 1 }""";
    const string Tolerant = """{ "memory": "64MiB", "parallel": 1, "retries": 1, "toleratedFailures": 1 }""";

    static readonly RunSpec ByKey = RunHarness.SpecOf("""{ "groupBy": ["amount"], "aggregates": { "n": "len()", "first": "first(amount)" } }""", Cap);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A run's harness and what its isolation saw.</summary>
    sealed class Hungry
    {
        public RunHarness Harness { get; }
        public HungryIsolation Isolation { get; private set; } = null!;
        public IEnumerable<string> Seen => Isolation.Tasks.Select(HungryIsolation.Describe);

        Hungry(Func<WorkerTask, int, TaskReceipt?> script, long largest)
        {
            var store = new MemoryObjectStore();
            Harness = new RunHarness(inner => Isolation = new HungryIsolation(store, inner, script), store: store) { Host = new HostCapacity(4, largest, new TaskScratch("/scratch", 1000)) };
        }

        public static async Task<Hungry> CreateAsync(Func<WorkerTask, int, TaskReceipt?> script, int partitions = 1, int rowGroups = 8, long largest = 0, int rows = 10)
        {
            var hungry = new Hungry(script, largest);
            await hungry.Harness.WriteDataAsync(partitions, rows, rowGroups);
            return hungry;
        }

        public async Task<ManifestPartition> PartitionAsync(int index = 0) =>
            JsonSerializer.Deserialize(await Harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)), WorkflowJson.Default.Manifest)!.Partitions[index];

        /// <summary>That of the first task, or of the piece of it.</summary>
        public async Task<TaskReceipt> ReceiptAsync(string piece = "")
        {
            var task = (await Harness.PathsAsync("fanfold/runs/r/receipts")).First().Split('.')[0];
            return JsonSerializer.Deserialize(await Harness.ReadAsync($"{task}{piece}.json"), WorkflowJson.Default.TaskReceipt)!;
        }
    }

    static async Task<(byte[] Result, TaskReceipt Receipt)> UnsplitAsync(RunSpec spec, int rowGroups = 8, int rows = 10)
    {
        var hungry = await Hungry.CreateAsync((_, _) => null, rowGroups: rowGroups, rows: rows);
        Assert.Equal(RunStatus.Succeeded, (await hungry.Harness.RunAsync("r", spec)).Summary.Status);
        return ((await hungry.Harness.ReadAsync(RunHarness.Output))!, await hungry.ReceiptAsync());
    }

    static TaskReceipt? MoreThan(int rowGroups, WorkerTask task) => HungryIsolation.RowGroups(task) > rowGroups ? HungryIsolation.Memory(task) : null;

    [Fact]
    public async Task Run_TaskBeyondItsCap_RunsAsHalvesOfItsRowGroups()
    {
        var spec = RunHarness.Spec(Cap);
        var hungry = await Hungry.CreateAsync((task, _) => MoreThan(2, task));

        var (summary, context) = await hungry.Harness.RunAsync("r", spec);

        Assert.Equal((RunStatus.Succeeded, null), (summary.Status, summary.Errors));
        Assert.Equal(["whole", "0-4", "0-2", "2-4", "4-8", "4-6", "6-8", "merge"], hungry.Seen);
        Assert.Equal([0, 0, 20, 40, 40, 60], hungry.Isolation.Tasks.Select(task => task.Reduce?.Piece?.StartRow).OfType<long>());
        Assert.Equal(new TaskCounts(1, 1, 0, 0), summary.Tasks);
        Assert.Equal(1, context.Progress[^1].TasksDone);
        Assert.InRange(context.LargestPayload, 1, 4096);
        Assert.Empty(await hungry.Harness.PathsAsync(new RunPaths("r").Parts));
        var (result, whole) = await UnsplitAsync(spec);
        Assert.Equal(result, await hungry.Harness.ReadAsync(RunHarness.Output));
        var receipt = await hungry.ReceiptAsync();
        Assert.Equal(Proved(whole), Proved(receipt));
        Assert.Equal((0, 4), (whole.Pieces, receipt.Pieces));
        // The largest of pieces and merge.
        Assert.Equal((101, 10), (receipt.PeakMemory, receipt.ScratchBytes));
        var partition = await hungry.PartitionAsync();
        Assert.Equal((4, 101, 10), (partition.Pieces, partition.PeakMemory, partition.ScratchBytes));
    }

    static (string?, int, long, long, long, string?) Proved(TaskReceipt receipt) =>
        (receipt.InputsHash, receipt.RowGroups, receipt.RowsDecoded + receipt.RowsPruned, receipt.RowsInPartition, receipt.RowsSelected, receipt.Part?.Hash);

    [Fact]
    public async Task Run_OneRowGroupBeyondTheCap_RunsAsBucketsOfItsKeys()
    {
        // Of the second row group all keys but those of bucket 2 of 4 are few; each bucket has some.
        var hungry = await Hungry.CreateAsync((task, _) => MoreThan(1, task)
            ?? (HungryIsolation.Describe(task) is "1-2" or "1-2/2:4" ? HungryIsolation.Memory(task) : null), rowGroups: 2, rows: 200);

        var (summary, context) = await hungry.Harness.RunAsync("r", ByKey);

        Assert.Equal((RunStatus.Succeeded, null), (summary.Status, summary.Errors));
        Assert.Equal(["whole", "0-1", "1-2", "1-2/0:4", "1-2/1:4", "1-2/2:4", "1-2/2:16", "1-2/6:16", "1-2/10:16", "1-2/14:16", "1-2/3:4", "merge"], hungry.Seen);
        Assert.InRange(context.LargestPayload, 1, 4096);
        var merge = hungry.Isolation.Tasks[^1].Merge!;
        var parts = hungry.Isolation.Tasks[1..^1].Where(task => HungryIsolation.Describe(task) is not ("1-2" or "1-2/2:4")).Select(task => task.Output);
        Assert.Equal(parts, merge.Parts.Select(part => part.Path));
        Assert.Empty(merge.Work.Files);
        var (result, whole) = await UnsplitAsync(ByKey, rowGroups: 2, rows: 200);
        Assert.Equal(result, await hungry.Harness.ReadAsync(RunHarness.Output));
        var receipt = await hungry.ReceiptAsync();
        Assert.Equal(Proved(whole), Proved(receipt));
        Assert.Equal(8, receipt.Pieces);
    }

    [Fact]
    public async Task Run_PieceWhoseTryFails_IsTriedByItsClass()
    {
        var hungry = await Hungry.CreateAsync((task, attempt) => MoreThan(4, task)
            // The first try under the task's own id was the whole.
            ?? ((HungryIsolation.Describe(task), attempt) is ("4-8", 1) or ("merge", 2) ? ScriptedIsolation.Failed(task, TaskOutcome.Transient) : null));

        var (summary, context) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Cap));

        Assert.Equal((RunStatus.Succeeded, null), (summary.Status, summary.Errors));
        Assert.Equal(["whole", "0-4", "4-8", "4-8", "merge", "merge"], hungry.Seen);
        Assert.Equal([1, 1, 1, 2], context.Tasks.Select(task => task.Attempt));
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)], context.Timers);
        Assert.Equal(new TaskCounts(1, 1, 0, 0), summary.Tasks);
    }

    [Theory]
    [InlineData(TaskOutcome.BadData, 1)]
    [InlineData(TaskOutcome.Transient, 2)]
    public async Task Run_PieceThatFails_FailsItsTaskAlone(TaskOutcome outcome, int tries)
    {
        var hungry = await Hungry.CreateAsync((task, _) => ScriptedIsolation.PartitionOf(task) == 1
            ? MoreThan(2, task) ?? (HungryIsolation.Describe(task) == "10-12" ? ScriptedIsolation.Failed(task, outcome) : null) : null, partitions: 2);

        var (summary, _) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Tolerant));

        Assert.Equal((RunStatus.SucceededWithFailures, 1), (summary.Status, summary.Partitions.Failed));
        Assert.Equal(("scripted", "1", $"partition 1: scripted {outcome}"), (summary.Errors![0].Code, summary.Errors[0].Partition, Assert.Single(summary.Errors).Message));
        Assert.Equal(["whole", "whole", "8-12", "8-10", .. Enumerable.Repeat("10-12", tries)], hungry.Seen);
    }

    [Fact]
    public async Task Run_SplitTasks_StayInTheirLanes()
    {
        int running = 0, most = 0;
        var gate = new Lock();
        var hungry = await Hungry.CreateAsync((task, _) => MoreThan(1, task), partitions: 6, rowGroups: 4);
        var counting = new RunHarness(_ => new ScriptedIsolation(hungry.Harness.Isolation, async (task, attempt) =>
        {
            lock (gate) most = Math.Max(most, ++running);
            await Task.Yield();
            lock (gate) running--;
            return null;
        }), store: hungry.Harness.Store);

        var (summary, _) = await counting.RunAsync("r", RunHarness.Spec("""{ "parallel": 3 }"""));

        Assert.Equal((RunStatus.Succeeded, 6), (summary.Status, summary.Tasks.Succeeded));
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task Run_TaskThatNoSplitHelps_RunsAloneAfterAllOthersWithTheLargestCap()
    {
        var running = 0;
        var alone = new List<(string Task, int Others, long Memory, TaskScratch? Scratch)>();
        var hungry = await Hungry.CreateAsync((task, _) =>
        {
            if (ScriptedIsolation.PartitionOf(task) is not { } partition) return null;
            if (task.Memory > 64 * MiB) lock (alone) alone.Add(($"{partition}", running, task.Memory, task.Scratch));
            return partition is 1 or 3 && task.Memory == 64 * MiB ? HungryIsolation.Memory(task) : null;
        }, partitions: 6, rowGroups: 1, largest: 100 * MiB);
        var counting = new RunHarness(_ => new ScriptedIsolation(hungry.Harness.Isolation, async (task, attempt) =>
        {
            Interlocked.Increment(ref running);
            await Task.Yield();
            var receipt = await hungry.Harness.Isolation.RunAsync(task, TimeSpan.FromMinutes(1), static _ => { }, Cancellation);
            Interlocked.Decrement(ref running);
            return receipt;
        }), store: hungry.Harness.Store) { Host = hungry.Harness.Host };

        var (summary, context) = await counting.RunAsync("r", RunHarness.Spec("""{ "memory": "64MiB", "parallel": 4 }"""));

        Assert.Equal((RunStatus.Succeeded, null), (summary.Status, summary.Errors));
        Assert.Equal([("1", 1, 100 * MiB, new TaskScratch("/scratch", 1000)), ("3", 1, 100 * MiB, new TaskScratch("/scratch", 1000))], alone);
        Assert.All(hungry.Isolation.Tasks.Where(task => task.Memory == 64 * MiB), task => Assert.Equal(new TaskScratch("/scratch", 250), task.Scratch));
        Assert.Equal([1, 3], context.Tasks[^2..].Select(task => task.Index));
        Assert.Equal([false, false, false, false, false, false, true, true], context.Tasks.Select(task => task.Alone));
        Assert.Equal(6, context.Progress[^1].TasksDone);
    }

    [Theory]
    [InlineData(1, 0, 0, "splitting the task does not help; this host gives a worker no more than 64 MiB; raise \"limits.memory\" above 64 MiB, or narrow the partition with \"where\"")]
    [InlineData(2, 100, 0, "splitting the task does not help; alone it had 100 MiB, the most that this host gives a worker; raise \"limits.memory\" above 100 MiB, or narrow the partition with \"where\"")]
    [InlineData(1, 0, 200, "splitting the task does not help; this host gives a worker no more than 64 MiB; raise \"limits.memory\" to 200 MiB")]
    [InlineData(1, 199, 200, "splitting the task does not help; this host gives a worker no more than 199 MiB; raise \"limits.memory\" to 200 MiB")]
    [InlineData(2, 250, 200, "splitting the task does not help; alone it had 250 MiB, the most that this host gives a worker; raise \"limits.memory\" above 250 MiB, or narrow the partition with \"where\"")]
    public async Task Run_TaskBeyondAllThatTheHostHas_FailsAndSaysWhatItNeeds(int tries, long largest, long needed, string message)
    {
        var hungry = await Hungry.CreateAsync((task, _) => ScriptedIsolation.PartitionOf(task) == 1 ? HungryIsolation.Memory(task, needed * MiB) : null, partitions: 2, rowGroups: 1, largest: largest * MiB);

        var (summary, _) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Tolerant));

        Assert.Equal((RunStatus.SucceededWithFailures, 1), (summary.Status, summary.Partitions.Failed));
        Assert.Equal(("memory", $"partition 1: the task needs more than that; {message}"), (summary.Errors![0].Code, Assert.Single(summary.Errors).Message));
        Assert.Equal(1 + tries, hungry.Seen.Count());
        Assert.Equal("failed", (await hungry.PartitionAsync(1)).Status);
    }

    /// <summary>A cause that no split changes makes none.</summary>
    [Theory]
    [InlineData(90, true)]
    [InlineData(101, false)]
    public async Task Run_PageTooLargeForTheCap_RunsAloneAtOnceWhereThatHelps(long needed, bool succeeds)
    {
        var hungry = await Hungry.CreateAsync((task, _) => task.Reduce is not null && task.Memory < needed * MiB && ScriptedIsolation.PartitionOf(task) is not null ? HungryIsolation.Memory(task, needed * MiB) : null, largest: 100 * MiB);

        var (summary, _) = await hungry.Harness.RunAsync("r", ByKey);

        Assert.Equal(succeeds ? RunStatus.Succeeded : RunStatus.Failed, summary.Status);
        Assert.Equal(succeeds ? ["whole", "whole"] : ["whole"], hungry.Seen);
    }

    [Fact]
    public async Task Run_KeysThatNoBucketDivides_RunAloneOnceThereIsNothingSmaller()
    {
        var hungry = await Hungry.CreateAsync((task, _) => task.Memory == 64 * MiB && ScriptedIsolation.PartitionOf(task) is not null ? HungryIsolation.Memory(task) : null, rowGroups: 2, largest: 100 * MiB);

        var (summary, _) = await hungry.Harness.RunAsync("r", ByKey);

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(["whole", "0-1", "0-1/0:4", "0-1/0:16", "0-1/0:64", "0-1/0:256", "whole"], hungry.Seen);
        Assert.Null((await hungry.PartitionAsync()).Pieces);
    }

    [Fact]
    public async Task Run_KeysThatNoBucketDividesNorTheLargestCap_FailAndSaySo()
    {
        var hungry = await Hungry.CreateAsync((task, _) => ScriptedIsolation.PartitionOf(task) is not null ? HungryIsolation.Memory(task) : null, rowGroups: 1, largest: 100 * MiB);

        var (summary, _) = await hungry.Harness.RunAsync("r", ByKey);

        Assert.Equal("partition 0: the task needs more than that; splitting the task does not help; alone it had 100 MiB, the most that this host gives a worker; "
            + "raise \"limits.memory\" above 100 MiB, or narrow the partition with \"where\"", Assert.Single(summary.Errors!).Message);
        Assert.Empty(await hungry.Harness.PathsAsync("results"));
    }

    [Fact]
    public async Task Run_MergeBeyondTheCap_RunsTheTaskAlone()
    {
        var hungry = await Hungry.CreateAsync((task, _) => task.Memory > 64 * MiB ? null : MoreThan(4, task) ?? (task.Merge is null ? null : HungryIsolation.Memory(task)), largest: 100 * MiB);

        var (summary, _) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Cap));

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(["whole", "0-4", "4-8", "merge", "whole"], hungry.Seen);
        Assert.Empty(await hungry.Harness.PathsAsync(new RunPaths("r").Parts));
    }

    [Fact]
    public async Task Run_ScratchFull_SplitsAndFailsWithItsOwnWordsWhenNothingSmallerIsLeft()
    {
        var hungry = await Hungry.CreateAsync((task, _) => ScriptedIsolation.PartitionOf(task) is not null ? HungryIsolation.Full(task) : null, rowGroups: 4);

        var (summary, _) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Cap));

        Assert.Equal(["whole", "0-2", "0-1"], hungry.Seen);
        Assert.Equal(("scratch-full", "partition 0: the scratch space is full"), (summary.Errors![0].Code, Assert.Single(summary.Errors).Message));
    }

    [Fact]
    public async Task Run_OneFailureMoreThanTolerated_RunsTheOthersAloneAllTheSame()
    {
        var hungry = await Hungry.CreateAsync((task, _) => ScriptedIsolation.PartitionOf(task) switch
        {
            0 => HungryIsolation.Memory(task),
            2 => ScriptedIsolation.Failed(task, TaskOutcome.BadData),
            _ => null,
        }, partitions: 3, rowGroups: 1, largest: 100 * MiB);

        var (summary, _) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Cap));

        Assert.Equal(["whole", "whole", "whole", "whole"], hungry.Seen);
        Assert.Equal(["0", "2"], summary.Errors!.Select(error => error.Partition));
        Assert.Equal(new TaskCounts(3, 1, 2, 0), summary.Tasks);
    }

    [Theory]
    [InlineData("receipts")]
    [InlineData("parts")]
    public async Task Run_StoreLosesWhatAPieceMade_ItRunsAgain(string what)
    {
        var lost = false;
        var hungry = await Hungry.CreateAsync((task, _) => MoreThan(4, task));
        hungry.Harness.Store.Hook = async call =>
        {
            if (lost || call is not { Operation: StoreOperation.Put, TookEffect: true } || !call.Path.EndsWith(".4-8.json", StringComparison.Ordinal)) return;
            lost = true;
            foreach (var path in (await hungry.Harness.PathsAsync("fanfold/runs/r/" + what)).Where(path => path.Contains(".0-4.", StringComparison.Ordinal))) await hungry.Harness.Store.DeleteAsync(path, Cancellation);
        };

        var (summary, _) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Cap));

        Assert.Equal((RunStatus.Succeeded, null), (summary.Status, summary.Errors));
        Assert.Equal(what == "parts" ? ["whole", "0-4", "4-8", "merge", "0-4", "merge"] : ["whole", "0-4", "4-8", "0-4", "merge"], hungry.Seen);
    }

    [Fact]
    public async Task Run_StoreKeepsLosingWhatAPieceMade_FailsTheTask()
    {
        var hungry = await Hungry.CreateAsync((task, _) => MoreThan(4, task));
        hungry.Harness.Store.Hook = async call =>
        {
            if (call is { Operation: StoreOperation.Put, TookEffect: true } && call.Path.EndsWith(".4-8.json", StringComparison.Ordinal)) await hungry.Harness.Store.DeleteAsync(call.Path, Cancellation);
        };

        var (summary, _) = await hungry.Harness.RunAsync("r", RunHarness.Spec(Cap));

        Assert.Equal(("part-lost", "partition 0: the store lost receipts or parts of the task's pieces; does something else delete or write below 'fanfold/runs/r/parts'?"),
            (Assert.Single(summary.Errors!).Code, summary.Errors![0].Message));
    }

    static readonly Dictionary<string, (string Piece, Func<TaskReceipt, TaskReceipt> Change)> Forgeries = new()
    {
        ["decoded rows"] = (".2-4", receipt => receipt with { RowsDecoded = 19 }),
        ["row groups"] = (".2-4", receipt => receipt with { InputsHash = "other" }),
        ["outcome"] = (".2-4", receipt => receipt with { Outcome = TaskOutcome.Bug }),
        ["part"] = (".2-4", receipt => receipt with { Part = receipt.Part! with { Path = "elsewhere" } }),
        ["rows of a bucket"] = (".1-2.3of4", receipt => receipt with { RowsInPartition = 9 }),
    };

    public static TheoryData<string> Faults => [.. Forgeries.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Run_PieceWhoseReceiptDoesNotFitThePlan_IsDoneAgain(string fault)
    {
        var (piece, change) = Forgeries[fault];
        var hungry = await Hungry.CreateAsync((task, _) => HungryIsolation.Describe(task) is "whole" or "0-2" or "1-2" ? HungryIsolation.Memory(task) : null, rowGroups: 4);
        var forged = false;
        hungry.Harness.Store.Hook = async call =>
        {
            if (forged || call is not { Operation: StoreOperation.Put, TookEffect: true } || !call.Path.EndsWith(piece + ".json", StringComparison.Ordinal)) return;
            forged = true;
            await hungry.Harness.TamperAsync(call.Path, change);
        };

        var (summary, _) = await hungry.Harness.RunAsync("r", ByKey);

        Assert.True(forged);
        // That of a bucket shows only beside the others', and which of them is wrong can't be told.
        var single = fault != "rows of a bucket";
        Assert.Equal(single ? RunStatus.Succeeded : RunStatus.Failed, summary.Status);
        if (single) return;
        Assert.Equal(("proof-failed", "partition 0: the pieces of row group 1 of partition 0 did not see the same rows"), (Assert.Single(summary.Errors!).Code, summary.Errors![0].Message));
        Assert.Empty(await hungry.Harness.PathsAsync("results"));
        Assert.Equal(RunStatus.Succeeded, (await hungry.Harness.GoOnAsync("r", redrives: true))!.Status);
    }

    [Fact]
    public async Task Run_PartitionWithoutRowsLeft_MergesNothing()
    {
        var spec = ByKey with { Where = "amount < 0 or amount % 7 = 9" };
        var hungry = await Hungry.CreateAsync((task, _) => MoreThan(4, task));

        var (summary, _) = await hungry.Harness.RunAsync("r", spec);

        Assert.Equal((RunStatus.Succeeded, 1), (summary.Status, summary.Partitions.Empty));
        Assert.Equal(["whole", "0-4", "4-8"], hungry.Seen);
    }

    [Fact]
    public async Task Reduce_PieceDeliveredTwice_RunsOnce()
    {
        var hungry = await Hungry.CreateAsync((_, _) => null);
        await hungry.Harness.PlanAsync("r", ByKey);
        var request = new TaskRequest("r", 0, 1, new TaskPiece(2, 3, 1, 4));

        var results = new List<TaskResult>();
        for (var i = 0; i < 2; i++) results.Add(await hungry.Harness.CreateActivities().ReduceTaskAsync(request, Cancellation));

        Assert.Equal(results[0], results[1]);
        Assert.Equal(["2-3/1:4"], hungry.Seen);
        Assert.True(JsonSerializer.SerializeToUtf8Bytes(await hungry.ReceiptAsync(".2-3.1of4"), WorkflowJson.Default.TaskReceipt).Length <= 1024);
    }

    /// <summary>A journal of an older build goes on: what it decided comes again as it was written.</summary>
    [Fact]
    public void TaskRequest_OfAWholeTask_IsWrittenAsBefore() =>
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse("""{"runId":"r","index":1,"attempt":2}"""), JsonSerializer.SerializeToElement(new TaskRequest("r", 1, 2), WorkflowJson.Default.TaskRequest)));

    [Fact]
    public async Task Plan_CapBelowWhatTheWorkerNeeds_IsRefused()
    {
        var store = new MemoryObjectStore();
        var harness = new RunHarness(inner => new HungryIsolation(store, inner, (_, _) => null) { MinMemory = 128 * MiB }, store: store);
        await harness.WriteDataAsync(1);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "memory": "100MiB" }"""));

        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.Equal(new RunError("cap-too-small", "\"limits.memory\" is 100MiB, and this host's worker can't work with less than 128MiB; raise it to that.", Pointer: "/limits/memory"), Assert.Single(summary.Errors!));
        Assert.Empty(context.Tasks);
        Assert.Null((await harness.PlanAsync("enough", RunHarness.Spec("""{ "memory": "128MiB" }"""))).Errors);
    }
}
