using System.Security.Cryptography;
using System.Text;

namespace Fanfold.Workflow.Spec;

/// <summary>
/// What a run computes: version 1 of the JSON that users write, with defaults filled in. Equal by content. One that came out of
/// <see cref="SpecParser"/> is complete and free of contradictions; whether its columns exist is known only at plan time.
/// </summary>
public sealed record RunSpec
{
    /// <summary>The version of the spec that this build reads and writes.</summary>
    public const int Version = 1;

    public required SourceSpec Source { get; init; }

    public required PartitionBySpec PartitionBy { get; init; }

    /// <summary>The text of a boolean expression; only rows for which it is true take part. Null keeps all.</summary>
    public string? Where { get; init; }

    /// <summary>Columns computed per row before the reduction, in spec order.</summary>
    public EquatableList<NamedExpression> Derive { get; init; } = [];

    public required ReduceSpec Reduce { get; init; }

    public required OutputSpec Output { get; init; }

    public LimitsSpec Limits { get; init; } = new();

    public RunStrategy Strategy { get; init; } = RunStrategy.Auto;

    /// <summary>The result's columns: the partition column, then those of the reduction. Null with a plugin, which declares its own at plan time.</summary>
    public EquatableList<string>? OutputColumns => Reduce switch
    {
        { Plugin: not null } => null,
        { Select: { } select } => [PartitionBy.Column, .. select.Where(name => name != PartitionBy.Column)],
        _ => [PartitionBy.Column, .. Reduce.GroupBy, .. Reduce.Aggregates.Select(aggregate => aggregate.Name)],
    };

    /// <summary>The whole spec as JSON, defaults filled in; parsing it gives an equal spec.</summary>
    public string ToJson() => SpecJson.Write(this, SpecJson.Scope.Full);

    /// <summary>What decides the result's bytes, as one exact text: <see cref="ToJson"/> without <c>limits</c> and <c>strategy</c>.</summary>
    public string ToCanonicalJson() => SpecJson.Write(this, SpecJson.Scope.Identity);

    /// <summary>The spec hash: SHA-256 of <see cref="ToCanonicalJson"/> in UTF-8, as 64 lower-case hex digits.</summary>
    public string ComputeHash() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToCanonicalJson())));
}
