using System.Text.Json.Serialization;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Planning;

/// <summary>The part of a plan that all tasks share. Written once; whoever finds it there uses it, so inputs are pinned by the first planner.</summary>
public sealed record PlanHeader
{
    public const int CurrentVersion = 3;

    public int Version { get; init; } = CurrentVersion;
    public required string SpecHash { get; init; }
    public required string EngineVersion { get; init; }
    public required string Strategy { get; init; }

    /// <summary>Why this strategy, in a sentence.</summary>
    public required string StrategyReason { get; init; }

    /// <summary>What each strategy was expected to cost, the chosen one first; empty in plans of older builds.</summary>
    public IReadOnlyList<PlanCandidate> Candidates { get; init; } = [];

    /// <summary>Set when the tasks are slices of row groups, each for all partitions at once.</summary>
    public SharedPartitions? Shared { get; init; }

    /// <summary>Where the states of this reduction's slices are kept for later runs, see <see cref="CachePaths"/>; null when they are this run's alone.</summary>
    public string? Cache { get; init; }

    /// <summary>The columns that tasks read; the partition column is the first.</summary>
    public required IReadOnlyList<TaskColumn> Columns { get; init; }

    public required IReadOnlyList<TaskColumn> ResultColumns { get; init; }
    public string? Where { get; init; }

    /// <summary>Columns computed per row; their ordinals go on after <see cref="Columns"/>.</summary>
    public IReadOnlyList<TaskDerived>? Derived { get; init; }

    public required TaskReduction Reduction { get; init; }

    [JsonIgnore]
    public PluginIdentity? Plugin => Reduction.Plugin is { } plugin ? new PluginIdentity(plugin.Name, plugin.Version) : null;

    /// <summary>In plan order: the path's UTF-8 bytes ascending.</summary>
    public required IReadOnlyList<PlannedFile> Files { get; init; }

    /// <summary>Whether the partitions were found in the data, so that together they must hold every row.</summary>
    public required bool Discovered { get; init; }

    /// <summary>The rows of the row groups that <c>where</c> did not rule out.</summary>
    public required long RowsAfterWhere { get; init; }

    public required long RowsTotal { get; init; }
    public required int RowGroupsTotal { get; init; }
    public required PlanTotals Totals { get; init; }

    /// <summary>Names the object with the slices by their content, so that planners who met at once never mix.</summary>
    public required string SlicesHash { get; init; }

    /// <summary>Where each task's slice begins in that object, in task order, and last where the file ends.</summary>
    public required IReadOnlyList<long> SliceOffsets { get; init; }

    [JsonIgnore]
    public int Tasks => SliceOffsets.Count - 1;

    /// <summary>How discovery went; null when it took no task: the spec names the partitions, or the paths of the files do.</summary>
    public TaskReceipt? Discovery { get; init; }

    /// <summary>Where a whole task's part goes.</summary>
    public string PartOf(RunPaths paths, string taskId) => Cache is { } cache ? CachePaths.Part(cache, taskId) : paths.Part(taskId);

    /// <summary>Versions of result and manifest when the run was planned; null when there were none.</summary>
    public string? OutputETag { get; init; }
    public string? ManifestETag { get; init; }
}

/// <summary>Sums over all tasks.</summary>
/// <param name="BytesMatched">Compressed bytes of the columns in use in the row groups that tasks must scan.</param>
public sealed record PlanTotals(long Matched, long Pruned, long BytesMatched, long BytesPruned, long Requests);

/// <param name="Columns">The file's own columns in the order of <see cref="PlanHeader.Columns"/>, whose types may be wider; null where the file has none.</param>
public sealed record PlannedFile(string Path, string ETag, long Length, long Rows, long DataEnd, IReadOnlyList<ParquetColumn?> Columns, IReadOnlyList<PlannedRowGroup> RowGroups)
{
    /// <summary>In place of the columns that the file has not: the value of all its rows, as <see cref="ScalarText"/>. Null when all are null.</summary>
    public IReadOnlyList<string?>? Constants { get; init; }
}

/// <param name="Chunks">Those of the file's own columns, in their order, without statistics.</param>
/// <param name="PrunedByWhere">Whether statistics rule out that <c>where</c> holds for any row.</param>
public sealed record PlannedRowGroup(int Ordinal, long Rows, bool PrunedByWhere, IReadOnlyList<ColumnChunk> Chunks)
{
    public long Bytes => Chunks.Sum(chunk => chunk.CompressedSize);
}

/// <summary>One task of the plan: a partition, or, where the plan's <see cref="PlanHeader.Shared"/> is set, a slice of row groups.</summary>
/// <param name="Value">The partition's value, or the first one of its range, as <see cref="ScalarText"/>; null is the null partition.</param>
/// <param name="Partition">The value, range or slice as people read it.</param>
/// <param name="Matched">Row groups to scan, as runs of consecutive positions within a file.</param>
/// <param name="Rows">The partition's rows before <c>where</c>, known when it was discovered.</param>
public sealed record TaskSlice(int Index, string TaskId, string? Value, string Partition, IReadOnlyList<RowGroupRun> Matched, string InputsHash, long RowsToDecode, long? Rows)
{
    /// <summary>Set when the partition is a range.</summary>
    public RangeEnd? End { get; init; }

    /// <summary>The peak resident memory of its worker that is to be expected, in bytes, by <see cref="Planning.MemoryForecast"/>; 0 in plans of older builds.</summary>
    public long ForecastMemory { get; init; }

    /// <summary>Whether it is a slice of row groups and no partition.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsShared { get; init; }

    /// <summary>For a slice of row groups, the place of its first row among the rows of the plan.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartRow { get; init; }

    /// <summary>What it is, in a sentence; text may read "null" too.</summary>
    [JsonIgnore]
    public string Description => IsShared ? Partition : Value is null ? "the null partition" : $"partition {Partition}";
}

/// <summary>Row groups <paramref name="From"/> to <paramref name="To"/> − 1 of a file, by position in the plan.</summary>
public sealed record RowGroupRun(int File, int From, int To);
