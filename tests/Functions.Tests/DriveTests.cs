using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.DurableTask;

namespace Fanfold.Functions.Tests;

/// <summary>Runs by the app's own orchestrators and activities.</summary>
public class DriveTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_PutsItsOutcomeOnRecord()
    {
        var world = new World();
        await world.WriteDataAsync(8);
        var summary = await world.RunAsync("a", World.Spec());
        Assert.Equal((RunStatus.Succeeded, 8, 8, 16), (summary.Status, summary.Partitions.Succeeded, summary.Tasks.Succeeded, summary.RowsIn));
        Assert.Equal(0, summary.Tasks.Reused);
        Assert.Equal(RunStatus.Succeeded, (await world.RecordAsync("a")).Status);
        Assert.Equal(8, world.Durable.Called.Count(name => name == nameof(Activities.ReduceTask)));
        Assert.Empty(world.Durable.Parts);
    }

    [Fact]
    public async Task ManyTasks_AreWorkflowsOfTheirOwn_WithTheSameResult()
    {
        var (few, many) = (new World(), new World());
        await few.WriteDataAsync(RunOrchestration.TasksOfOne + 20);
        await many.WriteDataAsync(RunOrchestration.TasksOfOne + 20);
        var summary = await many.RunAsync("a", World.Spec("""{ "parallel": 7 }"""));
        Assert.Equal(RunOrchestration.TasksOfOne + 20, summary.Partitions.Succeeded);
        Assert.Equal(2, many.Durable.Parts.Count);
        Assert.All(many.Durable.Parts, static part => Assert.StartsWith("a.tasks-", part, StringComparison.Ordinal));
        Assert.Equal(2, many.Durable.Parts.Distinct().Count());
        await few.RunAsync("b", World.Spec("""{ "parallel": 1 }"""));
        Assert.Equal(await few.ReadAsync(World.Output), await many.ReadAsync(World.Output));
    }

    [Fact]
    public async Task HostThatDies_CostsATry_AndNothingElse()
    {
        var world = new World();
        await world.WriteDataAsync(4);
        var deaths = 0;
        world.Durable.BeforeActivity = (name, _) =>
        {
            if (name == nameof(Activities.ReduceTask) && Interlocked.Increment(ref deaths) <= 3) throw new TimeoutException("the host is gone");
        };
        var summary = await world.RunAsync("a", World.Spec());
        Assert.Equal((RunStatus.Succeeded, 4), (summary.Status, summary.Partitions.Succeeded));
        Assert.Equal(7, world.Durable.Called.Count(name => name == nameof(Activities.ReduceTask)));
    }

    [Fact]
    public async Task StoreThatFailsForAWhile_StopsTheDrive_WhichGoesOnByItself()
    {
        var world = new World();
        await world.WriteDataAsync(4);
        var failures = 0;
        world.Durable.BeforeActivity = (name, _) =>
        {
            if (name == nameof(Activities.CombineParts) && Interlocked.Increment(ref failures) <= 2) throw new StorageException(StorageFailure.Unreachable, "results", "the store does not answer");
        };
        var executions = await world.Durable.RunAsync(await world.StartAsync("a", World.Spec()));
        Assert.Equal(3, executions);
        Assert.Equal(RunStatus.Succeeded, (await world.RecordAsync("a")).Status);
        Assert.Equal([TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20)], world.Durable.Timers);
    }

    [Fact]
    public async Task FailureInAPart_IsTheFailureOfItsActivity()
    {
        var world = new World();
        await world.WriteDataAsync(RunOrchestration.TasksOfOne + 1);
        var failures = 0;
        world.Durable.BeforeActivity = (name, _) =>
        {
            if (name == nameof(Activities.ReduceTask) && Interlocked.Increment(ref failures) == 1) throw new StorageException(StorageFailure.Throttled, "lake", "too many requests");
        };
        Assert.Equal(2, await world.Durable.RunAsync(await world.StartAsync("a", World.Spec())));
        Assert.Equal(RunStatus.Succeeded, (await world.RecordAsync("a")).Status);
    }

    [Fact]
    public async Task Redrive_IsAnInstanceOfItsOwn_AndDoesOnlyTheRest()
    {
        var world = new World();
        await world.WriteDataAsync(6);
        var started = await world.StartAsync("a", World.Spec());
        await CancelSignal.SetAsync(world.Store, new RunPaths("a"), TimeProvider.System, Cancellation);
        await world.Durable.RunAsync(started);
        Assert.Equal(RunStatus.Cancelled, (await world.RecordAsync("a")).Status);
        await RunRedrive.BeginAsync(world.Store, "a", TimeProvider.System, Cancellation);
        await world.App.Api(world.Durable).Host.DriveAsync("a", Cancellation);
        Assert.Equal(["a", "a.1"], world.Durable.Scheduled);
        await world.Durable.RunAsync("a.1");
        Assert.Equal((RunStatus.Succeeded, 1), ((await world.RecordAsync("a")).Status, (await world.RecordAsync("a")).Redrive));
        // A late delivery of the drive before changes nothing.
        await world.Durable.RunAsync("a");
        Assert.Equal((RunStatus.Succeeded, 1), ((await world.RecordAsync("a")).Status, (await world.RecordAsync("a")).Redrive));
    }

    [Fact]
    public async Task RunThatIsUnderWay_OrOver_IsNotStartedAgain()
    {
        var world = new World();
        await world.WriteDataAsync(2);
        var instance = await world.StartAsync("a", World.Spec());
        Assert.Equal(["Pending", "Running", "Suspended"], world.Durable.OptionsOf(instance)!.DedupeStatuses!);
        world.Durable.Running.Add(instance);
        await world.App.Api(world.Durable).Host.DriveAsync("a", Cancellation);
        world.Durable.Running.Clear();
        await world.Durable.RunAsync(instance);
        var calls = world.Durable.Called.Count;
        await world.App.Api(world.Durable).Host.DriveAsync("a", Cancellation);
        await world.App.Api(world.Durable).Host.DriveAsync("never-started", Cancellation);
        Assert.Equal(["a"], world.Durable.Scheduled);
        Assert.Equal(calls, world.Durable.Called.Count);
    }

    [Fact]
    public async Task LongWait_EndsSoonAfterTheRunIsCancelled()
    {
        var world = new World();
        await world.WriteDataAsync(1);
        var instance = await world.StartAsync("a", World.Spec());
        await CancelSignal.SetAsync(world.Store, new RunPaths("a"), TimeProvider.System, Cancellation);
        var context = new FakeOrchestrationContext(world.Durable, "Waits", instance, default);
        await context.RunAsync(async durable =>
        {
            await new DurableWorkflow(durable, new RunPaths("a")).CreateTimerAsync(new DateTimeOffset(world.Durable.Now).AddHours(1));
            return default;
        });
        Assert.Equal([TimeSpan.FromSeconds(30)], world.Durable.Timers);
    }

    [Fact]
    public async Task DriveThatCantGoOn_EndsAsFailedWithTheReason_AndARedriveIsTheNext()
    {
        var world = new World();
        await world.WriteDataAsync(3);
        var breaks = true;
        world.Durable.BeforeActivity = (name, _) =>
        {
            if (breaks && name == nameof(Activities.CombineParts)) throw new RunStateException("state-corrupt", "the plan can't be read; AccountKey=c2VjcmV0a2V5");
        };
        await Assert.ThrowsAsync<TaskFailedException>(async () => await world.Durable.RunAsync(await world.StartAsync("a", World.Spec())));
        var record = await world.RecordAsync("a");
        Assert.Equal(RunStatus.Failed, record.Status);
        Assert.Equal(("state-corrupt", "the plan can't be read; AccountKey=***"), (Assert.Single(record.Summary!.Errors!).Code, record.Summary.Errors![0].Message));
        breaks = false;
        await RunRedrive.BeginAsync(world.Store, "a", TimeProvider.System, Cancellation);
        await world.App.Api(world.Durable).Host.DriveAsync("a", Cancellation);
        await world.Durable.RunAsync("a.1");
        Assert.Equal((RunStatus.Succeeded, 3), ((await world.RecordAsync("a")).Status, (await world.RecordAsync("a")).Summary!.Tasks.Reused));
    }

    [Fact]
    public async Task DriveThatBeginsAnew_StillBeganAtItsStart()
    {
        var world = new World();
        await world.WriteDataAsync(2);
        var (failures, started, began) = (0, world.Durable.Now, new List<DateTimeOffset>());
        world.Durable.BeforeActivity = (name, input) =>
        {
            if (name == nameof(Activities.PlanRun)) began.Add(input.GetProperty("startedAt").GetDateTimeOffset());
            if (name == nameof(Activities.CombineParts) && Interlocked.Increment(ref failures) <= 2) throw new StorageException(StorageFailure.Throttled, "results", "too many requests");
        };
        await world.RunAsync("a", World.Spec());
        Assert.Equal([started, started, started], began.Select(static time => time.UtcDateTime));
    }

    [Fact]
    public async Task IdOfAPurgedRun_IsANewRun()
    {
        var world = new World();
        await world.WriteDataAsync(4);
        await CancelSignal.SetAsync(world.Store, new RunPaths("a"), TimeProvider.System, Cancellation);
        Assert.Equal(RunStatus.Cancelled, (await world.RunAsync("a", World.Spec())).Status);
        var purged = await RunPurge.RunAsync(world.Store, TimeProvider.System, TimeSpan.Zero, TimeSpan.FromMinutes(1), Cancellation);
        Assert.Equal(["a"], purged.Purged);
        await world.WriteDataAsync(7);
        var summary = await world.RunAsync("a", World.Spec(output: "results/other.parquet"));
        Assert.Equal((RunStatus.Succeeded, 7), (summary.Status, summary.Partitions.Succeeded));
    }

    [Fact]
    public async Task Purge_LeavesADriveThatWaits()
    {
        var world = new World();
        await world.WriteDataAsync(2);
        var purged = -1;
        world.Durable.BeforeActivity = (name, _) =>
        {
            if (name == nameof(Activities.CombineParts)) purged = RunPurge.RunAsync(world.Store, TimeProvider.System, TimeSpan.Zero, TimeSpan.FromMinutes(1), Cancellation).Result.Purged.Count;
        };
        Assert.Equal(RunStatus.Succeeded, (await world.RunAsync("a", World.Spec())).Status);
        Assert.Equal(0, purged);
    }

    [Fact]
    public async Task Progress_IsOnRecordWhileTheRunGoesOn()
    {
        var world = new World();
        await world.WriteDataAsync(3);
        RunRecord? seen = null;
        world.Durable.BeforeActivity = (name, _) =>
        {
            if (name == nameof(Activities.CommitRun)) seen = world.RecordAsync("a").Result;
        };
        await world.RunAsync("a", World.Spec("""{ "parallel": 1 }"""));
        Assert.Equal(RunStatus.Running, seen!.Status);
        Assert.NotNull(seen.HeartbeatAt);
        Assert.Contains(nameof(Activities.ShowProgress), world.Durable.Called);
    }
}
