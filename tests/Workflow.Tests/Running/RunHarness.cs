using System.Text.Json;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Runs in memory: a store with a small data set, and the activities over it.</summary>
sealed class RunHarness
{
    public const string Output = "results/out.parquet";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public MemoryObjectStore Store { get; }

    public ITaskIsolation Isolation { get; }

    public HostCapacity Host { get; init; } = new(4);

    public RunActivities Activities => field ??= CreateActivities();

    /// <param name="isolation">Given the one that works.</param>
    public RunHarness(Func<ITaskIsolation, ITaskIsolation>? isolation = null, ReducerSet? reducers = null, MemoryObjectStore? store = null)
    {
        Store = store ?? new MemoryObjectStore();
        var inProcess = new InProcessIsolation(Store, Store, reducers);
        Isolation = isolation?.Invoke(inProcess) ?? inProcess;
    }

    /// <summary>Activities as another process would have them, with nothing cached.</summary>
    /// <param name="data">Where the source is said to be; the results are in <c>/state</c>.</param>
    public RunActivities CreateActivities(string data = "/data") => new(Store, Store, new StoreLocation(data), new StoreLocation("/state"), Isolation, TimeProvider.System, Host, Guid.NewGuid().ToString("N"));

    /// <summary>One file; for each value of ff from 0 its row groups of <paramref name="rows"/> rows each, in which amount counts up.</summary>
    public Task WriteDataAsync(int partitions, int rows = 10, int rowGroups = 1) => WriteFileAsync("lake/a.parquet", [.. Enumerable.Range(0, partitions)], rows, rowGroups);

    public async Task WriteFileAsync(string path, int[] partitions, int rows = 10, int rowGroups = 1)
    {
        var schema = new Schema([new Field("ff", DataType.Int32), new Field("amount", DataType.Int64)]);
        using var content = new MemoryStream();
        using var writer = new ParquetFileWriter(schema, content, new Dictionary<string, string>());
        for (var group = 0; group < partitions.Length * rowGroups; group++)
        {
            var columns = schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
            for (var row = 0; row < rows; row++)
            {
                ((Column<int>)columns[0]).Append(partitions[group / rowGroups]);
                ((Column<long>)columns[1]).Append(group % rowGroups * rows + row);
            }
            writer.WriteRowGroup(columns);
        }
        writer.Complete();
        await Store.PutAsync(path, content.ToArray(), PutCondition.None, Cancellation);
    }

    public static RunSpec Spec(string limits = "{}", string aggregate = "sum(amount)", string output = $$"""{ "path": "{{Output}}" }""") =>
        SpecOf($$"""{ "aggregates": { "total": "{{aggregate}}" } }""", limits, output);

