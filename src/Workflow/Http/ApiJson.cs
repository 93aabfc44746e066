using System.Text.Json.Serialization;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Http;

/// <param name="NextLink">Absolute; null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Value, string? NextLink);

/// <summary>A run in a list.</summary>
/// <param name="Status">Null when its record can't be read.</param>
/// <param name="Error">Why it can't.</param>
public sealed record RunItem(string RunId, RunStatus? Status, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, bool Stalled, RunProgress? Progress, RunError? Error);

/// <summary>A partition of a run's plan and what came of it. Sizes are in bytes, and null where they are not known.</summary>
/// <param name="Value">As people read it; null is the null partition.</param>
/// <param name="Status">pending, succeeded, empty or failed.</param>
/// <param name="RowGroups">Those that its task must scan.</param>
/// <param name="RowsIn">Its rows before <c>where</c>.</param>
public sealed record PartitionItem(
    int Index, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value, string Status, int RowGroups, long? RowsIn = null, long? RowsOut = null,
    long? BytesRead = null, long? ForecastMemory = null, long? PeakMemory = null, long? ElapsedMs = null, TaskFailure? Error = null);

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
