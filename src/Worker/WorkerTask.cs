using System.Text.Json.Serialization;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Scan;

namespace Fanfold.Worker;

/// <summary>One task, complete: the worker lists no folder and reads no footer of the source. Exactly one of the kinds of work is set.</summary>
public sealed record WorkerTask
{
    /// <summary>The version of this payload that this build writes and the newest it reads.</summary>
    public const int CurrentVersion = 4;

    public int Version { get; init; } = CurrentVersion;
    public required string RunId { get; init; }
    public required string TaskId { get; init; }

    /// <summary>Where the source is.</summary>
    public required StoreLocation Data { get; init; }

    /// <summary>Where parts and results go.</summary>
    public required StoreLocation State { get; init; }

    /// <summary>The path of the object to write, in the state store.</summary>
    public required string Output { get; init; }

    /// <summary>Counts the task's tries; null where they are not counted.</summary>
    public AttemptCount? Attempt { get; init; }

    /// <summary>The W3C trace context of the span that the worker is; null when nothing listens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceParent { get; init; }

    /// <summary>The cap of the process's resident memory, in bytes.</summary>
    public required long Memory { get; init; }

    /// <summary>File metadata of the output; nothing that differs between equal runs.</summary>
    public required SortedDictionary<string, string> Metadata { get; init; }

    /// <summary>Where what does not fit in memory goes; null for the system's folder for temporary files without a budget.</summary>
    public TaskScratch? Scratch { get; init; }

    public ReduceWork? Reduce { get; init; }
    public MergeWork? Merge { get; init; }
    public CombineWork? Combine { get; init; }
    public DescribeWork? Describe { get; init; }
}

/// <summary>Scan → filter → derive → reduce over the given row groups.</summary>
/// <param name="Columns">The columns that are read, in the order that ordinals below count.</param>
/// <param name="Partition">The partition; null scans all rows and leaves the partition column out of the output.</param>
/// <param name="Where">The text of the predicate; null keeps all rows.</param>
public sealed record ReduceWork(
    IReadOnlyList<TaskColumn> Columns, TaskPartition? Partition, string? Where, TaskReduction Reduction, IReadOnlyList<TaskFile> Files)
{
    /// <summary>Columns computed per row, in order; their ordinals go on after <see cref="Columns"/>.</summary>
    public IReadOnlyList<TaskDerived>? Derived { get; init; }

    /// <summary>Set when the task scans for all partitions at once: it writes what <see cref="MergeWork"/> and <see cref="CombineWork.States"/> take in place of the result.</summary>
    public SharedPartitions? Shared { get; init; }

    /// <summary>Set when the task is a piece of a split one: it writes what <see cref="MergeWork"/> takes in place of the result.</summary>
    public ReducePiece? Piece { get; init; }
}

/// <summary>The rows whose group keys have a hash that is <paramref name="Bucket"/> modulo <paramref name="Buckets"/>; all rows when there is one bucket.</summary>
/// <param name="Buckets">A power of four, at most 256.</param>
/// <param name="StartRow">Rows of the whole task's row groups before those of the piece.</param>
public sealed record ReducePiece(int Bucket, int Buckets, long StartRow = 0);

/// <summary>Merges what the pieces of a split task wrote, in plan order, into the part that the whole task would have written.</summary>
/// <param name="Work">That of the whole task, without files.</param>
public sealed record MergeWork(ReduceWork Work, IReadOnlyList<PartReference> Parts);

/// <param name="Folder">Null for the system's folder for temporary files.</param>
/// <param name="Bytes">What may lie there at once.</param>
public sealed record TaskScratch(string? Folder, long Bytes);

/// <param name="Name">"" for the argument of an aggregate.</param>
/// <param name="Text">An expression over the columns before it.</param>
public sealed record TaskDerived(string Name, string Text);

public sealed record TaskColumn(string Name, DataType Type)
{
    public Field ToField() => new(Name, Type);
}

/// <param name="Column">The partition column's ordinal.</param>
/// <param name="Value">As <see cref="ScalarText"/> writes it, and as the output's first column has it; null is the null partition.</param>
/// <param name="End">Set where the partition is a range, which begins with the value.</param>
public sealed record TaskPartition(int Column, string? Value, RangeEnd? End = null);

