using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Durable;

public class LocalEngineTests
{
    const int Partitions = 5;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static async Task<RunHarness> CreateHarnessAsync(Func<ITaskIsolation, ITaskIsolation>? isolation = null)
    {
        var harness = new RunHarness(isolation);
        await harness.WriteDataAsync(Partitions);
        return harness;
    }

    static async Task<byte[]> UndisturbedAsync()
    {
        var harness = await CreateHarnessAsync();
        Assert.Equal(RunStatus.Succeeded, (await harness.DriveAsync("r", RunHarness.Spec())).Status);
        return (await harness.ReadAsync(RunHarness.Output))!;
    }

    [Fact]
    public async Task Drive_ToTheEnd_JournalsEveryDecisionAndResultOnce()
    {
        var harness = await CreateHarnessAsync();

        await harness.DriveAsync("r", RunHarness.Spec());

        var journal = await JournalText.ReadAsync(harness.Store, "r");
        Assert.Equal(1, journal.Count("\"type\":\"ExecutionStarted\""));
        // Plan, combine, commit and clean-up, and the tasks.
        Assert.Equal(Partitions + 4, journal.Count("\"type\":\"TaskScheduled\""));
        Assert.Equal(Partitions + 4, journal.Count("\"type\":\"TaskCompleted\""));
        Assert.Equal(1, journal.Count("\"type\":\"ExecutionCompleted\""));
        Assert.InRange(journal.Segments.Count, 6, 1 + Partitions + 4);
    }

    [Fact]
    public async Task Drive_ReplayedAfterEverySegment_GivesTheSame()
    {
        var harness = await CreateHarnessAsync(ScriptedIsolation.Of((task, attempt) =>
            ScriptedIsolation.PartitionOf(task) == 2 && attempt == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.Transient) : null));

