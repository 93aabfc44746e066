using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fanfold.Client;

/// <summary>Where a run stands.</summary>
[JsonConverter(typeof(RunStatusConverter))]
public enum RunStatus { Pending, Running, Succeeded, SucceededWithFailures, Failed, Cancelled }

sealed class RunStatusConverter() : JsonStringEnumConverter<RunStatus>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>The record of a run.</summary>
/// <param name="Redrive">The drive that it tells of: 0 for the first, then counted by redrives.</param>
/// <param name="HeartbeatAt">When its driver last showed that it lives; null before it has one, and once the run has ended.</param>
/// <param name="Stalled">Whether no driver has shown for a while that it lives.</param>
/// <param name="Progress">Null before anything was done.</param>
/// <param name="Summary">Null until the run has ended.</param>
public sealed record Run(
    string RunId, string SpecHash, RunStatus Status, DateTimeOffset StartedAt, DateTimeOffset? EndedAt = null, int Redrive = 0, DateTimeOffset? HeartbeatAt = null,
    bool Stalled = false, RunProgress? Progress = null, RunSummary? Summary = null, int Version = 1)
{
    /// <summary>What asked for it first: <c>command</c>, <c>http</c> or <c>blob</c>; null where that is not known.</summary>
    public string? StartedBy { get; init; }

    [JsonIgnore]
    public bool HasEnded => Summary is not null;
}

/// <summary>How far a run is. Sizes are in bytes.</summary>
public sealed record RunProgress(string Phase, int TasksTotal, int TasksDone, int TasksFailed, long BytesRead, long RowsDecoded);

public sealed record PartitionCounts(int Total, int Succeeded, int Empty, int Failed);

public sealed record TaskCounts(int Total, int Succeeded, int Failed, int Reused);

/// <summary>Row groups over all tasks: those that the tasks had to scan, and those that metadata ruled out for them.</summary>
public sealed record RowGroupCounts(int Total, long Matched, long Pruned);

/// <summary>The outcome of a run. Sizes are in bytes.</summary>
/// <param name="Output">The path of the result in the state store; null when there is none.</param>
/// <param name="Errors">Why it failed, or what was tolerated; null when nothing did.</param>
public sealed record RunSummary(
    string RunId, RunStatus Status, PartitionCounts Partitions, TaskCounts Tasks, RowGroupCounts RowGroups, long RowsIn, long RowsOut, long BytesRead, long BytesPruned,
    long Requests, long PeakWorkerMemory, long ForecastWorkerMemory, long ElapsedMs, string Strategy, string? Output = null, string? Manifest = null, IReadOnlyList<RunError>? Errors = null)
{
    /// <summary>Null where the run was not planned.</summary>
    public RunCost? Cost { get; init; }
}

/// <summary>What the tasks that are done took, whichever drive ran them, plan and combine included. Sizes are in bytes.</summary>
/// <param name="CpuSeconds">Of workers; 0 where tasks share the host's process.</param>
/// <param name="Dollars">On Azure, by list prices of the month <paramref name="PricesOf"/>; a bill is what counts.</param>
public sealed record RunCost(int Tasks, int Reused, long BytesFetched, long Requests, double CpuSeconds, long PeakMemory, double Dollars, string PricesOf);

/// <summary>One reason for a failure or a refusal.</summary>
/// <param name="Code">Stable, in kebab-case.</param>
/// <param name="Partition">The partition's value as people read it.</param>
/// <param name="Pointer">For a refused spec, the JSON pointer (RFC 6901) to the value at fault.</param>
public sealed record RunError(string Code, string Message, string? Partition = null, string? File = null, string? Pointer = null);

/// <summary>A run in a list.</summary>
/// <param name="Status">Null when its record can't be read; <paramref name="Error"/> says why.</param>
/// <param name="Partitions">Null until it has ended.</param>
public sealed record RunItem(string RunId, RunStatus? Status, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, bool Stalled, RunProgress? Progress, RunError? Error, PartitionCounts? Partitions = null);