    public static RunSpec SpecOf(string reduce, string limits = "{}", string output = $$"""{ "path": "{{Output}}" }""", string strategy = "perPartition") => SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes($$"""
        { "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff" }, "reduce": {{reduce}}, "output": {{output}}, "limits": {{limits}}, "strategy": "{{strategy}}" }
        """)).Spec!;

    public async Task<RunRequest> StartAsync(string runId, RunSpec spec) =>
        Assert.IsType<RunStart.Ready>(await RunStarter.StartAsync(Store, runId, spec, fresh: false, RunOrigin.Command, TimeProvider.System, Cancellation)).Request;

    public async Task<(RunSummary Summary, FakeContext Context)> RunAsync(string runId, RunSpec spec)
    {
        var context = new FakeContext(Activities, runId);
        var end = await context.OrchestrateAsync(await StartAsync(runId, spec));
        return (await SummaryAsync(runId, end), context);
    }

    public async Task<RunSummary> SummaryAsync(string runId, RunEnd end, int redrive = 0) => (await RunEnding.ReadRecordAsync(Store, new RunPaths(runId, redrive), end, Cancellation)).Summary!;

    /// <summary>Combines the parts and commits, as far as that goes.</summary>
    public async Task<(CombineResult Combined, RunSummary Summary)> FinishAsync(FinishRequest finish)
    {
        var combined = await CreateActivities().CombinePartsAsync(new CombineRequest(finish.RunId, finish.FailedTasks, 1), Cancellation);
        var end = await CreateActivities().CommitRunAsync(finish with { Commit = combined.Outcome == TaskOutcome.Done }, Cancellation);
        return (combined, await SummaryAsync(finish.RunId, end));
    }

    /// <summary>Begins a commit, which stands still before the first put of that number or path; returns when it does, or is through, with what lets it go on.</summary>
    public async Task<(Task<RunEnd> Committing, Action GoOn)> CommitUntilAsync(FinishRequest commit, Func<int, string, bool> stops)
    {
        var (calls, goesOn, stands) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        Store.Hook = async call =>
        {
            if (call.Operation != StoreOperation.Put || call.TookEffect || !stops(Interlocked.Increment(ref calls), call.Path) || !stands.TrySetResult()) return;
            await goesOn.Task;
        };
        var committing = Task.Run(() => CreateActivities().CommitRunAsync(commit, Cancellation), Cancellation);
        await Task.WhenAny(committing, stands.Task);
        Store.Hook = null;
        return (committing, goesOn.SetResult);
    }

    public async Task<PlanReference> PlanAsync(string runId, RunSpec spec) => await Activities.PlanRunAsync(new PlanRequest((await StartAsync(runId, spec)).RunId, 1), Cancellation);

    public async Task<List<TaskSlice>> SlicesAsync(string runId)
    {
        var plans = new PlanStore(Store, new RunPaths(runId));
        return await plans.ReadSlicesAsync((await plans.ReadHeaderAsync(Cancellation))!, Cancellation);
    }

    /// <summary>The run up to its commit.</summary>
    public async Task<FinishRequest> ReduceAsync(string runId, RunSpec spec, TaskOutcome? expected = TaskOutcome.Done)
    {
        var plan = await PlanAsync(runId, spec);
        for (var i = 0; i < plan.Tasks; i++)
        {
            var result = await Activities.ReduceTaskAsync(new TaskRequest(runId, i, 1), Cancellation);
            if (expected is { } outcome) Assert.Equal(outcome, result.Outcome);
        }
        return new FinishRequest(runId, DateTimeOffset.UnixEpoch, 0, Commit: true);
    }

    /// <summary>Drives a run as a process would that has just been started.</summary>
    public async Task<RunSummary> DriveAsync(string runId, RunSpec spec, bool replayAlways = false)
    {
        var request = await StartAsync(runId, spec);
        return await SummaryAsync(runId, await LocalEngine.RunAsync(DriveOf(request) with { ReplaysAlways = replayAlways }, request, Cancellation), request.Redrive);
    }

    /// <summary>Runs a spec as the command does.</summary>
    public Task<RunStart> DriveOnceAsync(string runId, RunSpec spec) =>
        new RunDriver(Store, TimeProvider.System, (request, _, token) => LocalEngine.RunAsync(DriveOf(request), request, token)).RunAsync(runId, spec, fresh: false, static () => { }, static _ => { }, Cancellation);

    public async Task<RunRecord> RecordAsync(string runId) => (await RunStarter.ReadRecordAsync(Store, runId, TimeProvider.System, Cancellation))!;

    /// <summary>Goes on with a run as the command does; null when there is none.</summary>
    public Task<RunSummary?> GoOnAsync(string runId, bool redrives) =>
        new RunDriver(Store, TimeProvider.System, (request, _, token) => LocalEngine.RunAsync(DriveOf(request), request, token)).GoOnAsync(runId, redrives, static () => { }, static _ => { }, Cancellation);

    /// <summary>What a process drives the run with that has just been started.</summary>
    public Drive DriveOf(RunRequest request) => DriveOf(request, Store, CreateActivities());

    public static Drive DriveOf(RunRequest request, IObjectStore store, RunActivities activities) =>
        new(store, activities.InvokeAsync, token => activities.IsCancelledAsync(request.Paths, token), TimeProvider.System, static _ => { });

    public async Task<List<string>> PathsAsync(string folder)
    {
        var paths = new List<string>();
        await foreach (var entry in Store.ListAsync(folder, Cancellation)) paths.Add(entry.Path);
        return paths;
    }

    public async Task<byte[]?> ReadAsync(string path) => await Store.ReadAllAsync(path, 1 << 24, Cancellation);

    /// <summary>Replaces a stored receipt by a changed one.</summary>
    public async Task TamperAsync(string path, Func<TaskReceipt, TaskReceipt> change)
    {
        var receipt = JsonSerializer.Deserialize(await ReadAsync(path), WorkflowJson.Default.TaskReceipt)!;
        await Store.PutAsync(path, JsonSerializer.SerializeToUtf8Bytes(change(receipt), WorkflowJson.Default.TaskReceipt), PutCondition.None, Cancellation);
    }
}

