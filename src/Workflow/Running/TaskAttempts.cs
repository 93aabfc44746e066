using System.Collections.Concurrent;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>The tries that a process has under way. What became of a worker, only the process that started it has seen, whatever drive it was for.</summary>
public sealed class ProcessTries
{
    internal string Process { get; } = Guid.NewGuid().ToString("N");

    /// <summary>By the ids of their marks.</summary>
    internal ConcurrentDictionary<string, bool> Live { get; } = [];
}

/// <summary>The tries of a run's tasks that the store counts, as <see cref="TaskAttempt"/> has it.</summary>
/// <param name="most">Tries that a task has.</param>
/// <param name="tries">Those of this process.</param>
/// <param name="outlive">As <see cref="HostCapacity.WorkersOutlive"/> has it.</param>
sealed class TaskAttempts(IObjectStore state, RunPaths paths, TimeProvider time, ProcessTries tries, TimeSpan? outlive, int most)
{
    const int MaxMark = 64 << 10;

    static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>What a try is told that begins now.</summary>
    public AttemptCount Begin(string taskId, TimeSpan timeout)
    {
        var now = time.GetUtcNow();
        var mark = new AttemptMark(Guid.NewGuid().ToString("N"), tries.Process, now + timeout + Grace, now);
        tries.Live[mark.Id] = true;
        return new AttemptCount(paths.Attempt(taskId), most, mark);
    }

    /// <summary>The try has come to its end here.</summary>
    public void End(AttemptCount count) => tries.Live.TryRemove(count.Mark.Id, out _);

    /// <summary>Takes a try back whose process did not.</summary>
    public async Task TakeBackAsync(AttemptCount count, CancellationToken cancellationToken)
    {
        for (var number = 1; number <= most; number++)
        {
            if (await ReadAsync(count.PathOf(number), cancellationToken) is { } mark && mark.Id == count.Mark.Id) await state.DeleteAsync(count.PathOf(number), cancellationToken);
        }
    }

    /// <summary>Forgets all tries of a task.</summary>
    public async Task ForgetAsync(string taskId, CancellationToken cancellationToken)
    {
        for (var number = 1; number <= most; number++) await state.DeleteAsync($"{paths.Attempt(taskId)}.{number}", cancellationToken);
    }

    /// <summary>Whether a task has one try left, since all before ended with the processes that began them: where a run has one driver at a time any other's has, elsewhere one whose time is up.</summary>
    public async Task<bool> HasOnlyItsLastAsync(string taskId, CancellationToken cancellationToken) =>
        await ReadAsync($"{paths.Attempt(taskId)}.{most - 1}", cancellationToken) is { } mark && mark.Driver != tries.Process && (outlive is not null || mark.Until <= time.GetUtcNow())
        && await ReadAsync($"{paths.Attempt(taskId)}.{most}", cancellationToken) is null;

    /// <summary>Whether a try that was counted may still come to its end, or has by now.</summary>
    /// <param name="waited">How long it was waited for.</param>
    public async Task<bool> AnyMayLiveAsync(AttemptCount count, TimeSpan waited, CancellationToken cancellationToken)
    {
        for (var number = 1; number <= most; number++)
        {
            if (await ReadAsync(count.PathOf(number), cancellationToken) is not { } mark || tries.Live.ContainsKey(mark.Id)) return true;
            if (mark.Driver == tries.Process)
            {
                // Put by a worker whose end was seen, and later than that.
                await state.DeleteAsync(count.PathOf(number), cancellationToken);
                return true;
            }
            if (outlive is { } moments ? waited < moments : mark.Until > time.GetUtcNow()) return true;
        }
        return false;
    }

    Task<AttemptMark?> ReadAsync(string path, CancellationToken cancellationToken) => ReadAsync(state, path, cancellationToken);

    /// <summary>The mark of a try; null when there is none, and one that nobody put and that is over when it can't be read.</summary>
    internal static async Task<AttemptMark?> ReadAsync(IObjectStore state, string path, CancellationToken cancellationToken)
    {
        if (await state.ReadAllAsync(path, MaxMark, cancellationToken) is not { } json) return null;
        // Cut off when its writer died, or not its.
        var unreadable = new AttemptMark("", "", DateTimeOffset.MinValue);
        try
        {
            return JsonSerializer.Deserialize(json, WorkflowJson.Default.AttemptMark) is { Id: not null, Driver: not null } mark ? mark : unreadable;
        }
        catch (JsonException)
        {
            return unreadable;
        }
    }
}
