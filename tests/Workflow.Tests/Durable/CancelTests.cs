using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Durable;

public class CancelTests
{
    const int Partitions = 6;

    static readonly RunPaths Paths = new("r");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Workers that wait for their end where <paramref name="hangs"/> says so, after the run was cancelled.</summary>
    sealed class CancelledIsolation(ITaskIsolation inner, Func<WorkerTask, bool> hangs, Func<Task> cancel) : ITaskIsolation
    {
        public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
        {
            if (!hangs(task)) return await inner.RunAsync(task, deadline, onHeartbeat, cancellationToken);
            await cancel();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
            return TaskRunner.Failed(task.TaskId, TaskOutcome.Cancelled, TaskFailure.Of("cancelled", "the task was cancelled"));
        }
    }

    static async Task<RunHarness> CreateAsync(Func<WorkerTask, bool> hangs)
    {
        var store = new MemoryObjectStore();
        var isCancelled = false;
        var harness = new RunHarness(inner => new CancelledIsolation(inner, task => hangs(task) && !isCancelled, async () =>
        {
            await CancelSignal.SetAsync(store, Paths, TimeProvider.System, Cancellation);
            isCancelled = true;
        }), store: store);
        await harness.WriteDataAsync(Partitions);
        return harness;
    }

    /// <summary>Whoever cancels the first drive, and is late with it, takes nothing back of the order for the second.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Set_LateForAnEarlierDrive_LeavesTheOrderForTheLaterOne(bool meanwhile)
    {
        var (store, later) = (new MemoryObjectStore(), Paths with { Redrive = 1 });
        var puts = 0;
        store.Hook = call => meanwhile && call is { Operation: StoreOperation.Put, TookEffect: false } && puts++ == 0 ? CancelSignal.SetAsync(store, later, TimeProvider.System, Cancellation) : Task.CompletedTask;
        if (!meanwhile) await CancelSignal.SetAsync(store, later, TimeProvider.System, Cancellation);

        await CancelSignal.SetAsync(store, Paths, TimeProvider.System, Cancellation);

        var signal = new CancelSignal(store, TimeProvider.System);
        Assert.Equal((false, true), (await signal.LookAsync(Paths, Cancellation), await signal.LookAsync(later, Cancellation)));
    }

    [Theory]
    [InlineData("discovery", 0)]
    [InlineData("task", 2)]
    [InlineData("combine", Partitions)]
    public async Task Cancel_WhileAWorkerRuns_EndsItAndCommitsNothing(string what, int done)
    {
        var harness = await CreateAsync(task => what == "task" ? ScriptedIsolation.PartitionOf(task) == 2 : task.TaskId == what);

        await harness.DriveOnceAsync("r", RunHarness.Spec("""{ "parallel": 1 }"""));

        var record = await harness.RecordAsync("r");
        Assert.Equal((RunStatus.Cancelled, done), (record.Status, record.Summary!.Tasks.Succeeded));
        Assert.Equal((0, "cancelled"), (record.Summary.Tasks.Failed, Assert.Single(record.Summary.Errors!).Code));
        Assert.Contains("fanfold redrive r", record.Summary.Errors![0].Message, StringComparison.Ordinal);
        Assert.Empty(await harness.PathsAsync("results"));

        var redriven = (await harness.GoOnAsync("r", redrives: true))!;
        Assert.Equal((RunStatus.Succeeded, done), (redriven.Status, redriven.Tasks.Reused));
    }

