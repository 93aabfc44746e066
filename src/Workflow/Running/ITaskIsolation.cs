using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>How a task is kept apart from its host. Every ending, a crash included, is a receipt.</summary>
public interface ITaskIsolation
{
    /// <summary>The smallest cap that a task can have, in bytes; 0 where none holds.</summary>
    long MinMemory => 0;

    /// <summary>The resident memory of a worker that has nothing to do, in bytes; 0 where a task has no process of its own.</summary>
    long IdleMemory => 0;

    /// <param name="onHeartbeat">Told the rows decoded so far, from time to time.</param>
    Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken);
}

/// <summary>Runs tasks in the host's own process: no memory cap holds, and a task that does not look at its token can't be ended.</summary>
/// <param name="reducers">The plug-ins that this process has.</param>
public sealed class InProcessIsolation(IObjectStore data, IObjectStore state, ReducerSet? reducers = null) : ITaskIsolation
{
    public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(deadline);
        var receipt = await Task.Run(() => TaskRunner.RunAsync(task, data, state, reducers ?? ReducerSet.None, TaskAttempt.Of(task, state), onHeartbeat, ending.Token), CancellationToken.None);
        return receipt.Outcome == TaskOutcome.Cancelled && !cancellationToken.IsCancellationRequested ? DeadlinePassed(task, deadline) : receipt;
    }

    internal static TaskReceipt DeadlinePassed(WorkerTask task, TimeSpan deadline) => TaskRunner.Failed(task.TaskId, TaskOutcome.Deadline,
        TaskFailure.Of("deadline", $"the task did not end within {deadline}; raise \"limits.timeout\"{(task.Reduce is null ? "" : ", or narrow the partition with \"where\"")}"));
}
