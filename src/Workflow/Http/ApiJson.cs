using System.Text.Json.Serialization;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Http;

/// <param name="NextLink">Absolute; null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Value, string? NextLink);

/// <summary>A run in a list.</summary>
/// <param name="Status">Null when its record can't be read.</param>
/// <param name="Error">Why it can't.</param>
/// <param name="Partitions">Null until it has ended.</param>
public sealed record RunItem(string RunId, RunStatus? Status, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, bool Stalled, RunProgress? Progress, RunError? Error, PartitionCounts? Partitions = null);

/// <summary>A partition of a run's plan and what came of it. Sizes are in bytes, and null where they are not known.</summary>
/// <param name="Value">As people read it; null is the null partition.</param>
/// <param name="Status">pending, running, succeeded, empty or failed.</param>
/// <param name="RowGroups">Those that its task must scan.</param>
/// <param name="RowsIn">Its rows before <c>where</c>.</param>
public sealed record PartitionItem(
    int Index, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value, string Status, int RowGroups, long? RowsIn = null, long? RowsOut = null,
    long? BytesRead = null, long? ForecastMemory = null, long? PeakMemory = null, long? ElapsedMs = null, TaskFailure? Error = null)
{
    /// <summary>Row groups of the source that metadata ruled out for it.</summary>
    public int RowGroupsPruned { get; init; }

    /// <summary>Compressed bytes of the columns in use in the row groups that its task must scan.</summary>
    public long BytesToRead { get; init; }

    /// <summary>The same of those that it need not.</summary>
    public long BytesPruned { get; init; }

    /// <summary>Rows that were decoded for it.</summary>
    public long? RowsDecoded { get; init; }

    /// <summary>Rows of its row groups that were proved not to be of it and not decoded.</summary>
    public long? RowsPruned { get; init; }

    /// <summary>Its rows after <c>where</c>.</summary>
    public long? RowsSelected { get; init; }

    public int? Requests { get; init; }

    /// <summary>The try that it ended with, or is at, from 1.</summary>
    public int? Attempt { get; init; }

    /// <summary>When that try began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The pieces that its task was split into; null when it ran as one.</summary>
    public int? Pieces { get; init; }

    /// <summary>The most that its worker held in scratch files at once.</summary>
    public long? ScratchBytes { get; init; }
}

/// <param name="Status">healthy or unhealthy.</param>
/// <param name="Worker">As <see cref="ApiContext"/> has it.</param>
public sealed record HealthDocument(string Status, string Version, string Worker, StoreHealth Data, StoreHealth State);

/// <param name="Error">Null when it is reachable.</param>
public sealed record StoreHealth(bool Reachable, RunError? Error);

/// <summary>The documents of the API that are no documents of a run's state.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(RunStatusConverter)])]
[JsonSerializable(typeof(Page<RunItem>))]
[JsonSerializable(typeof(Page<PartitionItem>))]
[JsonSerializable(typeof(HealthDocument))]
[JsonSerializable(typeof(Problem))]
public sealed partial class ApiJson : JsonSerializerContext;