/// <summary>The partitions of a shared scan: they are the first of the keys that states are grouped by.</summary>
/// <param name="Column">The partition column's ordinal.</param>
/// <param name="Values">The partitions, ascending, as <see cref="ScalarText"/> writes their values or the first ones of their ranges; null when every value is one.</param>
/// <param name="Ends">Set where partitions are ranges: the end of each.</param>
public sealed record SharedPartitions(int Column, IReadOnlyList<string?>? Values = null, IReadOnlyList<RangeEnd>? Ends = null);

/// <summary>Where a range of values ends.</summary>
/// <param name="Below">The first value after it, as <see cref="ScalarText"/> writes it; null when none of the type is.</param>
public sealed record RangeEnd(string? Below);

/// <summary>A plug-in when <see cref="Plugin"/> is set, group-by when <see cref="Aggregates"/> is, else rows.</summary>
/// <param name="Keys">Ordinals of the group keys.</param>
/// <param name="Select">Ordinals of the selected columns.</param>
/// <param name="Sort">Over the output's ordinals, the partition column included.</param>
public sealed record TaskReduction(
    IReadOnlyList<int>? Keys, IReadOnlyList<Aggregate>? Aggregates, IReadOnlyList<int>? Select, IReadOnlyList<SortKey> Sort, long? Limit, TaskPlugin? Plugin = null);

/// <param name="Inputs">Ordinals of the columns that it reads.</param>
/// <param name="Outputs">What it writes after the partition column.</param>
public sealed record TaskPlugin(string Name, string Version, IReadOnlyList<int> Inputs, IReadOnlyList<TaskColumn> Outputs);

/// <param name="Columns">The file's own columns in the order of <see cref="ReduceWork.Columns"/>, whose types may be wider; null where the file has none.</param>
/// <param name="RowGroups">Their chunks are those of the file's own columns, in the same order.</param>
public sealed record TaskFile(string Path, long Length, string ETag, long DataEnd, IReadOnlyList<ParquetColumn?> Columns, IReadOnlyList<RowGroup> RowGroups)
{
    /// <summary>In place of the columns that the file has not: the value of all its rows, as <see cref="ScalarText"/>. Null when all are null.</summary>
    public IReadOnlyList<string?>? Constants { get; init; }

    /// <summary>The columns as a scan takes them.</summary>
    public IReadOnlyList<FileColumn> ColumnsOf(Schema schema) =>
        [.. Columns.Select((column, ordinal) => column is null ? FileColumn.Of(ScalarText.Read(schema[ordinal].Type, Constants?[ordinal])) : FileColumn.Of(column, schema[ordinal].Type))];
}

/// <summary>What a result is written as.</summary>
public enum ResultFormat
{
    Parquet,
    Csv,

    /// <summary>Parquet files, packed into one object: one file or more for each value of the first column.</summary>
    Hive,
}

/// <summary>Concatenates parts, in their order, into one object.</summary>
/// <param name="MaxFileRows">For <see cref="ResultFormat.Hive"/>: rows of the largest file.</param>
public sealed record CombineWork(IReadOnlyList<TaskColumn> Columns, IReadOnlyList<PartReference> Parts, ResultFormat Format = ResultFormat.Parquet, long MaxFileRows = 16 << 20)
{
    /// <summary>Set when the parts are states of a shared scan, which are merged first.</summary>
    public CombinedStates? States { get; init; }
}

/// <param name="Work">That of the shared scan, without files.</param>
/// <param name="PartitionsOutput">The path of the list of partitions that is written beside the result, see <see cref="PartitionTable"/>.</param>
public sealed record CombinedStates(ReduceWork Work, string PartitionsOutput);

/// <summary>Tells which plug-ins the worker has, or what one of them writes. Reads and writes nothing.</summary>
/// <param name="Plugin">Null for the list of all.</param>
/// <param name="Inputs">The columns that it reads, as the source has them.</param>
public sealed record DescribeWork(string? Plugin, IReadOnlyList<TaskColumn> Inputs);