    [Fact]
    public async Task Cancel_WhileARetryWaits_DoesNotWaitForIt()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.Throttled) with { RetryAfterSeconds = 86_400 } : null));
        await harness.WriteDataAsync(2);
        var run = harness.DriveOnceAsync("r", RunHarness.Spec());
        while ((await harness.PathsAsync(Paths.Journal)).Count == 0 || (await JournalText.ReadAsync(harness.Store, "r")).Count("TimerCreated") == 0) await Task.Yield();

        await CancelSignal.SetAsync(harness.Store, Paths, TimeProvider.System, Cancellation);
        await run;

        Assert.Equal(RunStatus.Cancelled, (await harness.RecordAsync("r")).Status);
    }

    /// <summary>Nothing drives it: whoever cancels ends it.</summary>
    [Fact]
    public async Task Cancel_OfARunWhoseDriverDied_EndsIt()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(Partitions);
        await harness.StartAsync("r", RunHarness.Spec());
        await CancelSignal.SetAsync(harness.Store, Paths, TimeProvider.System, Cancellation);

        var summary = (await harness.GoOnAsync("r", redrives: false))!;

        Assert.Equal((RunStatus.Cancelled, 0), (summary.Status, summary.Tasks.Total));
    }

    /// <summary>An object that someone put there by hand, and that names no drive, cancels what is under way, and not the redrive after it.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("{}", false)]
    [InlineData("{}", true)]
    [InlineData("stop", true)]
    public async Task Cancel_ByAnObjectPutByHand_CancelsThisDriveOnly(string content, bool ofARedrive)
    {
        var bad = ofARedrive;
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => bad && ScriptedIsolation.PartitionOf(task) == 0 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(Partitions);
        await harness.StartAsync("r", RunHarness.Spec());
        if (ofARedrive) Assert.Equal(RunStatus.Failed, (await harness.GoOnAsync("r", redrives: false))!.Status);
        if (ofARedrive) Assert.Equal(1, (await RunRedrive.BeginAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Redrive);
        bad = false;
        await harness.Store.PutAsync(Paths.Cancel, System.Text.Encoding.UTF8.GetBytes(content), PutCondition.None, Cancellation);

        Assert.Equal(RunStatus.Cancelled, (await harness.GoOnAsync("r", redrives: false))!.Status);
        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);
    }

    /// <summary>Before it is decided to commit the run can be cancelled; from there on its commit is finished, whoever delivers it again.</summary>
    [Theory]
    [InlineData("commit.json", true)]
    [InlineData("commit.json", false)]
    [InlineData("ending.json", true)]
    [InlineData(".manifest.json", true)]
    [InlineData("results/out.parquet", true)]
    [InlineData("results/out.parquet", false)]
    public async Task Cancel_WhileTheCommitIsUnderWay_IsAllOrNothing(string at, bool tookEffect)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(Partitions);
        var died = false;
        harness.Store.Hook = async call =>
        {
            if (died || call.Operation != StoreOperation.Put || call.TookEffect != tookEffect || !call.Path.EndsWith(at, StringComparison.Ordinal)) return;
            died = true;
            await CancelSignal.SetAsync(harness.Store, Paths, TimeProvider.System, Cancellation);
            throw new IOException("the process is dead");
        };
        await Assert.ThrowsAsync<IOException>(() => harness.DriveOnceAsync("r", RunHarness.Spec()));

        var summary = (await harness.GoOnAsync("r", redrives: false))!;

        Assert.True(died);
        var commits = tookEffect || at != "commit.json";
        Assert.Equal(commits ? RunStatus.Succeeded : RunStatus.Cancelled, summary.Status);
        Assert.Equal(commits, await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)) is not null);
        Assert.Equal(commits, await harness.ReadAsync(RunHarness.Output) is not null);
    }

    /// <summary>However short a while ago it was looked for.</summary>
    [Fact]
    public async Task Cancel_RightBeforeTheCommit_IsSeen()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(Partitions);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        await harness.Activities.CombinePartsAsync(new CombineRequest("r", 0, 1), Cancellation);
        Assert.False(await harness.Activities.IsCancelledAsync(Paths, Cancellation));
        await CancelSignal.SetAsync(harness.Store, Paths, TimeProvider.System, Cancellation);

        var end = await harness.Activities.CommitRunAsync(finish, Cancellation);

        Assert.Equal(RunStatus.Cancelled, end.Status);
        Assert.Null(await harness.ReadAsync(RunHarness.Output));
    }

    [Fact]
    public async Task Deadline_OfTheRun_EndsWorkersAndKeepsWhatIsDone()
    {
        var harness = await CreateAsync(_ => false);
        var hanging = new RunHarness(inner => new CancelledIsolation(inner, task => ScriptedIsolation.PartitionOf(task) == 2, static () => Task.CompletedTask), store: harness.Store);
        var spec = RunHarness.Spec("""{ "parallel": 1, "runTimeout": "00:00:02" }""");
        // A worker that hangs is ended by the isolation below when the run's time is up.
        var ending = new RunHarness(inner => new EndingIsolation(((RunHarness)hanging).Isolation), store: harness.Store);
        await ending.DriveOnceAsync("r", spec);

        var record = await harness.RecordAsync("r");
        Assert.Equal((RunStatus.Failed, 2), (record.Status, record.Summary!.Tasks.Succeeded));
        Assert.Equal("run-deadline", Assert.Single(record.Summary.Errors!).Code);
        Assert.Equal((RunStatus.Succeeded, 2), ((await harness.GoOnAsync("r", redrives: true))!.Status, (await harness.RecordAsync("r")).Summary!.Tasks.Reused));
    }

    [Fact]
    public async Task Deadline_WhilePartitionsAreFound_EndsTheRun()
    {
        var harness = await CreateAsync(_ => false);
        var hanging = new RunHarness(inner => new EndingIsolation(new CancelledIsolation(inner, static task => task.TaskId == "discovery", static () => Task.CompletedTask)), store: harness.Store);
        await hanging.DriveOnceAsync("r", RunHarness.Spec("""{ "runTimeout": "00:00:01" }"""));

        var summary = (await harness.RecordAsync("r")).Summary!;

        Assert.Equal((RunStatus.Failed, "run-deadline"), (summary.Status, Assert.Single(summary.Errors!).Code));
        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);
    }

    /// <summary>A store may wish to be left alone for longer than the run has.</summary>
    [Fact]
    public async Task Deadline_WhileATaskWaits_EndsTheRun()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) =>
            ScriptedIsolation.PartitionOf(task) == 2 && attempt == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.Throttled) with { RetryAfterSeconds = 3600 } : null));
        await harness.WriteDataAsync(4);
        await harness.DriveOnceAsync("r", RunHarness.Spec("""{ "runTimeout": "00:00:02" }"""));

        var summary = (await harness.RecordAsync("r")).Summary!;

        Assert.Equal((RunStatus.Failed, 3), (summary.Status, summary.Tasks.Succeeded));
        Assert.Contains(summary.Errors!, static error => error.Code == "run-deadline");
    }

    /// <summary>Ends a task at its deadline, as a process's parent does.</summary>
    sealed class EndingIsolation(ITaskIsolation inner) : ITaskIsolation
    {
        public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            ending.CancelAfter(deadline);
            var receipt = await inner.RunAsync(task, deadline, onHeartbeat, ending.Token);
            return receipt.Outcome == TaskOutcome.Cancelled && !cancellationToken.IsCancellationRequested ? TaskRunner.Failed(task.TaskId, TaskOutcome.Deadline, TaskFailure.Of("deadline", "too long")) : receipt;
        }
    }
}
