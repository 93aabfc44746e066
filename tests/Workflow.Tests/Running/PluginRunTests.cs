using System.Text.Json;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Runs whose reduction is a plug-in of this process.</summary>
public class PluginRunTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunSpec Spec(string plugin = "counts", string more = "") => SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes($$"""
        { "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff", "values": [0, 1] }, "reduce": { "plugin": "{{plugin}}"{{more}} },
          "output": { "path": "{{RunHarness.Output}}" } }
        """)).Spec!;

    static async Task<RunHarness> CreateAsync(Counts plugin, Func<ITaskIsolation, ITaskIsolation>? isolation = null)
    {
        var harness = new RunHarness(isolation, new ReducerSet { plugin });
        await harness.WriteDataAsync(partitions: 2);
        return harness;
    }

    [Fact]
    public async Task Run_Plugin_NamesItInTheManifest()
    {
        var harness = await CreateAsync(new Counts());

        var (summary, _) = await harness.RunAsync("r", Spec(more: """, "sort": ["-n"]"""));

        Assert.Equal((RunStatus.Succeeded, 2L), (summary.Status, summary.RowsOut));
        var manifest = JsonSerializer.Deserialize(await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)), WorkflowJson.Default.Manifest)!;
        Assert.Equal(("counts", "1"), (manifest.Plugin!.Name, manifest.Plugin.Version));
        Assert.Equal(["ff", "n"], manifest.Columns.Select(column => column.Name));
    }

    [Fact]
    public async Task Plan_SeveralFaults_AreAllRefusedAtOnce()
    {
        var harness = await CreateAsync(new Counts { Inputs = [new("amount", InputForm.Text), new("amounts", InputForm.Int64)] });

        var unknown = (await harness.PlanAsync("a", Spec())).Errors!;
        harness = await CreateAsync(new Counts { Inputs = [new("amount", InputForm.Text), new("ff", InputForm.Timestamp)] });
        var types = (await harness.PlanAsync("b", Spec())).Errors!;
        var name = (await harness.PlanAsync("c", Spec("count"))).Errors!;

        Assert.Equal(["unknown-column"], unknown.Select(error => error.Code));
        Assert.Equal(["plugin-input", "plugin-input"], types.Select(error => error.Code));
        Assert.Equal("The plug-in 'counts' reads the column 'amount' as string, and it is int64.", types[0].Message);
        Assert.Equal("The worker has no plug-in 'count'; did you mean 'counts'?", Assert.Single(name).Message);
        Assert.All(unknown.Concat(types).Concat(name), error => Assert.Equal("/reduce/plugin", error.Pointer));
    }

    [Fact]
    public async Task Plan_OutputsThatDependOnTheInput_AreAskedOfTheWorker()
    {
        var harness = await CreateAsync(new Counts { OutputOf = inputs => new Field("like-" + inputs[0].Name, inputs[0].Type) });

        await harness.RunAsync("r", Spec(more: """, "sort": ["like-amount"]"""));

        var manifest = JsonSerializer.Deserialize(await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)), WorkflowJson.Default.Manifest)!;
        Assert.Equal(new TaskColumn("like-amount", DataType.Int64), manifest.Columns[1]);
    }

    [Fact]
    public async Task Plan_PluginThatRefusesItsInput_IsRefusedInItsWords()
    {
        var harness = await CreateAsync(new Counts { OutputOf = _ => throw new ArgumentException("amounts in euros only") });

        var error = Assert.Single((await harness.PlanAsync("r", Spec())).Errors!);

        Assert.Equal(("plugin-failed", "/reduce/plugin"), (error.Code, error.Pointer));
        Assert.Contains("The plug-in 'counts' 1 failed in Outputs: ArgumentException: amounts in euros only", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_OtherVersionOfThePlugin_MakesOtherTasks()
    {
        var tasks = new List<string>();
        foreach (var version in (string[])["1", "1", "2"])
        {
            var harness = await CreateAsync(new Counts { Version = version });
            await harness.ReduceAsync("r", Spec());
            tasks.Add(string.Join(' ', await harness.PathsAsync("fanfold/runs/r/receipts")));
        }

        Assert.Equal(tasks[0], tasks[1]);
        Assert.NotEqual(tasks[0], tasks[2]);
    }

    [Fact]
    public async Task Plan_NoPlugin_AsksNothing()
    {
        var described = 0;
        var harness = await CreateAsync(new Counts(), inner => new Changed(inner, task => described += task.Describe is null ? 0 : 1));

        await harness.RunAsync("r", RunHarness.Spec());
        Assert.Equal(0, described);
        await harness.RunAsync("s", Spec());
        Assert.Equal(2, described);
    }

    [Fact]
    public async Task Plan_WorkerOfAnotherBuild_IsRefused()
    {
        var harness = await CreateAsync(new Counts(), inner => new Changed(inner, change: receipt => receipt with { Reducers = receipt.Reducers! with { WorkerVersion = "0.0.7" } }));

        var error = Assert.Single((await harness.PlanAsync("r", Spec())).Errors!);

        Assert.Equal("worker-version", error.Code);
        Assert.Contains("0.0.7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_WorkerThatDies_IsAskedAgain()
    {
        var deaths = 2;
        var harness = await CreateAsync(new Counts(), inner => new Changed(inner, change: receipt =>
            receipt.Reducers is not null && deaths-- > 0 ? TaskRunner.Failed("describe", TaskOutcome.Transient, TaskFailure.Of("worker-died", "gone")) : receipt));

        var (summary, context) = await harness.RunAsync("r", Spec());

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(2, context.Timers.Count);
    }

    [Fact]
    public async Task Run_PluginThatThrows_IsNotTriedAgain()
    {
        var harness = await CreateAsync(new Counts { Throws = true });

        var (summary, context) = await harness.RunAsync("r", Spec());

        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.All(summary.Errors!, error => Assert.Equal("plugin-failed", error.Code));
        Assert.Empty(context.Timers);
        Assert.Equal(context.Tasks.Count, context.Tasks.Distinct().Count());
    }

    [Theory]
    [InlineData("1", "other", "plugin-missing")]
    [InlineData("2", "counts", "plugin-changed")]
    public async Task Reduce_WorkerWithoutThePlannedPlugin_StopsTheDriveAndKeepsTheRun(string version, string name, string code)
    {
        var planner = await CreateAsync(new Counts());
        var planned = await planner.StartAsync("r", Spec());
        await planner.PlanAsync("r", Spec());
        var other = new RunActivities(planner.Store, planner.Store, new StoreLocation("/data"), new StoreLocation("/state"),
            new InProcessIsolation(planner.Store, planner.Store, new ReducerSet { new Counts { Name = name, Version = version } }), TimeProvider.System, new HostCapacity(4), "other");

        var stopped = await Assert.ThrowsAsync<RunStoppedException>(() => other.ReduceTaskAsync(new TaskRequest(planned.RunId, 0, 1), Cancellation));

        Assert.Equal((code, "/reduce/plugin"), (stopped.Error.Code, stopped.Error.Pointer));
        Assert.Empty(await planner.PathsAsync("fanfold/runs/r/receipts"));
        Assert.Equal(RunStatus.Succeeded, (await planner.DriveAsync("r", Spec())).Status);
    }

    sealed class Counts : IReducer<long>
    {
        public string Name { get; init; } = "counts";
        public string? Version { get; init; } = "1";
        public IReadOnlyList<ReducerInput> Inputs { get; init; } = [new("amount", InputForm.Int64)];
        public Func<IReadOnlyList<Field>, Field> OutputOf { get; init; } = _ => new Field("n", DataType.Int64);
        public bool Throws { get; init; }
        public IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [OutputOf(inputs)];
        public long Create(ReducerContext context) => Throws ? throw new NotSupportedException("no") : 0;
        public void Accumulate(ref long state, InputBatch batch) => state += batch.Rows;
        public void Merge(ref long state, long later) => state += later;
        public void Finish(long state, ReducerOutput output) => output.Append(0, state);
    }

    /// <summary>Sees the tasks, and changes their receipts.</summary>
    sealed class Changed(ITaskIsolation inner, Action<WorkerTask>? see = null, Func<TaskReceipt, TaskReceipt>? change = null) : ITaskIsolation
    {
        public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
        {
            see?.Invoke(task);
            var receipt = await inner.RunAsync(task, deadline, onHeartbeat, cancellationToken);
            return change?.Invoke(receipt) ?? receipt;
        }
    }
}
