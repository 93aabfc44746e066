namespace Fanfold.Workflow.Spec;

/// <summary>Where the result goes.</summary>
public sealed record OutputSpec
{
    /// <summary>A path of the state store; the manifest lies beside it.</summary>
    public required string Path { get; init; }

    public OutputLayout Layout { get; init; } = OutputLayout.File;
}

public enum OutputLayout
{
    /// <summary>One Parquet file.</summary>
    File,
    /// <summary>A folder per partition value, <c>column=value/</c>.</summary>
    Hive,
}
