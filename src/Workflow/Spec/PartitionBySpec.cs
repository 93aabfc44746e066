namespace Fanfold.Workflow.Spec;

/// <summary>What makes a partition. Without values and ranges the partitions are discovered.</summary>
public sealed record PartitionBySpec
{
    public required string Column { get; init; }

    /// <summary>The partitions to run, in spec order, never empty; null discovers them. No two have the same JSON text.</summary>
    public EquatableList<PartitionValue>? Values { get; init; }

    /// <summary>Half-open ranges, each a partition; never together with <see cref="Values"/>.</summary>
    public EquatableList<PartitionRange>? Ranges { get; init; }
}

/// <summary>The values from <paramref name="From"/>, included, to <paramref name="To"/>, excluded; both numbers or both strings.</summary>
public sealed record PartitionRange(PartitionValue From, PartitionValue To);
