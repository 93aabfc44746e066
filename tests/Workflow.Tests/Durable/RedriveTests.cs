using System.Collections.Concurrent;
using System.Text.Json;
using Fanfold.Engine.Columns;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Durable;

public class RedriveTests
{
    const int Partitions = 6;

    static readonly RunPaths Paths = new("r");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What is wrong with a task of these partitions, until it is mended; and every worker that began.</summary>
    sealed class Trouble
    {
        public ConcurrentDictionary<int, TaskOutcome> Failing { get; } = [];

        public ConcurrentQueue<string> Workers { get; } = [];

        public Func<ITaskIsolation, ITaskIsolation> Isolation => ScriptedIsolation.Of((task, _) =>
        {
            Workers.Enqueue(ScriptedIsolation.PartitionOf(task)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? task.TaskId);
            return ScriptedIsolation.PartitionOf(task) is { } partition && Failing.TryGetValue(partition, out var outcome) ? ScriptedIsolation.Failed(task, outcome) : null;
        });
    }

    static async Task<(RunHarness Harness, Trouble Trouble)> CreateAsync(params int[] failing)
    {
        var trouble = new Trouble();
        foreach (var partition in failing) trouble.Failing[partition] = TaskOutcome.BadData;
        var harness = new RunHarness(trouble.Isolation);
        await harness.WriteDataAsync(Partitions);
        return (harness, trouble);
    }

    static async Task<byte[]> UndisturbedAsync()
    {
        var (harness, _) = await CreateAsync();
        await harness.DriveAsync("r", RunHarness.Spec());
        return (await harness.ReadAsync(RunHarness.Output))!;
    }

    [Fact]
    public async Task Redrive_AfterRepair_RunsOnlyWhatFailed()
    {
        var (harness, trouble) = await CreateAsync(2, 4);
        var spec = RunHarness.Spec("""{ "parallel": 6, "toleratedFailures": 2 }""");
        await harness.DriveOnceAsync("r", spec);
        Assert.Equal(RunStatus.SucceededWithFailures, (await harness.RecordAsync("r")).Status);
        trouble.Failing.Clear();
        trouble.Workers.Clear();

        var summary = (await harness.GoOnAsync("r", redrives: true))!;

        Assert.Equal((RunStatus.Succeeded, Partitions - 2), (summary.Status, summary.Tasks.Reused));
        Assert.Equal(["2", "4", "combine"], trouble.Workers.Order());
        Assert.Equal(await UndisturbedAsync(), await harness.ReadAsync(RunHarness.Output));
        Assert.Empty(await harness.PathsAsync(Paths.Parts));
    }

