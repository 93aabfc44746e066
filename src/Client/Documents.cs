using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fanfold.Client;

/// <summary>A partition of a run's plan and what came of it. Sizes are in bytes, and null where they are not known.</summary>
/// <param name="Value">As people read it; null is the null partition.</param>
/// <param name="Status">pending, running, succeeded, empty or failed.</param>
/// <param name="RowGroups">Those that its task must scan.</param>
/// <param name="RowsIn">Its rows before <c>where</c>.</param>
public sealed record Partition(
    int Index, string? Value, string Status, int RowGroups, long? RowsIn, long? RowsOut, long? BytesRead, long? ForecastMemory, long? PeakMemory, long? ElapsedMs, PartitionError? Error)
{
    /// <summary>Row groups of the source that metadata ruled out for it.</summary>
    public int RowGroupsPruned { get; init; }

    /// <summary>Compressed bytes of the columns in use in the row groups that its task must scan.</summary>
    public long BytesToRead { get; init; }

    /// <summary>The same of those that it need not.</summary>
    public long BytesPruned { get; init; }

    /// <summary>The try that it ended with, from 1.</summary>
    public int? Attempt { get; init; }

    /// <summary>When that try began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <param name="Code">Stable, in kebab-case.</param>
public sealed record PartitionError(string Code, string Message, string? File = null);

/// <summary>What a run would do, or does. Sizes are in bytes.</summary>
/// <param name="Partitions">Null where a shared scan is to find them.</param>
/// <param name="MemoryPerTask">The cap.</param>
/// <param name="ForecastWorkerMemory">The largest peak that is expected of any task.</param>
/// <param name="FirstPartitions">Some of them, in plan order.</param>
public sealed record Plan(
    string SpecHash, string Strategy, string StrategyReason, int Files, long RowsIn, int? Partitions, int Tasks, RowGroupCounts RowGroups, long BytesToRead, long BytesPruned,
    long MemoryPerTask, long ForecastWorkerMemory, IReadOnlyList<PlannedPartition> FirstPartitions);

/// <param name="Rows">Before <c>where</c>; null when the spec names its values.</param>
public sealed record PlannedPartition(string Value, long? Rows, int RowGroups, long Bytes, long ForecastMemory);

/// <param name="Worker">What runs the tasks: native, dotnet or in process.</param>
public sealed record Health(string Status, string Version, string Worker, StoreHealth Data, StoreHealth State)
{
    [JsonIgnore]
    public bool IsHealthy => Status == "healthy";
}

/// <param name="Error">Null when it is reachable.</param>
public sealed record StoreHealth(bool Reachable, RunError? Error);

/// <param name="NextLink">Absolute; null on the last page.</param>
sealed record Page<T>(IReadOnlyList<T> Value, string? NextLink);

/// <summary>A refusal as RFC 9457 has it.</summary>
sealed record Problem(int? Status, string? Title, string? Code, string? Detail, string? Hint, string? TraceId, IReadOnlyList<RunError>? Errors);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Page<RunItem>))]
[JsonSerializable(typeof(Page<Partition>))]
sealed partial class ClientJson : JsonSerializerContext;
