using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Runs of more tasks than one workflow does.</summary>
public class ChunkTests
{
    const int Partitions = 1201;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static async Task<RunHarness> CreateAsync(int partitions = Partitions, Func<WorkerTask, int, TaskReceipt?>? script = null)
    {
        var harness = new RunHarness(script is null ? null : ScriptedIsolation.Of(script));
        await harness.WriteDataAsync(partitions, rows: 1);
        return harness;
    }

    [Theory]
    [InlineData(500, 0)]
    [InlineData(501, 2)]
    [InlineData(Partitions, 3)]
    public async Task Run_OfManyTasks_IsDoneByWorkflowsOneAfterAnother(int partitions, int workflows)
    {
        var harness = await CreateAsync(partitions);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "parallel": 8 }"""));

        Assert.Equal((RunStatus.Succeeded, partitions), (summary.Status, summary.Tasks.Succeeded));
        Assert.Equal(Enumerable.Range(0, workflows).Select(i => $"tasks-{i:D4}"), context.SubWorkflows);
        Assert.Equal(Enumerable.Range(0, partitions), context.Tasks.Select(task => task.Index).Order());
        Assert.True(context.LargestPayload <= 4096, $"a payload has {context.LargestPayload} bytes");
        var running = context.Progress.Where(progress => progress.Phase == "running").Select(progress => progress.TasksDone).ToList();
        Assert.Equal(running.Order(), running);
        Assert.Equal(partitions, running[^1]);
    }

    /// <summary>What fails in one of them counts in all that follow.</summary>
    [Theory]
    [InlineData(18, 0, 1, RunStatus.Failed)]
    [InlineData(9, 1, 2, RunStatus.Failed)]
    [InlineData(1, 1, 3, RunStatus.Failed)]
    [InlineData(1, 2, 3, RunStatus.SucceededWithFailures)]
    public async Task Run_TasksFailInSeveralOfThem_AreToleratedTogether(int ofEach, int tolerated, int workflows, RunStatus status)
    {
        var harness = await CreateAsync(script: (task, _) => ScriptedIsolation.PartitionOf(task) is { } partition && (partition >= 100 && partition < 100 + ofEach || partition >= 700 && partition < 700 + ofEach) ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec($$"""{ "parallel": 8, "toleratedFailures": {{tolerated}} }"""));

        Assert.Equal((status, workflows), (summary.Status, context.SubWorkflows.Count));
    }

    [Fact]
    public async Task Run_CancelledInOneOfThem_BeginsNoOther()
    {
        RunHarness? harness = null;
        harness = await CreateAsync(script: (task, _) =>
        {
            if (ScriptedIsolation.PartitionOf(task) != 600) return null;
            CancelSignal.SetAsync(harness!.Store, new RunPaths("r"), TimeProvider.System, Cancellation).GetAwaiter().GetResult();
            return ScriptedIsolation.Failed(task, TaskOutcome.Cancelled);
        });

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "parallel": 8 }"""));

        Assert.Equal((RunStatus.Cancelled, 2), (summary.Status, context.SubWorkflows.Count));
        Assert.InRange(context.Tasks.Count, 600, 1000);
    }

    /// <summary>A task that needs all the memory there is waits until all of them are through.</summary>
    [Fact]
    public async Task Run_ATaskMustRunAlone_RunsAfterAllOfThem()
    {
        var store = new Fanfold.Storage.MemoryObjectStore();
        var harness = new RunHarness(inner => new HungryIsolation(store, inner, (task, attempt) => ScriptedIsolation.PartitionOf(task) == 3 && attempt == 1 ? HungryIsolation.Memory(task, needed: 100L << 20) : null), store: store)
        {
            Host = new HostCapacity(8, LargestMemory: 1L << 30),
        };
        await harness.WriteDataAsync(Partitions, rows: 1);

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "memory": "64MiB", "parallel": 8 }"""));

        Assert.Equal((RunStatus.Succeeded, Partitions), (summary.Status, summary.Tasks.Succeeded));
        Assert.Equal((3, true), (context.Tasks[^1].Index, context.Tasks[^1].Alone));
    }

    [Theory]
    [InlineData(new int[0], 100, "")]
    [InlineData(new[] { 4 }, 100, "4-5")]
    [InlineData(new[] { 0, 1, 2, 5, 6, 9 }, 100, "0-3 5-7 9-10")]
    [InlineData(new[] { 0, 1, 2, 5, 6, 9, 20 }, 3, "0-3 5-10 20-21")]
    [InlineData(new[] { 0, 2, 4, 60 }, 1, "0-61")]
    public void Ranges_OfOpenTasks_HoldAllOfThem(int[] tasks, int most, string expected) =>
        Assert.Equal(expected, string.Join(' ', TaskRange.Of(tasks, most).Select(range => $"{range.From}-{range.To}")));
}