/// <summary>Calls activities as a host would: they at the same time, the orchestration one step at a time. Records timers, which fire at once.</summary>
sealed class FakeContext(RunActivities activities, string runId) : WorkflowContext
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    /// <summary>What each timer waited for.</summary>
    public List<TimeSpan> Timers { get; } = [];

    public List<TaskRequest> Tasks { get; } = [];

    public List<MergeRequest> Merges { get; } = [];

    public List<string> SubWorkflows { get; } = [];

    public List<RunProgress> Progress { get; } = [];

    /// <summary>The largest payload that a history of this run would hold, in bytes.</summary>
    public int LargestPayload { get; private set; }

    public override string RunId => runId;

    public override DateTimeOffset UtcNow => _now;

    /// <summary>Runs the orchestration on one thread at a time, whichever activity's end wakes it.</summary>
    public Task<RunEnd> OrchestrateAsync(RunRequest request) =>
        Task.Factory.StartNew(() => RunOrchestration.RunAsync(this, request), Cancellation, TaskCreationOptions.DenyChildAttach, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

    public override async Task<TResult> CallActivityAsync<TInput, TResult>(Activity<TInput, TResult> activity, TInput input)
    {
        // Through JSON, as a durable host passes it.
        var passed = JsonSerializer.Deserialize(Measure(JsonSerializer.SerializeToUtf8Bytes(input, activity.Input)), activity.Input)!;
        if (passed is TaskRequest task) Tasks.Add(task);
        if (passed is MergeRequest merge) Merges.Add(merge);
        var result = await Task.Run(() => activities.InvokeAsync(activity.Name, JsonSerializer.SerializeToElement(passed, activity.Input), Cancellation), Cancellation);
        return JsonSerializer.Deserialize(Measure(JsonSerializer.SerializeToUtf8Bytes(result)), activity.Result)!;
    }

    public override async Task<TResult> CallSubWorkflowAsync<TInput, TResult>(Workflow<TInput, TResult> workflow, TInput input, string name)
    {
        var passed = JsonSerializer.Deserialize(Measure(JsonSerializer.SerializeToUtf8Bytes(input, workflow.Input)), workflow.Input)!;
        SubWorkflows.Add(name);
        return JsonSerializer.Deserialize(Measure(JsonSerializer.SerializeToUtf8Bytes(await workflow.Run(this, passed), workflow.Result)), workflow.Result)!;
    }

    public override Task CreateTimerAsync(DateTimeOffset due)
    {
        Timers.Add(due - _now);
        _now = due;
        return Task.CompletedTask;
    }

    public override void ReportProgress(RunProgress progress) => Progress.Add(progress);

    byte[] Measure(byte[] payload)
    {
        LargestPayload = Math.Max(LargestPayload, payload.Length);
        return payload;
    }
}

/// <summary>An isolation whose tasks end as the test says; null lets the real one run.</summary>
sealed class ScriptedIsolation(ITaskIsolation inner, Func<WorkerTask, int, Task<TaskReceipt?>> script) : ITaskIsolation
{
    readonly Dictionary<string, int> _attempts = [];
    readonly Lock _lock = new();

    public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        int attempt;
        lock (_lock) attempt = _attempts[task.TaskId] = _attempts.GetValueOrDefault(task.TaskId) + 1;
        return await script(task, attempt) ?? await inner.RunAsync(task, deadline, onHeartbeat, cancellationToken);
    }

    public static Func<ITaskIsolation, ITaskIsolation> Of(Func<WorkerTask, int, TaskReceipt?> script) =>
        inner => new ScriptedIsolation(inner, (task, attempt) => Task.FromResult(script(task, attempt)));

    /// <summary>The value of ff that a task reduces; null for discovery and combine.</summary>
    public static int? PartitionOf(WorkerTask task) => task.Reduce?.Partition?.Value is { } value ? int.Parse(value, System.Globalization.CultureInfo.InvariantCulture) : null;

    public static TaskReceipt Failed(WorkerTask task, TaskOutcome outcome) => TaskRunner.Failed(task.TaskId, outcome, TaskFailure.Of("scripted", $"scripted {outcome}", "lake/a.parquet"));
}
