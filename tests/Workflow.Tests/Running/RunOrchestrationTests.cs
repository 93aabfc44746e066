using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Running;

public class RunOrchestrationTests
{
    [Fact]
    public async Task Run_AllTasksSucceed_CommitsAndCleansUp()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(12);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec());

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(new PartitionCounts(12, 12, 0, 0), summary.Partitions);
        Assert.Equal([RunHarness.Output, RunPaths.Manifest(RunHarness.Output)], await harness.PathsAsync("results"));
        Assert.Empty(await harness.PathsAsync(new RunPaths("r").Parts));
        Assert.Equal(Enumerable.Range(0, 12), context.Tasks.Select(task => task.Index));
        Assert.Equal(12, context.Progress[^1].TasksDone);
        Assert.True(context.LargestPayload <= 4096, $"a payload has {context.LargestPayload} bytes");
    }

    [Theory]
    [InlineData(TaskOutcome.Transient, 4)]
    [InlineData(TaskOutcome.Throttled, 4)]
    [InlineData(TaskOutcome.Deadline, 4)]
    [InlineData(TaskOutcome.Memory, 1)]
    [InlineData(TaskOutcome.BadData, 1)]
    [InlineData(TaskOutcome.InputChanged, 1)]
    [InlineData(TaskOutcome.Access, 1)]
    [InlineData(TaskOutcome.Bug, 1)]
    public async Task Run_TaskThatKeepsFailing_IsTriedByItsClass(TaskOutcome outcome, int tries)
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, outcome) : null));
        await harness.WriteDataAsync(2);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "parallel": 1, "retries": 3 }"""));

        Assert.Equal(Enumerable.Range(1, tries), context.Tasks.Where(task => task.Index == 1).Select(task => task.Attempt));
        Assert.Equal(Enumerable.Range(0, tries - 1).Select(power => TimeSpan.FromSeconds(1 << power)), context.Timers);
        Assert.Equal(RunStatus.Failed, summary.Status);
        var error = Assert.Single(summary.Errors!);
        Assert.Equal(("scripted", "1", "lake/a.parquet"), (error.Code, error.Partition, error.File));
        Assert.Empty(await harness.PathsAsync("results"));
    }

    [Fact]
    public async Task Run_TaskThatFailsOnce_SucceedsOnTheNextTry()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) =>
            ScriptedIsolation.PartitionOf(task) == 1 && attempt == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.Transient) : null));
        await harness.WriteDataAsync(3);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec());

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Null(summary.Errors);
        Assert.Equal([TimeSpan.FromSeconds(1)], context.Timers);
    }

    /// <summary>What the run can't do without, discovery and combine, is tried like a task.</summary>
    [Theory]
    [InlineData("discovery", TaskOutcome.Transient)]
    [InlineData("discovery", TaskOutcome.Throttled)]
    [InlineData("discovery", TaskOutcome.Deadline)]
    [InlineData("combine", TaskOutcome.Transient)]
    [InlineData("combine", TaskOutcome.Throttled)]
    [InlineData("combine", TaskOutcome.Deadline)]
    public async Task Run_DiscoveryOrCombineFailsUpToItsLastTry_Succeeds(string taskId, TaskOutcome outcome)
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) => task.TaskId == taskId && attempt <= 3 ? ScriptedIsolation.Failed(task, outcome) : null));
        await harness.WriteDataAsync(3);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec());

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Null(summary.Errors);
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)], context.Timers);
    }

    [Theory]
    [InlineData("discovery", TaskOutcome.Deadline, 4)]
    [InlineData("discovery", TaskOutcome.Memory, 1)]
    [InlineData("combine", TaskOutcome.Deadline, 4)]
    [InlineData("combine", TaskOutcome.Memory, 1)]
    [InlineData("combine", TaskOutcome.Bug, 1)]
    public async Task Run_DiscoveryOrCombineThatNothingMends_FailsTheRun(string taskId, TaskOutcome outcome, int tries)
    {
        var attempts = 0;
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) => task.TaskId == taskId ? ScriptedIsolation.Failed(task, outcome) with { Requests = attempts = attempt } : null));
        await harness.WriteDataAsync(3);

        var (summary, _) = await harness.RunAsync("r", RunHarness.Spec());

        Assert.Equal(tries, attempts);
        Assert.Equal((RunStatus.Failed, "scripted"), (summary.Status, Assert.Single(summary.Errors!).Code));
        Assert.Empty(await harness.PathsAsync("results"));
    }

    [Theory]
    [InlineData("discovery")]
    [InlineData("combine")]
    public async Task Run_DiscoveryOrCombineWhoseCauseMayPass_StopsAndGoesOnLater(string taskId)
    {
        var (attempts, mended) = (0, false);
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) =>
            task.TaskId == taskId && !mended ? ScriptedIsolation.Failed(task, TaskOutcome.Transient) with { Requests = attempts = attempt } : null));
        await harness.WriteDataAsync(3);
        var spec = RunHarness.Spec("""{ "retries": 0 }""");
        for (var drive = 1; drive <= 2; drive++)
        {
            var stopped = await Assert.ThrowsAsync<RunStoppedException>(() => harness.DriveAsync("r", spec));
            Assert.Equal(("scripted", "lake/a.parquet", drive), (stopped.Error.Code, stopped.Error.File, attempts));
        }

        mended = true;
        var summary = await harness.DriveAsync("r", spec);

        Assert.Equal((RunStatus.Succeeded, null), (summary.Status, summary.Errors));
        Assert.Equal(taskId == "combine" ? 3 : 0, summary.Tasks.Reused);
    }

    [Theory]
    [InlineData("combine", "worker-died")]
    [InlineData("combine", "worker-unreadable")]
    [InlineData("discovery", "worker-died")]
    public async Task Run_DiscoveryOrCombineWhoseWorkerAlwaysDies_Fails(string taskId, string code)
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) =>
            task.TaskId == taskId ? TaskRunner.Failed(task.TaskId, TaskOutcome.Transient, TaskFailure.Of(code, "gone")) : null));
        await harness.WriteDataAsync(3);

        var (summary, _) = await harness.RunAsync("r", RunHarness.Spec("""{ "retries": 1 }"""));

        Assert.Equal((RunStatus.Failed, code), (summary.Status, Assert.Single(summary.Errors!).Code));
    }

    [Fact]
    public async Task Retry_WishBeyondTheRunsTime_IsCutThere()
    {
        var context = new FakeContext(new RunHarness().Activities, "r");
        var deadline = context.UtcNow + TimeSpan.FromSeconds(5);

        var tries = await Retries.RunAsync(context, Task.FromResult, _ => new Tried(TaskOutcome.Throttled, 1, RunStop.None, 60) { Deadline = deadline });

        Assert.Equal(2, tries);
        Assert.Equal([TimeSpan.FromSeconds(5)], context.Timers);
    }

    [Fact]
    public async Task Plan_RunsTimeIsUp_StopsBeforeItsDiscovery()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await harness.StartAsync("r", RunHarness.Spec("""{ "runTimeout": "01:00:00" }"""));

        var plan = await harness.Activities.PlanRunAsync(new PlanRequest("r", 1) { StartedAt = DateTimeOffset.UnixEpoch }, TestContext.Current.CancellationToken);

        Assert.Equal((RunStop.Deadline, 0), (plan.Stop, plan.Tasks));
    }

    [Fact]
    public async Task Run_ManyTasks_RunsAtMostParallelAtOnce()
    {
        int running = 0, most = 0;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            if (ScriptedIsolation.PartitionOf(task) is null) return null;
            most = Math.Max(most, Interlocked.Increment(ref running));
            // The lanes fill before the first task ends.
            if (Volatile.Read(ref running) == 3) gate.TrySetResult();
            await gate.Task;
            Interlocked.Decrement(ref running);
            return null;
        }));
        await harness.WriteDataAsync(20);

        var (summary, _) = await harness.RunAsync("r", RunHarness.Spec("""{ "parallel": 3 }"""));

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task Run_FailuresByTheDozen_StartsNoNewTask()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) is null ? null : ScriptedIsolation.Failed(task, TaskOutcome.BadData)));
        await harness.WriteDataAsync(40);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "parallel": 1, "toleratedFailures": 2 }"""));

        Assert.Equal(Enumerable.Range(0, 19), context.Tasks.Select(task => task.Index));
        Assert.Equal((RunStatus.Failed, 19), (summary.Status, summary.Errors!.Count));
        Assert.Equal(new TaskCounts(40, 0, 19, 0), summary.Tasks);
    }

    /// <summary>A redrive after repair then has that one to do.</summary>
    [Fact]
    public async Task Run_OneFailureMoreThanTolerated_DoesTheOthers()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) == 0 || task.TaskId == RunPaths.CombineTask ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(20);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "parallel": 1 }"""));

        Assert.Equal(Enumerable.Range(0, 20), context.Tasks.Select(task => task.Index));
        Assert.Equal((RunStatus.Failed, "0"), (summary.Status, Assert.Single(summary.Errors!).Partition));
        Assert.Equal(new TaskCounts(20, 19, 1, 0), summary.Tasks);
        Assert.Empty(await harness.PathsAsync("results"));
    }

    /// <summary>A worker that says what can't be true makes no receipt, and its part is not kept.</summary>
    [Theory]
    [InlineData("inputs")]
    [InlineData("version")]
    [InlineData("part")]
    public async Task Run_ReceiptThatDoesNotFitThePlan_IsNotStored(string what)
    {
        var lies = true;
        var store = new MemoryObjectStore();
        var honest = new InProcessIsolation(store, store);
        var harness = new RunHarness(_ => new ScriptedIsolation(honest, async (task, _) =>
        {
            if (!lies || ScriptedIsolation.PartitionOf(task) != 1) return null;
            var receipt = await honest.RunAsync(task, TimeSpan.FromMinutes(1), static _ => { }, TestContext.Current.CancellationToken);
            return what switch
            {
                "inputs" => receipt with { InputsHash = "other" },
                "version" => receipt with { Version = WorkerTask.CurrentVersion + 1 },
                _ => receipt with { Part = receipt.Part! with { Path = "elsewhere" } },
            };
        }), store: store);
        await harness.WriteDataAsync(3);

        var failed = await harness.DriveAsync("r", RunHarness.Spec());

        Assert.Equal((RunStatus.Failed, "proof-failed", "1"), (failed.Status, Assert.Single(failed.Errors!).Code, failed.Errors![0].Partition));
        Assert.Equal((2, 2), ((await harness.PathsAsync(new RunPaths("r").Receipts)).Count(path => !path.EndsWith(".failed.json", StringComparison.Ordinal)), (await harness.PathsAsync(new RunPaths("r").Parts)).Count));
        lies = false;
        Assert.Equal((RunStatus.Succeeded, 2), ((await harness.GoOnAsync("r", redrives: true))!.Status, (await harness.RecordAsync("r")).Summary!.Tasks.Reused));
    }

    [Fact]
    public async Task Run_ToleratedFailures_SucceedsWithThem()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) is 3 or 7 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(10);

        var (summary, _) = await harness.RunAsync("r", RunHarness.Spec("""{ "toleratedFailures": "20%" }"""));

        Assert.Equal(RunStatus.SucceededWithFailures, summary.Status);
        Assert.Equal(new PartitionCounts(10, 8, 0, 2), summary.Partitions);
        Assert.Equal(8, summary.RowsOut);
    }

    [Fact]
    public async Task Run_PlanRefused_FailsWithAllErrorsAndRunsNothing()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec(aggregate: "sum(nothing)"));

        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.Equal("unknown-column", Assert.Single(summary.Errors!).Code);
        Assert.Empty(context.Tasks);
    }
}
