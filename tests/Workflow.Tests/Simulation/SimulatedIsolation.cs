using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>Real tasks in simulated worker processes. A worker whose parent dies lives on for a moment.</summary>
sealed class SimulatedIsolation(SimulatedProcess host, Func<WorkerTask, TaskReceipt?> script) : ITaskIsolation
{
    int _workers;

    public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        if (script(task) is { } scripted) return scripted;
        var (world, worker) = (host.World, new SimulatedProcess(host.World, $"{host.Name}.{++_workers}", host));
        var ended = new TaskCompletionSource<TaskReceipt>();
        worker.Died += () => End(TaskOutcome.Transient, "worker-died", "killed");
        var attempt = TaskAttempt.Of(task, worker.Store);
        host.Died += () => world.At(TimeSpan.FromSeconds(world.Dice.Next(3)), () => worker.Start(LeaveAsync));
        using var timeout = new CancellationTokenSource(deadline, host.Time);
        using var late = timeout.Token.UnsafeRegister(_ => Kill(TaskOutcome.Deadline, "deadline"), null);
        using var cancelled = cancellationToken.UnsafeRegister(_ => Kill(TaskOutcome.Cancelled, "cancelled"), null);
        _ = worker.Start(async () =>
        {
            var receipt = await TaskRunner.RunAsync(task, worker.Store, worker.Store, ReducerSet.None, attempt, onHeartbeat, CancellationToken.None);
            ended.TrySetResult(receipt);
            worker.Exit();
        });
        return await ended.Task;

        // As WorkerHost does when its host is gone.
        async Task LeaveAsync()
        {
            try
            {
                if (attempt is not null) await attempt.TakeBackAsync(CancellationToken.None);
            }
            catch (StorageException)
            {
            }
            worker.Exit();
        }

        void Kill(TaskOutcome outcome, string code)
        {
            End(outcome, code, "ended by its host");
            worker.Exit();
        }

        void End(TaskOutcome outcome, string code, string how) => host.Start(() => { ended.TrySetResult(TaskRunner.Failed(task.TaskId, outcome, TaskFailure.Of(code, how))); });
    }
}
