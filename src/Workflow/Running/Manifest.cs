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
    public required ManifestResult Result { get; init; }
    public required IReadOnlyList<TaskColumn> Columns { get; init; }
    public required IReadOnlyList<ManifestPartition> Partitions { get; init; }

    /// <summary>The tasks of a shared scan; null where each partition is a task.</summary>
    public IReadOnlyList<ManifestSlice>? Slices { get; init; }

    /// <summary>What the plan expected to spend, and what was spent; null in manifests of older builds.</summary>
    public ManifestCost? Cost { get; init; }
    public required CompletenessProof Proof { get; init; }
    public required IReadOnlyList<ManifestInput> Inputs { get; init; }

    /// <summary>Files of the results before, by their names below the output folder, which are removed once this manifest is there.</summary>
    public IReadOnlyList<string>? Superseded { get; init; }

    /// <summary>What a Parquet file of the result carries about itself.</summary>
    internal SortedDictionary<string, string> FileMetadata => MetadataOf(EngineVersion, SpecHash, Plugin);

    internal static SortedDictionary<string, string> MetadataOf(string engineVersion, string specHash, PluginIdentity? plugin)
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["fanfold.engineVersion"] = engineVersion, ["fanfold.specHash"] = specHash };
        if (plugin is not null) metadata["fanfold.plugin"] = $"{plugin.Name} {plugin.Version}";
        return metadata;
    }
}

/// <param name="Path">The file, or the folder of all files.</param>
/// <param name="Format">parquet, csv or hive.</param>
/// <param name="ETag">Null for a folder.</param>
/// <param name="Hash">SHA-256, lower-case hex: of the file; of a folder's list of files, see <see cref="HiveFiles"/>.</param>
/// <param name="Files">The files of a folder: these are the result, whatever else lies there.</param>
public sealed record ManifestResult(string Path, ResultFormat Format, string? ETag, string Hash, long Rows, long Bytes, IReadOnlyList<ManifestFile>? Files = null);

/// <param name="Path">Below the result's.</param>
/// <param name="Partition">The value of its rows as people read it; null is the null partition.</param>
/// <param name="Hash">SHA-256, lower-case hex.</param>
public sealed record ManifestFile(string Path, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Partition, string ETag, string Hash, long Rows, long Bytes);

/// <param name="Value">As people read it; null is the null partition.</param>
/// <param name="Status">succeeded, empty or failed.</param>
/// <param name="RowsIn">Rows of the partition before <c>where</c>; null when it failed.</param>
/// <param name="ForecastMemory">The peak resident memory of its task that the plan expected, in bytes; null in plans of older builds.</param>
/// <param name="PeakMemory">The one that was measured, the largest of all workers that had a part in it; null where none was.</param>
public sealed record ManifestPartition(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value, string Status, long? RowsIn, long RowsOut, string? Hash, long? ForecastMemory = null, long? PeakMemory = null)
{
    /// <summary>The pieces that its task was split into; null when it ran as one.</summary>
    public int? Pieces { get; init; }

    /// <summary>The most that one worker held in scratch files at once, in bytes: what was spilled, and a part of more than a MiB before it is put; null when nothing.</summary>
    public long? ScratchBytes { get; init; }

    internal static ManifestPartition Of(FinishedTask task)
    {
        var (slice, failed, receipt) = task;
        var status = failed ? "failed" : receipt?.Part is null ? "empty" : "succeeded";
        return new ManifestPartition(
            slice.Value is null ? null : slice.Partition, status, failed ? null : receipt?.RowsInPartition, receipt?.Part?.Rows ?? 0, receipt?.Part?.Hash, Known(slice.ForecastMemory), Known(receipt?.PeakMemory))
        {
            Pieces = receipt is { Pieces: > 0 } ? receipt.Pieces : null,
            ScratchBytes = Known(receipt?.ScratchBytes),
        };
    }

    static long? Known(long? bytes) => bytes > 0 ? bytes : null;
}

/// <summary>A task of a shared scan. Sizes are in bytes.</summary>
/// <param name="Rows">Rows of its row groups.</param>
/// <param name="States">Groups, over all partitions, in its part.</param>
/// <param name="Reused">Whether another run had made its states.</param>
public sealed record ManifestSlice(string Name, int RowGroups, long Rows, long States, string? Hash, bool Reused, long? ForecastMemory, long? PeakMemory)
{
    internal static ManifestSlice Of(FinishedTask task) => new(
        task.Slice.Partition, task.Slice.Matched.Sum(run => run.To - run.From), task.Slice.RowsToDecode, task.Receipt?.Part?.Rows ?? 0, task.Receipt?.Part?.Hash, task.Receipt?.Driver == TaskReceipt.CacheDriver,
        task.Slice.ForecastMemory > 0 ? task.Slice.ForecastMemory : null, task.Receipt?.PeakMemory > 0 ? task.Receipt.PeakMemory : null);
}

/// <summary>Estimate beside actual. Sizes are in bytes.</summary>
/// <param name="Estimate">Of the strategy that was chosen; null in plans of older builds.</param>
/// <param name="Actual">Of all tasks that count, whichever drive ran them, plan and combine included; what other runs had made cost nothing.</param>
public sealed record ManifestCost(PlanCandidate? Estimate, ActualCost Actual);

/// <param name="CpuSeconds">Of workers; 0 where tasks share the host's process.</param>
/// <param name="Dollars">On Azure, by <see cref="PriceTable"/>; of what the tasks took here.</param>
/// <param name="PricesOf">The month of these prices.</param>
public sealed record ActualCost(int Tasks, int Reused, long BytesFetched, long Requests, double CpuSeconds, long PeakMemory, double Dollars, string PricesOf = PriceTable.AsOf);

public sealed record ManifestInput(string Path, string ETag, long Length, long Rows);

/// <summary>Why no row is missing and none is twice.</summary>
/// <param name="Scope">"complete": the partitions cover every row that <c>where</c> did not rule out; "partial by request": the spec names its values, or ranges that leave rows out; "partial by tolerated failures".</param>
/// <param name="Tasks">Tasks with exactly one receipt that names exactly their row groups.</param>
/// <param name="RowsDecoded">Rows decoded, equal to the footers' counts in every row group scanned.</param>
/// <param name="RowsInPartitions">Rows of all partitions before <c>where</c>.</param>
/// <param name="RowsAfterWherePruning">Rows of the row groups that <c>where</c> did not rule out; for a complete proof equal to <paramref name="RowsInPartitions"/>.</param>
/// <param name="RowsOfParts">Rows of all parts, equal to those of the result.</param>
public sealed record CompletenessProof(string Scope, int Tasks, long RowsDecoded, long RowsInPartitions, long RowsAfterWherePruning, long RowsOfParts)
{
    /// <summary>For a shared scan the rows that its tasks selected; null for a task per partition.</summary>
    public long? RowsSelected { get; init; }

    /// <summary>The rows that the states of a shared scan stood for when they were merged, equal to <see cref="RowsSelected"/>. Its parts are states, which are no rows of the result.</summary>
    public long? RowsMerged { get; init; }
}
