using System.Globalization;
using System.Text;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>The published native worker with the task that a run would give it: planned, so the row groups that statistics rule out are not in it.</summary>
sealed class FanfoldWorker(string file) : Contender
{
    public override string Name => "Fanfold";

    public override async Task<PassRun> RunAsync(Pass pass)
    {
        var task = await PlanAsync(pass);
        var environment = SelfLimit.EnvironmentOf(task.Memory, native: true);
        var run = await ProcessRun.StartAsync(file, [], environment, [.. JsonSerializer.SerializeToUtf8Bytes(task, WorkerJson.Default.WorkerTask), (byte)'\n']);
        var receipt = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerMessage)!.Receipt).Last()!;
        if (receipt.Failure is { } failure) throw new InvalidOperationException($"the worker failed: {failure.Message}");
        return new PassRun(run.CpuSeconds, run.WallSeconds, PassRun.MiB(receipt.PeakMemory), () => pass.ReadAnswer(Path.Combine(pass.Scratch, task.Output)));
    }

    static async Task<WorkerTask> PlanAsync(Pass pass)
    {
        var spec = SpecParser.Parse(Encoding.UTF8.GetBytes(pass.Spec.ToJsonString())).Spec!;
        var (state, planned) = (new MemoryObjectStore(), new PlannedTask());
        var activities = new RunActivities(new DirectoryObjectStore(pass.Data.Root), state, new StoreLocation(pass.Data.Root), new StoreLocation(pass.Scratch), planned, TimeProvider.System, new HostCapacity(1), "benchmark");
        await RunStarter.StartAsync(state, "pass", spec, fresh: true, RunOrigin.Command, TimeProvider.System, CancellationToken.None);
        var plan = await activities.PlanRunAsync(new PlanRequest("pass", 1), CancellationToken.None);
        if (plan.Errors is [var error, ..]) throw new InvalidOperationException($"the plan was refused: {error.Message}");
        await activities.ReduceTaskAsync(new TaskRequest("pass", 0, 1), CancellationToken.None);
        return pass.Question switch
        {
            Question.Nothing => planned.Task with { Reduce = planned.Task.Reduce! with { Files = [] } },
            _ when pass.TakesAllRows => OverAllRows(planned.Task, pass.Data.Rows),
            _ => planned.Task,
        };
    }

    static WorkerTask OverAllRows(WorkerTask task, long rows)
    {
        var work = task.Reduce!;
        if (work.Files.Sum(file => file.RowGroups.Sum(group => group.Rows)) != rows) throw new InvalidOperationException("the plan left row groups out, so this is no scan of all rows");
        return task with
        {
            Reduce = work with
            {
                Partition = null,
                Columns = [.. work.Columns.Skip(1)],
                Reduction = work.Reduction with { Keys = [.. work.Reduction.Keys!.Select(key => key - 1)], Aggregates = [.. work.Reduction.Aggregates!.Select(aggregate => aggregate with { Input = Math.Max(-1, aggregate.Input - 1) })] },
                Files =
                [
                    .. work.Files.Select(file => file with
                    {
                        Columns = [.. file.Columns.Skip(1)],
                        RowGroups = [.. file.RowGroups.Select(group => group with { Chunks = [.. group.Chunks.Skip(1)] })],
                    }),
                ],
            },
        };
    }

    /// <summary>Keeps the task instead of running it.</summary>
    sealed class PlannedTask : ITaskIsolation
    {
        WorkerTask? _task;

        public WorkerTask Task => _task ?? throw new InvalidOperationException("the run planned no task");

        public Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
        {
            _task = task;
            return System.Threading.Tasks.Task.FromResult(TaskRunner.Failed(task.TaskId, TaskOutcome.Cancelled, TaskFailure.Of("cancelled", "only planned")));
        }
    }
}
