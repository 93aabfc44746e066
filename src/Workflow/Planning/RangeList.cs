using Fanfold.Engine.Columns;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>The ranges of a spec as ranges of the partition column.</summary>
static class RangeList
{
    /// <summary>Ascending. No value is in two of them; nulls and NaN are in none, and gaps may be between them.</summary>
    /// <exception cref="PlanRefusedException">All bounds that the column's type does not have, and ranges that are empty or overlap.</exception>
    public static List<Partition> Of(EquatableList<PartitionRange> ranges, Field column)
    {
        var errors = new List<RunError>();
        var read = new List<(int Index, Partition Partition)>();
        for (var i = 0; i < ranges.Count; i++)
        {
            if (Read(ranges[i], i, column, errors) is { } partition) read.Add((i, partition));
        }
        read.Sort((left, right) => Scalar.Compare(left.Partition.Value, right.Partition.Value));
        // The widest range so far: a narrow one inside it must not hide it.
        var last = 0;
        for (var i = 1; i < read.Count; i++)
        {
            if (read[last].Partition.Range!.Below is not { } below || Scalar.Compare(below, read[i].Partition.Value) > 0)
            {
                var (first, second) = read[last].Index < read[i].Index ? (read[last], read[i]) : (read[i], read[last]);
                errors.Add(new RunError("overlapping-ranges", $"{second.Partition.Range!.Text} overlaps {first.Partition.Range!.Text}; a value must be in one range only.", Pointer: $"/partitionBy/ranges/{second.Index}"));
            }
            if (IsLonger(read[i].Partition.Range!.Below, read[last].Partition.Range!.Below)) last = i;
        }
        return errors.Count > 0 ? throw new PlanRefusedException(errors) : [.. read.Select(range => range.Partition)];
    }

    static bool IsLonger(Scalar? below, Scalar? other) => other is { } end && (below is not { } mine || Scalar.Compare(mine, end) > 0);

    static Partition? Read(PartitionRange range, int index, Field column, List<RunError> errors)
    {
        var from = Bound(range.From, 0);
        var isOpen = range.To.Kind == PartitionValueKind.Number && PartitionValues.IsAbove(range.To.Text!, column.Type);
        var to = isOpen ? null : Bound(range.To, 1);
        if (from is not { } first || to is null && !isOpen) return null;
        if (to is { } below && Scalar.Compare(first, below) is var order and >= 0)
        {
            errors.Add(new RunError("empty-range",
                order == 0 ? $"The range [{range.From}, {range.To}) is empty: it ends before its second value." : $"The range [{range.From}, {range.To}) ends before it begins; write the lower value first.",
                Pointer: $"/partitionBy/ranges/{index}"));
            return null;
        }
        return Partition.Of(first, null) with { Range = new ValueRange(to, $"[{first}, {to?.ToString() ?? range.To.Text})") };

        Scalar? Bound(PartitionValue value, int side)
        {
            if (PartitionValues.Read(value, column.Type) is { IsNaN: false } bound) return bound;
            errors.Add(new RunError("type", $"{value} is no value of '{column.Name}', which is {column.Type}{PartitionValues.Example(column.Type)}.", Pointer: $"/partitionBy/ranges/{index}/{side}"));
            return null;
        }
    }
}