        var summary = await harness.DriveAsync("r", RunHarness.Spec(), replayAlways: true);

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(await UndisturbedAsync(), await harness.ReadAsync(RunHarness.Output));
        Assert.Equal(1, (await JournalText.ReadAsync(harness.Store, "r")).Count("\"type\":\"TimerFired\""));
    }

    /// <summary>The process dies at each call of its stores in turn, once before the call took effect and once after, when only the reply is lost.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Drive_DiesAtAnyCallOfItsStores_TheNextDriveFinishesTheSame(bool afterTheEffect)
    {
        var expected = await UndisturbedAsync();
        await DieEverywhereAsync(RunHarness.Spec(), expected, afterTheEffect, script => CreateHarnessAsync(ScriptedIsolation.Of((task, _) => script(task))));
    }

    static readonly RunSpec ByKey = RunHarness.SpecOf("""{ "groupBy": ["amount"], "aggregates": { "n": "len()" } }""");

    /// <summary>Of two partitions of two row groups each; the second is split into one of them and four buckets of the other where <paramref name="split"/> says so.</summary>
    static async Task<RunHarness> CreateSplitHarnessAsync(bool split, Func<WorkerTask, TaskReceipt?> script)
    {
        var store = new MemoryObjectStore();
        var harness = new RunHarness(inner => new HungryIsolation(store, inner, (task, _) => script(task)
            ?? (split && ScriptedIsolation.PartitionOf(task) == 1 && HungryIsolation.Describe(task) is "whole" or "3-4" ? HungryIsolation.Memory(task) : null)), store: store);
        await harness.WriteDataAsync(2, rowGroups: 2);
        return harness;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Drive_DiesAtAnyCallWhileATaskIsSplit_TheNextDriveFinishesTheSame(bool afterTheEffect)
    {
        var whole = await CreateSplitHarnessAsync(split: false, _ => null);
        await whole.DriveAsync("r", ByKey);
        await DieEverywhereAsync(ByKey, (await whole.ReadAsync(RunHarness.Output))!, afterTheEffect, script => CreateSplitHarnessAsync(split: true, script));
    }

    [Fact]
    public async Task Drive_SplitTaskReplayedAfterEverySegment_GivesTheSame()
    {
        var whole = await CreateSplitHarnessAsync(split: false, _ => null);
        await whole.DriveAsync("r", ByKey);
        var harness = await CreateSplitHarnessAsync(split: true, _ => null);

        var summary = await harness.DriveAsync("r", ByKey, replayAlways: true);

        Assert.Equal((RunStatus.Succeeded, 2), (summary.Status, summary.Tasks.Succeeded));
        Assert.Equal(await whole.ReadAsync(RunHarness.Output), await harness.ReadAsync(RunHarness.Output));
        var journal = await JournalText.ReadAsync(harness.Store, "r");
        Assert.Equal(1, journal.Count("\"name\":\"MergePieces\""));
        // The tasks, two halves and four buckets.
        Assert.Equal(2 + 2 + 4, journal.Count("\"name\":\"ReduceTask\""));
        Assert.All(journal.Segments.SelectMany(segment => segment.Split('\n')), line => Assert.InRange(line.Length, 0, 4096));
    }

    /// <param name="create">A harness with data whose isolation asks the given script first.</param>
    static async Task DieEverywhereAsync(RunSpec spec, byte[] expected, bool afterTheEffect, Func<Func<WorkerTask, TaskReceipt?>, Task<RunHarness>> create)
    {
        for (var (fatal, died) = (1, true); died; fatal++)
        {
            var reduced = new List<string>();
            var harness = await create(task =>
            {
                if (ScriptedIsolation.PartitionOf(task) is not null) lock (reduced) reduced.Add(task.TaskId);
                return null;
            });
            died = await DieAsync(harness, spec, fatal, afterTheEffect);
            var receipts = (await harness.PathsAsync("fanfold/runs/r/receipts")).Select(Path.GetFileNameWithoutExtension).ToList();
            lock (reduced) reduced.Clear();

            var summary = await ResumeAsync(harness, spec);

            Assert.Equal(RunStatus.Succeeded, summary.Status);
            Assert.Equal(expected, await harness.ReadAsync(RunHarness.Output));
            Assert.Empty(reduced.Intersect(receipts));
            Assert.Equal(reduced.Count, reduced.Distinct().Count());
            Assert.Empty(await harness.PathsAsync(new RunPaths("r").Parts));
        }
    }

    /// <summary>Drives until the store's call number <paramref name="fatal"/>, from which on every call fails; whether the run came that far.</summary>
    static async Task<bool> DieAsync(RunHarness harness, RunSpec spec, int fatal, bool afterTheEffect)
    {
        var (began, dead) = (0, false);
        var fatalOrdinal = int.MaxValue;
        harness.Store.Hook = call =>
        {
            if (!call.TookEffect && Interlocked.Increment(ref began) == fatal) fatalOrdinal = call.Ordinal;
            dead |= call.Ordinal == fatalOrdinal && call.TookEffect == afterTheEffect;
            return dead ? throw new IOException("the process is dead") : Task.CompletedTask;
        };
        try
        {
            await harness.DriveAsync("r", spec);
        }
        catch (IOException)
        {
        }
        harness.Store.Hook = null;
        return dead;
    }

    static async Task<RunSummary> ResumeAsync(RunHarness harness, RunSpec spec) =>
        await RunStarter.StartAsync(harness.Store, "r", spec, false, RunOrigin.Command, TimeProvider.System, Cancellation) is RunStart.Finished finished
            ? finished.Summary
            : await harness.DriveAsync("r", spec);

    [Fact]
    public async Task Drive_Resumed_CountsWhatItDidNotRunAsReused()
    {
        var attempts = 0;
        var harness = await CreateHarnessAsync(ScriptedIsolation.Of((task, _) =>
            ScriptedIsolation.PartitionOf(task) == 3 && Interlocked.Increment(ref attempts) == 1 ? throw new InvalidTimeZoneException() : null));
        var spec = RunHarness.Spec("""{ "parallel": 1 }""");
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => harness.DriveAsync("r", spec));

        var summary = await harness.DriveAsync("r", spec);

        Assert.Equal(new TaskCounts(Partitions, Partitions, 0, 3), summary.Tasks);
    }

    [Fact]
    public async Task Drive_ReceiptWrittenButNotJournaled_Counts()
    {
        var harness = await CreateHarnessAsync();
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        Assert.NotNull(finish);

        var summary = await harness.DriveAsync("r", RunHarness.Spec());

        Assert.Equal(new TaskCounts(Partitions, Partitions, 0, Partitions), summary.Tasks);
    }

    [Fact]
    public async Task Drive_OverAnothersSegment_IsReplaced()
    {
        RunHarness? harness = null;
        harness = await CreateHarnessAsync(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            // While this driver works on its first task, another writes the segment that would be its next.
            if (ScriptedIsolation.PartitionOf(task) == 0)
            {
                var next = (await harness!.PathsAsync(new RunPaths("r").Journal)).Count + 1;
                await harness.Store.PutAsync(Journal.Segment(new RunPaths("r").Journal, next), "x"u8.ToArray(), PutCondition.IfAbsent, Cancellation);
            }
            return null;
        }));

        await Assert.ThrowsAsync<DriverReplacedException>(() => harness.DriveAsync("r", RunHarness.Spec("""{ "parallel": 1 }""")));
    }

    [Fact]
    public async Task Drive_Cancelled_EndsItsActivitiesAndJournalsNothingOfThem()
    {
        using var interrupt = new CancellationTokenSource();
        var harness = await CreateHarnessAsync();
        var spec = RunHarness.Spec("""{ "parallel": 1 }""");
        var request = await harness.StartAsync("r", spec);
        var activities = harness.CreateActivities();
        var ended = false;
        var drive = harness.DriveOf(request) with
        {
            Activities = async (name, input, token) =>
            {
                if (name != nameof(RunActivities.ReduceTask)) return await activities.InvokeAsync(name, input, token);
                await interrupt.CancelAsync();
                await Task.Yield();
                ended = token.IsCancellationRequested;
                return await activities.InvokeAsync(name, input, CancellationToken.None);
            },
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LocalEngine.RunAsync(drive, request, interrupt.Token));

        Assert.True(ended);
        Assert.Equal(1, (await JournalText.ReadAsync(harness.Store, "r")).Count("\"type\":\"TaskCompleted\""));
        Assert.Equal(RunStatus.Succeeded, (await harness.DriveAsync("r", spec)).Status);
    }
}
