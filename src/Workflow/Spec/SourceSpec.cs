namespace Fanfold.Workflow.Spec;

/// <summary>Which files a run reads.</summary>
public sealed record SourceSpec
{
    public static EquatableList<string> DefaultInclude { get; } = ["**/*.parquet"];

    /// <summary>A folder of the data store, without a trailing <c>/</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Globs relative to <see cref="Path"/>; a file is read when one of them matches. Never empty.</summary>
    /// <value>Default <c>**/*.parquet</c>.</value>
    public EquatableList<string> Include { get; init; } = DefaultInclude;

    /// <summary>Globs relative to <see cref="Path"/>; a file that one of them matches is not read.</summary>
    public EquatableList<string> Exclude { get; init; } = [];

    /// <summary>Whether to read the bare files of a folder that carries Delta or Iceberg metadata.</summary>
    public bool Raw { get; init; }

    public MissingColumn OnMissingColumn { get; init; } = MissingColumn.Error;

    /// <summary>Which paths <see cref="Include"/> and <see cref="Exclude"/> select.</summary>
    public PathFilter CreateFilter() => new(Include, Exclude);
}

/// <summary>What a file that lacks a column of the spec means.</summary>
public enum MissingColumn
{
    /// <summary>The run is refused.</summary>
    Error,
    /// <summary>The column is null in all rows of that file.</summary>
    Null,
}
