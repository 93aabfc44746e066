using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fanfold.Workflow.Running;

/// <summary>Where a run stands; the same word in the summary, the API, <c>status.json</c> and the page.</summary>
public enum RunStatus { Pending, Running, Succeeded, SucceededWithFailures, Failed, Cancelled }

/// <summary>What asked for a run first: <c>command</c>, <c>http</c>, or <c>blob</c>, which is a file put into a store.</summary>
[JsonConverter(typeof(RunOriginConverter))]
public enum RunOrigin { Command, Http, Blob }

public sealed class RunOriginConverter() : JsonStringEnumConverter<RunOrigin>(JsonNamingPolicy.CamelCase);

/// <summary>One reason why a run, or a partition of it, failed.</summary>
/// <param name="Code">Stable, in kebab-case.</param>
/// <param name="Pointer">For a refused spec, the JSON pointer to the value at fault.</param>
/// <param name="Partition">The partition's value as people read it.</param>
public sealed record RunError(
    string Code, string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Partition = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? File = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pointer = null);

public sealed record PartitionCounts(int Total, int Succeeded, int Empty, int Failed);

public sealed record TaskCounts(int Total, int Succeeded, int Failed, int Reused);

/// <summary>Row groups over all tasks: those that the tasks had to scan, and those that metadata ruled out for them.</summary>
public sealed record RowGroupCounts(int Total, long Matched, long Pruned);

/// <summary>The outcome of a run; what <c>run --json</c> prints. Sizes are in bytes.</summary>
/// <param name="RowsIn">The rows of the source.</param>
/// <param name="RowsOut">The rows of the result.</param>
/// <param name="BytesRead">By the workers of this drive; what reused receipts of other drivers read is not in it.</param>
/// <param name="BytesPruned">Bytes of the columns in use that tasks did not have to read.</param>
/// <param name="Requests">Those of this drive, its plan included, counted as <paramref name="BytesRead"/> is.</param>
/// <param name="PeakWorkerMemory">The largest VmHWM of any worker, those of reused receipts included: what the result took.</param>
/// <param name="ForecastWorkerMemory">The largest peak that the plan expected of any task; 0 where it expected none.</param>
public sealed record RunSummary(
    string RunId, RunStatus Status, PartitionCounts Partitions, TaskCounts Tasks, RowGroupCounts RowGroups, long RowsIn, long RowsOut,
    long BytesRead, long BytesPruned, long Requests, long PeakWorkerMemory, long ForecastWorkerMemory, long ElapsedMs, string Strategy, string? Output, string? Manifest,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RunError>? Errors = null)
{
    /// <summary>Of all tasks that are done, whichever drive ran them, plan and combine included; null where the run was not planned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ActualCost? Cost { get; init; }
}

/// <summary>How far a run is.</summary>
public sealed record RunProgress(string Phase, int TasksTotal, int TasksDone, int TasksFailed, long BytesRead, long RowsDecoded);

/// <summary>The content of <c>status.json</c>.</summary>
public sealed record RunRecord
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required string RunId { get; init; }
    public required string SpecHash { get; init; }
    public required RunStatus Status { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Null where the record was lost and made anew, and in those of older builds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunOrigin? StartedBy { get; init; }

    /// <summary>The drive that it tells of: 0 for the first, then counted by <c>redrive</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Redrive { get; init; }

    /// <summary>When its driver last showed that it lives; null before it has one, and once the run has ended.</summary>
    public DateTimeOffset? HeartbeatAt { get; init; }

    /// <summary>Whether no driver has shown for a while that it lives. A reader sees it; it is not stored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Stalled { get; init; }

    public RunProgress? Progress { get; init; }
    public RunSummary? Summary { get; init; }

    /// <summary>A driver writes at least this often.</summary>
    public static TimeSpan HeartbeatInterval { get; } = TimeSpan.FromSeconds(10);

    // Clocks of a driver and a reader may differ by a bit.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The record as a reader sees it at this time.</summary>
    public RunRecord At(DateTimeOffset now) => this with { Stalled = Summary is null && (HeartbeatAt ?? StartedAt) < now - Patience };
}