    [Theory]
    [InlineData(TaskOutcome.BadData)]
    [InlineData(TaskOutcome.Bug)]
    [InlineData(TaskOutcome.Access)]
    [InlineData(TaskOutcome.InputChanged)]
    public async Task Redrive_OfAFailedRun_CommitsTheWhole(TaskOutcome outcome)
    {
        var (harness, trouble) = await CreateAsync();
        trouble.Failing[3] = outcome;
        await harness.DriveOnceAsync("r", RunHarness.Spec("""{ "parallel": 1 }"""));
        var failed = await harness.RecordAsync("r");
        Assert.Equal((RunStatus.Failed, 0), (failed.Status, failed.Redrive));
        Assert.Null(await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)));
        trouble.Failing.Clear();
        trouble.Workers.Clear();

        var summary = (await harness.GoOnAsync("r", redrives: true))!;

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Null(summary.Errors);
        Assert.Equal(["3", "combine"], trouble.Workers.Order());
        Assert.Equal(await UndisturbedAsync(), await harness.ReadAsync(RunHarness.Output));
        Assert.Equal(1, (await harness.RecordAsync("r")).Redrive);
    }

    [Fact]
    public async Task Redrive_OfASucceededRun_ChangesNothing()
    {
        var (harness, trouble) = await CreateAsync();
        await harness.DriveOnceAsync("r", RunHarness.Spec());
        var before = await harness.PathsAsync("");
        trouble.Workers.Clear();

        var summary = (await harness.GoOnAsync("r", redrives: true))!;

        Assert.Equal(JsonSerializer.Serialize((await harness.RecordAsync("r")).Summary, WorkflowJson.Default.RunSummary), JsonSerializer.Serialize(summary, WorkflowJson.Default.RunSummary));
        Assert.Empty(trouble.Workers);
        Assert.Equal(before, await harness.PathsAsync(""));
    }

    [Fact]
    public async Task Redrive_OfARunThatIsNotThere_SaysSo() => Assert.Null(await new RunHarness().GoOnAsync("r", redrives: true));

    [Fact]
    public async Task Redrive_ThatFailsAgain_CanBeRedriven()
    {
        var (harness, trouble) = await CreateAsync(1);
        await harness.DriveOnceAsync("r", RunHarness.Spec());
        Assert.Equal(RunStatus.Failed, (await harness.GoOnAsync("r", redrives: true))!.Status);
        trouble.Failing.Clear();

        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);

        Assert.Equal(2, (await harness.RecordAsync("r")).Redrive);
        Assert.Equal(await UndisturbedAsync(), await harness.ReadAsync(RunHarness.Output));
    }

    /// <summary>The same spec under the same id goes on with the redrive whose driver died.</summary>
    [Fact]
    public async Task Run_AfterARedriveDied_GoesOnWithIt()
    {
        var (harness, trouble) = await CreateAsync(1);
        var spec = RunHarness.Spec();
        await harness.DriveOnceAsync("r", spec);
        trouble.Failing.Clear();
        harness.Store.Hook = call => call is { Operation: StoreOperation.Put, TookEffect: false } && call.Path.EndsWith("redrives/1/receipts/combine.json", StringComparison.Ordinal) ? throw new IOException("the process is dead") : Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => harness.GoOnAsync("r", redrives: true));
        harness.Store.Hook = null;

        await harness.DriveOnceAsync("r", spec);

        var record = await harness.RecordAsync("r");
        Assert.Equal((RunStatus.Succeeded, 1), (record.Status, record.Redrive));
        Assert.Equal(await UndisturbedAsync(), await harness.ReadAsync(RunHarness.Output));
    }

    /// <summary>What changed is done anew, and what did not is kept, though it has another place in the plan.</summary>
    [Fact]
    public async Task Redrive_InputsChanged_KeepsWhatTheyLeftAlone()
    {
        var (harness, trouble) = await CreateAsync(5);
        // More partitions, in front of the others.
        await harness.DriveOnceAsync("r", RunHarness.Spec("""{ "parallel": 6 }"""));
        trouble.Failing.Clear();
        trouble.Workers.Clear();
        await harness.WriteFileAsync("lake/b.parquet", [-1]);

        var summary = (await harness.GoOnAsync("r", redrives: true))!;

        Assert.Equal((RunStatus.Succeeded, Partitions + 1, Partitions - 1), (summary.Status, summary.Tasks.Total, summary.Tasks.Reused));
        Assert.Equal(["-1", "5", "combine", "discovery"], trouble.Workers.Order());
    }

    /// <summary>The lists of partitions that discovery made are a cache: what is damaged is made anew, once.</summary>
    [Theory]
    [InlineData("receipt empty")]
    [InlineData("receipt garbled")]
    [InlineData("receipt null")]
    [InlineData("receipt other")]
    [InlineData("receipt newer")]
    [InlineData("receipt gone")]
    [InlineData("part empty")]
    [InlineData("part garbled")]
    [InlineData("part gone")]
    [InlineData("part garbled, receipt gone")]
    [InlineData("part other, receipt gone")]
    public async Task Redrive_WhatDiscoveryMadeIsDamaged_FindsItAnewOnce(string damage)
    {
        var (harness, trouble) = await CreateAsync(1);
        // One try, so that nothing else mends it.
        await harness.DriveOnceAsync("r", RunHarness.Spec("{ \"retries\": 0 }"));
        var made = (await harness.PathsAsync($"{Paths.Root}/plan")).Where(path => path.Contains("/partitions-", StringComparison.Ordinal)).ToList();
        Assert.Equal([".json", ".parquet"], made.Select(Path.GetExtension));
        foreach (var what in damage.Split(", ").Select(part => part.Split(' ')))
        {
            var path = made[what[0] == "receipt" ? 0 : 1];
            var content = (await harness.ReadAsync(path))!;
            if (what[1] == "gone") await harness.Store.DeleteAsync(path, Cancellation);
            else await harness.Store.PutAsync(path, what[1] switch
            {
                "empty" => [],
                "null" => "null"u8.ToArray(),
                "newer" => "{\"version\":99}"u8.ToArray(),
                "other" when what[0] == "receipt" => "{\"version\":1,\"taskId\":\"discovery\",\"outcome\":\"done\",\"part\":{}}"u8.ToArray(),
                "other" => (await harness.ReadAsync("lake/a.parquet"))!,
                _ => [.. content.Select((b, at) => at % 7 == 3 ? (byte)~b : b)],
            }, PutCondition.None, Cancellation);
        }
        trouble.Workers.Clear();
        await harness.GoOnAsync("r", redrives: true);
        Assert.Contains("discovery", trouble.Workers);

        trouble.Failing.Clear();
        trouble.Workers.Clear();
        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);
        Assert.Equal(["1", "combine"], trouble.Workers.Order());
        Assert.Equal(await UndisturbedAsync(), await harness.ReadAsync(RunHarness.Output));
    }

    [Fact]
    public async Task Discovery_DoneWithoutAList_SaysSo()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => task.TaskId == "discovery" ? new TaskReceipt { TaskId = task.TaskId, Outcome = TaskOutcome.Done } : null));
        await harness.WriteDataAsync(Partitions);

        var (summary, _) = await harness.RunAsync("r", RunHarness.Spec("{ \"retries\": 0 }"));

        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.Contains("without a list", Assert.Single(summary.Errors!).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redrive_OneTaskFailed_CountsOnlyWhatItDid()
    {
        var (harness, trouble) = await CreateAsync(1);
        await harness.DriveOnceAsync("r", RunHarness.Spec("""{ "parallel": 6 }"""));
        var kept = await harness.PathsAsync(Paths.Receipts);
        trouble.Failing.Clear();

        var redriven = (await harness.GoOnAsync("r", redrives: true))!;

        var redrive = Paths with { Redrive = 1 };
        var own = new List<TaskReceipt>();
        foreach (var path in (await harness.PathsAsync(Paths.Receipts)).Except(kept).Append(redrive.Receipt(RunPaths.CombineTask)))
            own.Add(JsonSerializer.Deserialize((await harness.ReadAsync(path))!, WorkflowJson.Default.TaskReceipt)!);
        var plan = (await new PlanStore(harness.Store, redrive).ReadHeaderAsync(Cancellation))!;
        Assert.True(own.Count < Partitions, $"{own.Count} receipts");
        Assert.Equal(own.Sum(receipt => receipt.BytesRead), redriven.BytesRead);
        Assert.Equal(own.Sum(receipt => receipt.Requests) + plan.Totals.Requests, redriven.Requests);
    }

    /// <summary>Its number is found in the store, so that neither an old plan nor an old end is taken for its own.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Redrive_TheRecordIsLost_FollowsTheLastDrive(int before)
    {
        var (harness, trouble) = await CreateAsync(1);
        await harness.DriveOnceAsync("r", RunHarness.Spec());
        for (var redrive = 1; redrive <= before; redrive++) await harness.GoOnAsync("r", redrives: true);
        var record = await harness.ReadAsync(Paths.Status);
        await harness.Store.DeleteAsync(Paths.Status, Cancellation);

        Assert.Equal((RunStatus.Failed, before), ((await harness.RecordAsync("r")).Status, (await harness.RecordAsync("r")).Redrive));
        // Whoever only looks writes nothing.
        Assert.Null(await harness.ReadAsync(Paths.Status));
        await RunStarter.EnsureRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation);
        Assert.Equal(record, await harness.ReadAsync(Paths.Status));

        await harness.Store.DeleteAsync(Paths.Status, Cancellation);
        trouble.Failing.Clear();
        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);
        Assert.Equal(before + 1, (await harness.RecordAsync("r")).Redrive);
        Assert.Equal(await UndisturbedAsync(), await harness.ReadAsync(RunHarness.Output));

        // What succeeded is not done again.
        await harness.Store.DeleteAsync(Paths.Status, Cancellation);
        trouble.Workers.Clear();
        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);
        Assert.Empty(trouble.Workers);
    }

    /// <summary>A drive that had not ended is gone on with under its number.</summary>
    [Fact]
    public async Task Redrive_TheRecordIsLostWhileItIsDriven_EndsAllTheSame()
    {
        var (harness, trouble) = await CreateAsync(1);
        await harness.DriveOnceAsync("r", RunHarness.Spec());
        trouble.Failing.Clear();
        harness.Store.Hook = async call =>
        {
            if (call is { Operation: StoreOperation.Put, TookEffect: true } && call.Path.EndsWith("redrives/1/receipts/combine.json", StringComparison.Ordinal)) await harness.Store.DeleteAsync(Paths.Status, Cancellation);
        };

        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);

        Assert.Equal((RunStatus.Succeeded, 1), ((await harness.RecordAsync("r")).Status, (await harness.RecordAsync("r")).Redrive));
    }

    [Fact]
    public async Task Redrive_TheJournalIsOfAnotherBuild_GoesOnAllTheSame()
    {
        var (harness, trouble) = await CreateAsync();
        await harness.StartAsync("r", RunHarness.Spec());
        await harness.Store.PutAsync(Fanfold.LocalHost.Durable.Journal.Segment(Paths.Journal, 1), """
            {"version":2,"segment":1,"firstEvent":0}
            {"type":"ExecutionStarted","id":-1,"time":"2026-01-01T00:00:00Z","payload":{"runId":"r","fresh":false}}
            {"type":"TaskScheduled","id":0,"name":"AnotherActivity","payload":{}}

            """u8.ToArray(), PutCondition.None, Cancellation);
        Assert.Equal("nondeterministic", (await Assert.ThrowsAsync<RunStateException>(() => harness.GoOnAsync("r", redrives: false))).Code);

        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);

        Assert.Contains("0", trouble.Workers);
    }

    [Fact]
    public async Task Redrive_EightAtOnce_OneDrivesAndAllEndAlike()
    {
        var (harness, trouble) = await CreateAsync(1);
        await harness.DriveOnceAsync("r", RunHarness.Spec());
        trouble.Failing.Clear();
        trouble.Workers.Clear();

        var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => harness.GoOnAsync("r", redrives: true)));

        Assert.Single(ends.Select(end => JsonSerializer.Serialize(end, WorkflowJson.Default.RunSummary)).Distinct());
        Assert.Equal((RunStatus.Succeeded, 1), (ends[0]!.Status, (await harness.RecordAsync("r")).Redrive));
        Assert.Single(trouble.Workers, worker => worker == "1");
    }

    /// <summary>Whoever asks for a redrive while one is under way waits for that one, and does not undo its cancel.</summary>
    [Fact]
    public async Task Redrive_WhileOneIsUnderWayThatIsCancelled_EndsWithIt()
    {
        var (began, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var fails = true;
        var harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            if (ScriptedIsolation.PartitionOf(task) != 1) return null;
            if (fails) return ScriptedIsolation.Failed(task, TaskOutcome.BadData);
            began.TrySetResult();
            await goOn.Task;
            return ScriptedIsolation.Failed(task, TaskOutcome.Cancelled);
        }));
        await harness.WriteDataAsync(3);
        await harness.DriveOnceAsync("r", RunHarness.Spec());
        fails = false;
        var first = harness.GoOnAsync("r", redrives: true);
        await began.Task;

        var second = harness.GoOnAsync("r", redrives: true);
        await CancelSignal.SetAsync(harness.Store, new RunPaths("r", 1), TimeProvider.System, Cancellation);
        goOn.SetResult();

        Assert.Equal((RunStatus.Cancelled, RunStatus.Cancelled, 1), ((await first)!.Status, (await second)!.Status, (await harness.RecordAsync("r")).Redrive));
    }

    /// <summary>A driver of the first drive that wakes up late ends nothing of the second.</summary>
    [Fact]
    public async Task Redrive_TheFirstDriverWakesUp_ItsEndDoesNotCount()
    {
        var (harness, trouble) = await CreateAsync(1);
        await harness.StartAsync("r", RunHarness.Spec());
        var (parked, wake) = (new TaskCompletionSource(), new TaskCompletionSource());
        harness.Store.Hook = async call =>
        {
            if (!call.Path.EndsWith("runs/r/ending.json", StringComparison.Ordinal) || call is not { Operation: StoreOperation.Put, TookEffect: true }) return;
            parked.TrySetResult();
            await wake.Task;
        };
        var first = harness.GoOnAsync("r", redrives: false);
        await parked.Task;
        trouble.Failing.Clear();
        harness.Store.BreakLease(Paths.DriverLock);

        var second = await harness.GoOnAsync("r", redrives: true);
        wake.SetResult();

        Assert.Equal(RunStatus.Succeeded, second!.Status);
        Assert.Equal(RunStatus.Succeeded, (await first)!.Status);
        Assert.Equal((RunStatus.Succeeded, 1), ((await harness.RecordAsync("r")).Status, (await harness.RecordAsync("r")).Redrive));
    }
}
