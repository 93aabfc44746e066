using Fanfold.Engine.Columns;

namespace Fanfold.Workflow.Planning;

/// <summary>How many partitions have rows in each row group, as far as footers tell: rather too many.</summary>
sealed class PartitionSpread
{
    readonly double[][] _found;

    /// <param name="named">The partitions where they are known, ascending; null when they would have to be found.</param>
    public PartitionSpread(ResolvedSpec resolved, IReadOnlyList<PlannedFile> files, BoundsTable bounds, DistinctEstimate distinct, IReadOnlyList<Partition>? named)
    {
        Partitions = Math.Max(1, named?.Count ?? distinct.Of(0));
        var all = named is null ? Whole(files, bounds) : null;
        _found = [.. files.Select((file, index) => file.RowGroups.Select((group, position) =>
            resolved.Sources[0].Files[index].Stored is null ? 1 : Math.Clamp(named is null ? Estimate(index, position) : Count(named, bounds.Of(index, position)[0]), 0, Partitions)).ToArray())];

        double Estimate(int file, int position)
        {
            var here = bounds.Of(file, position)[0];
            var values = distinct.InRowGroup(file, position);
            // A task looks at every row group whose bounds hold its value.
            return here is { Min: { } min, Max: { } max } && all is var (least, most) && most > least ? Math.Max(values, Partitions * (Width(min, max) + 1) / (most - least + 1)) : values;
        }
    }

    /// <summary>All partitions, or about as many.</summary>
    public double Partitions { get; }

    public double In(int file, int position) => _found[file][position];

    static double Count(IReadOnlyList<Partition> named, ColumnBounds bounds)
    {
        if (bounds is not { Min: { } min, Max: { } max }) return named.Count;
        var first = Below(named, min, orEqual: false);
        // A range that begins before may reach into the row group.
        if (first > 0 && named[first - 1].Range is { } range && (range.Below is not { } end || Scalar.Compare(end, min) > 0)) first--;
        return Below(named, max, orEqual: true) - first + (named[^1].Value.IsNull ? 1 : 0);
    }

    /// <summary>How many of the partitions are below a value.</summary>
    static int Below(IReadOnlyList<Partition> named, in Scalar value, bool orEqual)
    {
        var (low, high) = (0, named.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = named[middle].Value.IsNull ? 1 : Scalar.Compare(named[middle].Value, value);
            if (order < 0 || orEqual && order == 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    static (double Least, double Most)? Whole(IReadOnlyList<PlannedFile> files, BoundsTable bounds)
    {
        var known = files.SelectMany((file, index) => file.RowGroups.Select((_, position) => bounds.Of(index, position)[0])).ToList();
        if (known.Count == 0 || known.Exists(group => group.Min is not { } min || group.Max is null || min.Type.Lane == Lane.Bytes)) return null;
        var (least, most) = (known.Min(group => Number(group.Min!.Value)), known.Max(group => Number(group.Max!.Value)));
        return double.IsFinite(most - least) ? (least, most) : null;
    }

    static double Width(in Scalar min, in Scalar max) => min.Type.Lane == Lane.Bytes ? 0 : Number(max) - Number(min);

    static double Number(in Scalar value) => value.Type.IsFloating ? value.FloatingValue : (double)value.IntegerValue;
}
