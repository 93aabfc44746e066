using System.Diagnostics;
using Fanfold.Engine;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Engine.Spill;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Runs a task in this process. Every failure is an outcome of the receipt; nothing is thrown.</summary>
public static class TaskRunner
{
    public const string TriesExhausted = "tries-exhausted";

    /// <param name="attempt">Counts this try; null where tries are not counted.</param>
    public static async Task<TaskReceipt> RunAsync(
        WorkerTask task, IObjectStore data, IObjectStore state, ReducerSet reducers, TaskAttempt? attempt, Action<long> progress, CancellationToken cancellationToken)
    {
        try
        {
            if (attempt is not null && !await attempt.TryBeginAsync(cancellationToken)) return Exhausted(task);
            var receipt = await RunAsync(task, data, state, reducers, progress, cancellationToken);
            if (attempt is not null) await attempt.TakeBackAsync(CancellationToken.None);
            return receipt;
        }
        catch (Exception exception)
        {
            return Failed(task.TaskId, exception);
        }
    }

    static async Task<TaskReceipt> RunAsync(WorkerTask task, IObjectStore data, IObjectStore state, ReducerSet reducers, Action<long> progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        TaskReceipt receipt;
        try
        {
            if (task.Version > WorkerTask.CurrentVersion)
                return Failed(task.TaskId, TaskOutcome.Bug, TaskFailure.Of("newer-version", $"the task has version {task.Version}, this worker reads up to {WorkerTask.CurrentVersion}; use host and worker of one build"));
            var scratch = new ScratchSpace(task.Scratch?.Folder, task.Scratch?.Bytes ?? long.MaxValue);
            receipt = task switch
            {
                { Reduce: { } work } => await ReduceRunner.RunAsync(task, work, data, state, reducers, scratch, progress, cancellationToken),
                { Merge: { } work } => await MergeRunner.RunAsync(task, work, state, scratch, progress, cancellationToken),
                { Combine: { } work } => await CombineRunner.RunAsync(task, work, state, scratch, progress, cancellationToken),
                { Describe: { } work } => Plugins.Describe(task.TaskId, work, reducers),
                _ => Failed(task.TaskId, TaskOutcome.Bug, TaskFailure.Of("empty-task", "the task names no work")),
            };
        }
        catch (Exception exception)
        {
            receipt = Failed(task.TaskId, exception);
        }
        return receipt with { ElapsedMs = (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds };
    }

    static TaskReceipt Exhausted(WorkerTask task) => Failed(task.TaskId, TaskOutcome.Bug, TaskFailure.Of(TriesExhausted,
        $"none of {task.Attempt!.Most} tries came to an end: each time the worker died together with its host, as when the system kills both for lack of memory; remove the cause, lower \"limits.parallel\" or \"limits.memory\", and redrive the run"));

    public static TaskReceipt Failed(string taskId, TaskOutcome outcome, TaskFailure failure) => new() { TaskId = taskId, Outcome = outcome, Failure = failure };

    static TaskReceipt Failed(string taskId, Exception exception)
    {
        var (outcome, failure) = exception switch
        {
            ParquetDataException { InnerException: ScratchFullException full } => (TaskOutcome.Memory, ScratchFull(full)),
            ParquetDataException { InnerException: MemoryExceededException } defect =>
                (TaskOutcome.Memory, TaskFailure.Of("memory", defect.Message, defect.File)),
            ScratchFullException full => (TaskOutcome.Memory, ScratchFull(full)),
            ParquetDataException defect => (TaskOutcome.BadData, TaskFailure.Of(Code(defect.Defect), defect.Message, defect.File)),
            PluginException plugin => (TaskOutcome.Bug, TaskFailure.Of(plugin.Code, plugin.Message)),
            EvaluationException evaluation => (TaskOutcome.BadData, TaskFailure.Of("value-out-of-range", evaluation.Message)),
            AggregateOverflowException overflow => (TaskOutcome.BadData, TaskFailure.Of("aggregate-overflow", overflow.Message)),
            MemoryExceededException or OutOfMemoryException or InsufficientMemoryException =>
                (TaskOutcome.Memory, TaskFailure.Of("memory", $"the task needs more memory than its cap ({exception.Message})")),
            OperationCanceledException => (TaskOutcome.Cancelled, TaskFailure.Of("cancelled", "the task was cancelled")),
            StorageException storage => Storage(storage),
            IOException io => (TaskOutcome.Transient, TaskFailure.Of("io", $"local I/O failed: {io.Message}")),
            _ => (TaskOutcome.Bug, TaskFailure.Of("bug", exception.ToString())),
        };
        return Failed(taskId, outcome, failure) with
        {
            NeededMemory = outcome == TaskOutcome.Memory ? Needed(exception) : 0,
            RetryAfterSeconds = (exception as StorageException)?.RetryAfter?.TotalSeconds,
        };
    }

    static TaskFailure ScratchFull(ScratchFullException full) => TaskFailure.Of("scratch-full", $"{full.Message}; give the run more of it, or raise \"limits.memory\"");

    /// <summary>The cap under which what was asked for would have been had, where that is known.</summary>
    static long Needed(Exception exception) =>
        (exception as MemoryExceededException ?? exception.InnerException as MemoryExceededException) is { Needed: > 0 } known ? WorkerMemory.CapFor(known.Needed, WorkerHost.IsNative) : 0;

    static (TaskOutcome, TaskFailure) Storage(StorageException exception) => exception.Failure switch
    {
        StorageFailure.Changed or StorageFailure.NotFound => (TaskOutcome.InputChanged, TaskFailure.Of("input-changed", exception.Message, exception.Path)),
        StorageFailure.Throttled => (TaskOutcome.Throttled, TaskFailure.Of("throttled", exception.Message, exception.Path)),
        StorageFailure.AccessDenied => (TaskOutcome.Access, TaskFailure.Of("access-denied", exception.Message, exception.Path)),
        StorageFailure.Full => (TaskOutcome.Transient, TaskFailure.Of("storage-full", exception.Message, exception.Path)),
        StorageFailure.Unreachable => (TaskOutcome.Transient, TaskFailure.Of("storage-unreachable", exception.Message, exception.Path)),
        _ => (TaskOutcome.Bug, TaskFailure.Of("bug", exception.ToString(), exception.Path)),
    };

    /// <summary>The defect as a stable error code.</summary>
    public static string Code(ParquetDefect defect) => defect switch
    {
        ParquetDefect.NotParquet => "not-parquet",
        ParquetDefect.Truncated => "truncated",
        ParquetDefect.Unsupported => "unsupported",
        ParquetDefect.Encrypted => "encrypted",
        ParquetDefect.TooLarge => "too-large",
        _ => "corrupt",
    };
}
