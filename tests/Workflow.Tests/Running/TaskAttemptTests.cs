using System.Collections.Concurrent;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Tasks whose host dies along with the worker: nobody sees how they end, but the store counts that they began.</summary>
public class TaskAttemptTests
{
    static readonly RunPaths Paths = new("r");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    sealed class HostDied : Exception;

    /// <summary>A host that dies with all that it does when a worker begins on some task.</summary>
    sealed class MortalHost
    {
        bool _isDead;

        public RunHarness Harness { get; }

        public ConcurrentQueue<int> Began { get; } = [];

        public MortalHost(Func<WorkerTask, bool> kills)
        {
            var store = new MemoryObjectStore();
            Harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
            {
                // The worker begins, and takes the host along.
                if (!kills(task) || !await TaskAttempt.Of(task, store)!.TryBeginAsync(Cancellation)) return null;
                if (ScriptedIsolation.PartitionOf(task) is { } partition) Began.Enqueue(partition);
                _isDead = true;
                throw new HostDied();
            }), store: store) { Host = new HostCapacity(4) { WorkersOutlive = TimeSpan.Zero } };
            store.Hook = call => _isDead ? throw new HostDied() : Task.CompletedTask;
        }

        public async Task DieAsync(RunSpec spec)
        {
            await Assert.ThrowsAsync<HostDied>(() => Harness.DriveOnceAsync("r", spec));
            _isDead = false;
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 2)]
    [InlineData(4, 1)]
    [InlineData(4, 2)]
    public async Task Task_TakesItsHostAlongEachTime_FailsAfterItsTriesAndTheOthersFinish(int parallel, int retries)
    {
        var host = new MortalHost(task => ScriptedIsolation.PartitionOf(task) == 1);
        var harness = host.Harness;
        await harness.WriteDataAsync(4);
        var spec = RunHarness.Spec($$"""{ "parallel": {{parallel}}, "retries": {{retries}}, "toleratedFailures": 1 }""");

        for (var death = 0; death <= retries; death++) await host.DieAsync(spec);
        await harness.DriveOnceAsync("r", spec);

        Assert.Equal(retries + 1, host.Began.Count);
        var record = await harness.RecordAsync("r");
        Assert.Equal((RunStatus.SucceededWithFailures, 3), (record.Status, record.Summary!.Partitions.Succeeded));
        var error = Assert.Single(record.Summary.Errors!);
        Assert.Equal(("tries-exhausted", "1"), (error.Code, error.Partition));
        Assert.Contains($"none of {retries + 1} tries came to an end", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The host may die at the very moment at which its worker counts itself.</summary>
    [Fact]
    public async Task TakeBack_WhileItsMarkIsBeingPut_LeavesNone()
    {
        var store = new MemoryObjectStore();
        var reply = new TaskCompletionSource();
        store.Hook = call => call is { Operation: StoreOperation.Put, TookEffect: true } ? reply.Task : Task.CompletedTask;
        var attempt = new TaskAttempt(store, new AttemptCount("a/t", 1, new AttemptMark("id", "driver", DateTimeOffset.MaxValue)));
        var beginning = attempt.TryBeginAsync(Cancellation);

        var back = attempt.TakeBackAsync(Cancellation);
        Assert.NotNull(await store.ReadAllAsync("a/t.1", 1024, Cancellation));
        reply.SetResult();
        await back;

        Assert.True(await beginning);
        Assert.Null(await store.ReadAllAsync("a/t.1", 1024, Cancellation));
    }

    [Fact]
    public async Task TakeBack_BeforeItBegan_KeepsItFromBeginning()
    {
        var store = new MemoryObjectStore();
        var attempt = new TaskAttempt(store, new AttemptCount("a/t", 1, new AttemptMark("id", "driver", DateTimeOffset.MaxValue)));

        await attempt.TakeBackAsync(Cancellation);

        Assert.False(await attempt.TryBeginAsync(Cancellation));
        Assert.Empty(await store.ListAsync("a", Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Combine_TakesItsHostAlongEachTime_FailsTheRun()
    {
        var host = new MortalHost(task => task.Combine is not null);
        var harness = host.Harness;
        await harness.WriteDataAsync(4);
        var spec = RunHarness.Spec("""{ "retries": 1 }""");

        for (var death = 0; death <= 1; death++) await host.DieAsync(spec);
        await harness.DriveOnceAsync("r", spec);

        var record = await harness.RecordAsync("r");
        Assert.Equal((RunStatus.Failed, "tries-exhausted"), (record.Status, Assert.Single(record.Summary!.Errors!).Code));
        Assert.Null(await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)));
    }

    /// <summary>A redrive gives a task its tries anew.</summary>
    [Fact]
    public async Task Redrive_OfATaskWithoutTriesLeft_RunsIt()
    {
        var kills = true;
        var host = new MortalHost(task => kills && ScriptedIsolation.PartitionOf(task) == 1);
        var harness = host.Harness;
        await harness.WriteDataAsync(4);
        var spec = RunHarness.Spec("""{ "retries": 0 }""");
        await host.DieAsync(spec);
        await harness.DriveOnceAsync("r", spec);
        Assert.Equal(RunStatus.Failed, (await harness.RecordAsync("r")).Status);
        kills = false;

        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);
        Assert.Empty(await harness.PathsAsync($"{Paths.Root}/redrives/1/attempts"));
    }

    /// <summary>What fails, is cut short by its host's orderly end, or succeeds, uses up no try of another kind.</summary>
    [Theory]
    [InlineData(TaskOutcome.BadData)]
    [InlineData(TaskOutcome.Transient)]
    [InlineData(TaskOutcome.Memory)]
    public async Task Task_WhoseEndIsSeen_LeavesNoTryBehind(TaskOutcome outcome)
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) is not null ? ScriptedIsolation.Failed(task, outcome) : null));
        await harness.WriteDataAsync(1);
        await harness.PlanAsync("r", RunHarness.Spec("""{ "memory": "64MiB" }"""));
        for (var delivery = 0; delivery < 6; delivery++)
            Assert.Equal(outcome, (await harness.CreateActivities().ReduceTaskAsync(new TaskRequest("r", 0, 1), Cancellation)).Outcome);
        Assert.Empty(await harness.PathsAsync(Paths.Attempts));
    }

    [Fact]
    public async Task Host_EndsInOrder_LeavesNoTryBehind()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            if (ScriptedIsolation.PartitionOf(task) is null) return null;
            await ending.CancelAsync();
            return ScriptedIsolation.Failed(task, TaskOutcome.Cancelled);
        }));
        await harness.WriteDataAsync(1);
        await harness.PlanAsync("r", RunHarness.Spec());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.CreateActivities().ReduceTaskAsync(new TaskRequest("r", 0, 1), ending.Token));

        Assert.Empty(await harness.PathsAsync(Paths.Attempts));
    }

    /// <summary>Deliveries beyond the number of tries wait for one of the others, which live.</summary>
    [Fact]
    public async Task Task_DeliveredMoreOftenThanItHasTries_EndsOnceForAll()
    {
        var together = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var began = 0;
        var harness = new RunHarness();
        await harness.WriteDataAsync(1);
        harness.Store.Hook = async call =>
        {
            if (!call.Path.StartsWith(Paths.Parts, StringComparison.Ordinal) || call is not { Operation: StoreOperation.Put, TookEffect: false }) return;
            if (Interlocked.Increment(ref began) == 2) together.SetResult();
            await together.Task;
        };
        await harness.PlanAsync("r", RunHarness.Spec("""{ "retries": 1 }"""));

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => harness.CreateActivities().ReduceTaskAsync(new TaskRequest("r", 0, 1), Cancellation)));

        Assert.InRange(began, 2, 8);
        Assert.All(results, result => Assert.Equal(TaskOutcome.Done, result.Outcome));
        Assert.Single(await harness.PathsAsync(Paths.Parts));
    }

    [Fact]
    public async Task Task_AllTriesExpired_FailsWithoutAnother()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(1);
        await harness.PlanAsync("r", RunHarness.Spec("""{ "retries": 1 }"""));
        var taskId = (await harness.SlicesAsync("r"))[0].TaskId;
        await harness.Store.PutAsync($"{Paths.Attempt(taskId)}.1", """{"id":"x","driver":"x","until":"2020-01-01T00:00:00Z"}"""u8.ToArray(), PutCondition.None, Cancellation);
        // Cut off when its writer died.
        await harness.Store.PutAsync($"{Paths.Attempt(taskId)}.2", "{"u8.ToArray(), PutCondition.None, Cancellation);

        Assert.Equal(TaskOutcome.Bug, (await harness.Activities.ReduceTaskAsync(new TaskRequest("r", 0, 1), Cancellation)).Outcome);
        Assert.Empty(await harness.PathsAsync(Paths.Parts));
    }
}
