using Fanfold.Worker;

namespace Fanfold.Workflow.Spec;

/// <summary>Where the result goes.</summary>
public sealed record OutputSpec
{
    /// <summary>A path of the state store, of a file or, with the layout hive, of a folder; the manifest lies beside it.</summary>
    public required string Path { get; init; }

    public OutputLayout Layout { get; init; } = OutputLayout.File;

    public ResultFormat Format => Layout == OutputLayout.Hive ? ResultFormat.Hive : Path.EndsWith(".csv", StringComparison.Ordinal) ? ResultFormat.Csv : ResultFormat.Parquet;
}

public enum OutputLayout
{
    /// <summary>One file, Parquet or CSV by its name.</summary>
    File,
    /// <summary>A folder per partition value, <c>column=value/</c>.</summary>
    Hive,
}
