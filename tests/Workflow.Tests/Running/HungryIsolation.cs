using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>
/// An isolation whose tasks end as the test says, by default for lack of memory; null lets them run. Pieces leave what their row groups reduce to, and
/// the merge, which only checks that all of that is there, makes the part that the whole task would have made.
/// </summary>
sealed class HungryIsolation(IObjectStore state, ITaskIsolation inner, Func<WorkerTask, int, TaskReceipt?> script) : ITaskIsolation
{
    readonly Lock _lock = new();
    readonly Dictionary<string, ReduceWork> _whole = [];
    readonly Dictionary<string, int> _attempts = [];

    /// <summary>All tasks in the order in which they began, without discovery and combine.</summary>
    public List<WorkerTask> Tasks { get; } = [];

    public long MinMemory { get; init; }

    public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        int attempt;
        lock (_lock)
        {
            attempt = _attempts[task.TaskId] = _attempts.GetValueOrDefault(task.TaskId) + 1;
            if (task.Merge is not null || ScriptedIsolation.PartitionOf(task) is not null) Tasks.Add(task);
            if (task.Reduce is { Piece: null } work) _whole[task.TaskId] = work;
        }
        if (script(task, attempt) is { } scripted) return scripted;
        if (task.Merge is not { } merge) return await inner.RunAsync(task, deadline, onHeartbeat, cancellationToken) with { PeakMemory = 100 + attempt, ScratchBytes = 10 };
        foreach (var part in merge.Parts)
        {
            await using var reader = await state.OpenAsync(part.Path, cancellationToken);
            if (reader?.Properties.ETag != part.ETag) return TaskRunner.Failed(task.TaskId, TaskOutcome.InputChanged, TaskFailure.Of("input-changed", "gone", part.Path));
        }
        return await inner.RunAsync(task with { Merge = null, Reduce = _whole[task.TaskId] }, deadline, onHeartbeat, cancellationToken) with { BytesRead = 0, Requests = 1, PeakMemory = 50 };
    }

    public static TaskReceipt Memory(WorkerTask task, long needed = 0) =>
        TaskRunner.Failed(task.TaskId, TaskOutcome.Memory, TaskFailure.Of("memory", "the task needs more than that")) with { NeededMemory = needed };

    public static TaskReceipt Full(WorkerTask task) => TaskRunner.Failed(task.TaskId, TaskOutcome.Memory, TaskFailure.Of("scratch-full", "the scratch space is full"));

    /// <summary>0 for other work than a partition's.</summary>
    public static int RowGroups(WorkerTask task) => ScriptedIsolation.PartitionOf(task) is null ? 0 : task.Reduce!.Files.Sum(file => file.RowGroups.Count);

    /// <summary>The piece as "from-to" or "from-to/bucket:buckets", "whole" or "merge"; the id of another task.</summary>
    public static string Describe(WorkerTask task)
    {
        if (task.Merge is not null) return "merge";
        if (task.Reduce is not { Piece: { } piece } work) return ScriptedIsolation.PartitionOf(task) is null ? task.TaskId : "whole";
        var ordinals = work.Files.SelectMany(file => file.RowGroups).Select(group => group.Ordinal).ToList();
        return $"{ordinals[0]}-{ordinals[^1] + 1}{(piece.Buckets > 1 ? $"/{piece.Bucket}:{piece.Buckets}" : "")}";
    }
}
