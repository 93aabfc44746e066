namespace Fanfold.Workflow.Spec;

/// <summary>
/// What becomes of a partition's rows: groups with aggregates (the kind when neither <see cref="Select"/> nor
/// <see cref="Plugin"/> is set), the rows themselves, or a plugin's result.
/// </summary>
public sealed record ReduceSpec
{
    /// <summary>The group keys; without any, a partition that has rows gives one row.</summary>
    public EquatableList<string> GroupBy { get; init; } = [];

    /// <summary>Output columns computed per group, in spec order; without any, the distinct group keys are the result.</summary>
    public EquatableList<NamedExpression> Aggregates { get; init; } = [];

    /// <summary>The columns of the rows to keep, as written; the partition column may be among them and is not repeated in the result.</summary>
    public EquatableList<string>? Select { get; init; }

    /// <summary>The name under which a reducer is registered.</summary>
    public string? Plugin { get; init; }

    /// <summary>The order of rows inside a partition, by output columns.</summary>
    public EquatableList<SortKey> Sort { get; init; } = [];

    /// <summary>Rows kept per partition, at least 1; null keeps all.</summary>
    public long? Limit { get; init; }
}

/// <summary>A name and the text of the expression behind it.</summary>
public sealed record NamedExpression(string Name, string Text);

/// <summary>One output column to sort by; nulls are last both ways.</summary>
public sealed record SortKey(string Column, bool Descending)
{
    /// <summary>Reads <c>name</c> or <c>-name</c>. A first <c>-</c> always means descending; a column <c>-x</c> is sorted downwards by <c>--x</c>.</summary>
    public static SortKey Parse(string text) => text.StartsWith('-') ? new(text[1..], true) : new(text, false);

    public override string ToString() => Descending ? "-" + Column : Column;
}
