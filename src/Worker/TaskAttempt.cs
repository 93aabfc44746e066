using System.Text.Json;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Where a task counts its tries, and what is to be written there.</summary>
/// <param name="Path">Of the tries, which are named by what follows it, <c>.1</c> to <c>.n</c>.</param>
/// <param name="Most">Tries that the task has.</param>
public sealed record AttemptCount(string Path, int Most, AttemptMark Mark)
{
    /// <summary>Whether the last try is not begun: it is for when nothing else runs.</summary>
    public bool LeavesLast { get; init; }

    public string PathOf(int number) => $"{Path}.{number}";
}

/// <summary>A try of a task that has begun: an object in the state store, there for as long as its end is not known.</summary>
/// <param name="Id">Names the try among all.</param>
/// <param name="Driver">Who began it.</param>
/// <param name="Until">When it must have ended, whatever became of it.</param>
/// <param name="StartedAt">When it began; null in marks of older builds.</param>
public sealed record AttemptMark(string Id, string Driver, DateTimeOffset Until, DateTimeOffset? StartedAt = null);

/// <summary>
/// One try of a task. It is counted in the store before it does anything, and taken back by whoever sees its end: the process that does it, the host that ends
/// that process, or the process once its host is gone. What stays is a task that took its process and its host along.
/// </summary>
public sealed class TaskAttempt(IObjectStore state, AttemptCount count)
{
    readonly Lock _lock = new();
    volatile string? _path;
    Task<bool>? _beginning;
    bool _isOver;

    /// <summary>Null when the task is not counted.</summary>
    public static TaskAttempt? Of(WorkerTask task, IObjectStore state) => task.Attempt is { } count ? new TaskAttempt(state, count) : null;

    /// <summary>False when all tries have been used up that there are for it, or this one was taken back before it began.</summary>
    public Task<bool> TryBeginAsync(CancellationToken cancellationToken)
    {
        lock (_lock) return _isOver ? Task.FromResult(false) : _beginning = BeginAsync(cancellationToken);
    }

    /// <summary>Ends the try, also while its mark is being put, and however often. What fails there fails here too.</summary>
    public async Task TakeBackAsync(CancellationToken cancellationToken)
    {
        Task<bool>? beginning;
        lock (_lock) (_isOver, beginning) = (true, _beginning);
        // A mark that is put after it was looked for would stay.
        if (beginning is not null) await beginning.WaitAsync(cancellationToken);
        if (_path is { } path) await state.DeleteAsync(path, cancellationToken);
        _path = null;
    }

    async Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        var mark = JsonSerializer.SerializeToUtf8Bytes(count.Mark, WorkerJson.Default.AttemptMark);
        for (var number = 1; number <= (count.LeavesLast ? count.Most - 1 : count.Most); number++)
        {
            try
            {
                // A system that goes down is none of the task's doing.
                await state.PutAsync(count.PathOf(number), mark, PutCondition.IfAbsent with { IsVolatile = true }, cancellationToken);
                _path = count.PathOf(number);
                return true;
            }
            catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
            {
                // Another delivery's, or one that never came to an end.
            }
        }
        return false;
    }
}
