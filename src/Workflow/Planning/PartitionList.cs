using Fanfold.Engine.Columns;
using Fanfold.Engine.Scan;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>A partition to run.</summary>
/// <param name="Value">Its value, or the first one of its range.</param>
/// <param name="Rows">Those before <c>where</c>, when they are known.</param>
/// <param name="Range">Set when it is a range.</param>
sealed record Partition(Scalar Value, long? Rows, ValueRange? Range = null)
{
    /// <summary>A single value; −0 is 0.</summary>
    public static Partition Of(in Scalar value, long? rows) =>
        new(value is { IsNull: false, Type.IsFloating: true, FloatingValue: 0 } ? Scalar.Floating(value.Type, 0) : value, rows);
}

/// <param name="Below">The first value after the range; null when none of the type is.</param>
/// <param name="Text">The range as people read it.</param>
sealed record ValueRange(Scalar? Below, string Text);

/// <summary>The values of a spec as values of the partition column.</summary>
static class PartitionList
{
    /// <summary>Ascending, null last.</summary>
    /// <exception cref="PlanRefusedException">All values that the column's type does not have, and values that are equal in it.</exception>
    public static List<Partition> Of(EquatableList<PartitionValue> values, Field column)
    {
        var errors = new List<RunError>();
        var seen = new Dictionary<Scalar, int>();
        for (var i = 0; i < values.Count; i++)
        {
            var pointer = $"/partitionBy/values/{i}";
            if (PartitionValues.Read(values[i], column.Type) is not { } value)
                errors.Add(new RunError("type", $"{values[i]} is no value of '{column.Name}', which is {column.Type}{PartitionValues.Example(column.Type)}.", Pointer: pointer));
            else if (!seen.TryAdd(value, i))
                errors.Add(new RunError("duplicate", $"{values[i]} is the same value of '{column.Name}' as {values[seen[value]]}; keep one.", Pointer: pointer));
        }
        return errors.Count > 0 ? throw new PlanRefusedException(errors) : Sorted(seen.Keys.Select(value => Partition.Of(value, null)));
    }

    /// <summary>The partitions that the files' paths tell, with their rows in row groups that <c>where</c> did not rule out; null when a file stores the column.</summary>
    public static List<Partition>? OfConstants(IReadOnlyList<PlannedFile> files, IReadOnlyList<FileColumn> column)
    {
        if (column.Any(file => file.Stored is not null)) return null;
        return Sorted(files.Zip(column, (file, at) => (at.Constant, Rows: file.RowGroups.Where(group => !group.PrunedByWhere).Sum(group => group.Rows)))
            .GroupBy(file => file.Constant, (value, of) => Partition.Of(value, of.Sum(file => file.Rows))));
    }

    static List<Partition> Sorted(IEnumerable<Partition> partitions)
    {
        var sorted = partitions.ToList();
        sorted.Sort((left, right) => Scalar.Compare(left.Value, right.Value));
        return sorted;
    }
}
