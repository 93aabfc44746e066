using System.Text.Json.Serialization;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>Written last, beside the result: it makes the result visible and proves it.</summary>
public sealed record Manifest
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required string RunId { get; init; }
    public required string SpecHash { get; init; }
    public required string EngineVersion { get; init; }
    /// <summary>Null when the reduction needed none.</summary>
    public PluginIdentity? Plugin { get; init; }

    public required RunStatus Status { get; init; }
    public required PartReference Result { get; init; }
    public required IReadOnlyList<TaskColumn> Columns { get; init; }
    public required IReadOnlyList<ManifestPartition> Partitions { get; init; }
    public required CompletenessProof Proof { get; init; }
    public required IReadOnlyList<ManifestInput> Inputs { get; init; }
}

/// <param name="Value">As people read it; null is the null partition.</param>
/// <param name="Status">succeeded, empty or failed.</param>
/// <param name="RowsIn">Rows of the partition before <c>where</c>; null when it failed.</param>
public sealed record ManifestPartition([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value, string Status, long? RowsIn, long RowsOut, string? Hash);

public sealed record ManifestInput(string Path, string ETag, long Length, long Rows);

/// <summary>Why no row is missing and none is twice.</summary>
/// <param name="Scope">"complete": the partitions cover every row that <c>where</c> did not rule out; "partial by request": the spec names its values, or ranges that leave rows out; "partial by tolerated failures".</param>
/// <param name="Tasks">Tasks with exactly one receipt that names exactly their row groups.</param>
/// <param name="RowsDecoded">Rows decoded, equal to the footers' counts in every row group scanned.</param>
/// <param name="RowsInPartitions">Rows of all partitions before <c>where</c>.</param>
/// <param name="RowsAfterWherePruning">Rows of the row groups that <c>where</c> did not rule out; for a complete proof equal to <paramref name="RowsInPartitions"/>.</param>
/// <param name="RowsOfParts">Rows of all parts, equal to those of the result.</param>
public sealed record CompletenessProof(string Scope, int Tasks, long RowsDecoded, long RowsInPartitions, long RowsAfterWherePruning, long RowsOfParts);
