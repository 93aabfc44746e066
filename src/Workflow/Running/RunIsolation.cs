using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>The workers of a run: each ends when the run is cancelled or its time is up, and counts itself among its task's tries.</summary>
/// <param name="deadline">When the run must have ended; null when it may take its time.</param>
/// <param name="leavesLast">Whether a task that has one try left is not tried, but fails as <see cref="LastTryCode"/>.</param>
sealed class RunIsolation(ITaskIsolation inner, IObjectStore state, CancelSignal cancels, TaskAttempts attempts, TimeProvider time, RunPaths paths, DateTimeOffset? deadline, bool leavesLast = false) : ITaskIsolation
{
    public const string LastTryCode = "last-try";
    public const string RunDeadlineCode = "run-deadline";

    const int MaxReceipt = 1 << 20;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public long MinMemory => inner.MinMemory;

    public long IdleMemory => inner.IdleMemory;

    /// <exception cref="OperationCanceledException">The host ends.</exception>
    public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan timeout, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        var leaves = leavesLast;
        for (var began = time.GetTimestamp(); ;)
        {
            if (await cancels.IsSetAsync(paths, cancellationToken)) return TaskRunner.Failed(task.TaskId, TaskOutcome.Cancelled, TaskFailure.Of("cancelled", "the run was cancelled"));
            var left = deadline - time.GetUtcNow();
            if (left <= TimeSpan.Zero) return RunDeadlinePassed(task);
            // What reads no data can't be anyone's poison.
            var count = task.Describe is null ? attempts.Begin(task.TaskId, timeout) with { LeavesLast = leaves } : null;
            TaskReceipt receipt;
            try
            {
                receipt = await RunAsync(task with { Attempt = count }, timeout, left, onHeartbeat, cancellationToken);
            }
            finally
            {
                if (count is not null) attempts.End(count);
            }
            if (count is null || receipt.Failure?.Code != TaskRunner.TriesExhausted) return receipt;
            // Deliveries of the same task at the same time: one of them ends it.
            if (await state.ReadAllAsync(paths.Receipt(task.TaskId), MaxReceipt, cancellationToken) is { } json)
                return StoredJson.Read(json, WorkflowJson.Default.TaskReceipt, WorkerTask.CurrentVersion, "receipt", paths.RunId);
            if (leaves)
            {
                if (await attempts.HasOnlyItsLastAsync(task.TaskId, cancellationToken)) return TaskRunner.Failed(task.TaskId, TaskOutcome.Memory, TaskFailure.Of(LastTryCode, "the task has one try left, with nothing beside it"));
                leaves = false;
                continue;
            }
            if (!await attempts.AnyMayLiveAsync(count, time.GetElapsedTime(began), cancellationToken)) return receipt;
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan timeout, TimeSpan? left, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        var isLast = left < timeout;
        var receipt = await Telemetry.TraceWorkerAsync(task, traced => cancels.WatchAsync(paths, token => inner.RunAsync(traced, isLast ? left!.Value : timeout, onHeartbeat, token), cancellationToken));
        // One that was ended from outside could not do it itself.
        if (task.Attempt is { } count && receipt.Outcome != TaskOutcome.Done) await attempts.TakeBackAsync(count, CancellationToken.None);
        // What a task says whose host ends is not what would have happened.
        cancellationToken.ThrowIfCancellationRequested();
        return isLast && receipt.Outcome == TaskOutcome.Deadline ? RunDeadlinePassed(task) with { PeakMemory = receipt.PeakMemory } : receipt;
    }

    static TaskReceipt RunDeadlinePassed(WorkerTask task) => TaskRunner.Failed(task.TaskId, TaskOutcome.Deadline, TaskFailure.Of(RunDeadlineCode, "the run's time was up before the task was through"));
}
