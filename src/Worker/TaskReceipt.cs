using System.Text.Json.Serialization;
using Fanfold.Engine.Scan;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>How a task ended.</summary>
public enum TaskOutcome { Done, Throttled, Transient, Memory, Deadline, InputChanged, BadData, Access, Cancelled, Bug }

/// <summary>A written part.</summary>
/// <param name="Hash">Of its bytes, lower-case hex: XXH3-128 of a task's part, SHA-256 of the combined one.</param>
public sealed record PartReference(string Path, string ETag, string Hash, long Rows, long Bytes)
{
    [JsonIgnore]
    public ObjectProperties Properties => new(Path, Bytes, ETag);
}

/// <summary>What a worker answers: at most 1 KB unless it failed.</summary>
public sealed record TaskReceipt
{
    public int Version { get; init; } = WorkerTask.CurrentVersion;
    public required string TaskId { get; init; }
    public required TaskOutcome Outcome { get; init; }

    /// <summary>Null when the task failed, and when it produced no rows.</summary>
    public PartReference? Part { get; init; }

    /// <summary>What combining a shared scan found of its partitions, see <see cref="PartitionTable"/>; null for all other tasks.</summary>
    public PartReference? Partitions { get; init; }

    /// <summary>Digest of the files, versions and row groups that were scanned, for the completeness proof.</summary>
    public string? InputsHash { get; init; }

    public int RowGroups { get; init; }
    public long RowsDecoded { get; init; }

    /// <summary>Rows of these row groups that were proved not to be of the partition and not decoded.</summary>
    public long RowsPruned { get; init; }

    /// <summary>What the pruners spared; null when nothing.</summary>
    public PrunedWork? Pruned { get; init; }

    /// <summary>Rows of the partition before <c>where</c>.</summary>
    public long RowsInPartition { get; init; }

    public long RowsSelected { get; init; }
    public long BytesRead { get; init; }
    public int Requests { get; init; }

    /// <summary>The largest resident set of the worker process (VmHWM), in bytes; 0 where it is not known.</summary>
    public long PeakMemory { get; init; }

    /// <summary>The most that lay in scratch files at once, in bytes.</summary>
    public long ScratchBytes { get; init; }

    /// <summary>
    /// For the outcome <see cref="TaskOutcome.Memory"/> whose cause no split can change, such as one page that is too large: the cap that would do, in bytes; else 0.
    /// </summary>
    public long NeededMemory { get; init; }

    /// <summary>How long the store wishes to be left alone, in seconds, for the outcome <see cref="TaskOutcome.Throttled"/>; null where it did not say.</summary>
    public double? RetryAfterSeconds { get; init; }

    public long ElapsedMs { get; init; }

    /// <summary>The processor time of the worker process, its start included; 0 where tasks share a process.</summary>
    public long CpuMs { get; init; }

    /// <summary>The pieces that the task was split into and merged from; 0 when it ran as one. Set by the host.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Pieces { get; init; }

    /// <summary>An earlier part under the same name had other bytes and was kept.</summary>
    public bool NondeterministicPart { get; init; }

    /// <summary>The driver of a receipt that another run has kept.</summary>
    public const string CacheDriver = "cache";

    /// <summary>Who drove the run when the task ended; set by the host.</summary>
    public string? Driver { get; init; }

    /// <summary>The try that it tells of, from 1; 0 in receipts of older builds. Set by the host.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempt { get; init; }

    /// <summary>When that try began, by the host's clock.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The answer to <see cref="WorkerTask.Describe"/>.</summary>
    public WorkerReducers? Reducers { get; init; }

    public TaskFailure? Failure { get; init; }
}

/// <summary>What pruning spared inside the planned row groups; null where a pruner spared nothing.</summary>
public sealed record PrunedWork(PrunedBy? PageIndex, PrunedBy? BloomFilter, PrunedBy? Dictionary)
{
    public static PrunedWork Of(PruningCounts counts) => new(Of(counts, Pruner.PageIndex), Of(counts, Pruner.BloomFilter), Of(counts, Pruner.Dictionary));

    /// <summary>Null when nothing was spared in any.</summary>
    public static PrunedWork? Sum(IEnumerable<PrunedWork?> works)
    {
        var all = works.OfType<PrunedWork>().ToList();
        return all.Count == 0 ? null : new PrunedWork(Of(work => work.PageIndex), Of(work => work.BloomFilter), Of(work => work.Dictionary));

        PrunedBy? Of(Func<PrunedWork, PrunedBy?> pruner) => all.Select(pruner).OfType<PrunedBy>().ToList() is { Count: > 0 } some ? new PrunedBy(some.Sum(by => by.RowGroups), some.Sum(by => by.Rows)) : null;
    }

    static PrunedBy? Of(PruningCounts counts, Pruner pruner) => counts.Rows(pruner) == 0 ? null : new PrunedBy(counts.RowGroups(pruner), counts.Rows(pruner));
}

/// <param name="RowGroups">Those skipped whole, for the partition or for <c>where</c>.</param>
/// <param name="Rows">Rows not looked at, in these and in parts of others.</param>
public sealed record PrunedBy(long RowGroups, long Rows);

/// <param name="Code">Stable, in kebab-case.</param>
/// <param name="Message">At most 8 KB.</param>
public sealed record TaskFailure(string Code, string Message, string? File = null)
{
    const int MaxMessage = 8 * 1024;

    public static TaskFailure Of(string code, string message, string? file = null)
    {
        // What a worker or a store said may hold what its user did not mean to tell.
        message = Secrets.Hide(message);
        return new(code, message.Length <= MaxMessage ? message : message[..(MaxMessage - 1)] + "…", file);
    }
}
