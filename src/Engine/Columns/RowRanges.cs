namespace Fanfold.Engine.Columns;

/// <summary>Rows <paramref name="From"/> to <paramref name="To"/> − 1 of a row group.</summary>
public readonly record struct RowRange(long From, long To)
{
    public long Rows => To - From;
}

/// <summary>Rows of a row group: ranges ascending, apart from each other, none empty. Immutable.</summary>
public sealed class RowRanges
{
    readonly RowRange[] _ranges;

    RowRanges(RowRange[] ranges)
    {
        _ranges = ranges;
        foreach (var range in ranges) Rows += range.Rows;
    }

    public static RowRanges None { get; } = new([]);

    public IReadOnlyList<RowRange> Ranges => _ranges;

    /// <summary>The number of rows in all ranges.</summary>
    public long Rows { get; }

    public static RowRanges All(long rows) => rows == 0 ? None : new RowRanges([new RowRange(0, rows)]);

    /// <summary>The ranges together; they are ascending, and those that touch become one.</summary>
    public static RowRanges Of(IEnumerable<RowRange> ascending)
    {
        var ranges = new List<RowRange>();
        foreach (var range in ascending)
        {
            if (range.Rows <= 0) continue;
            if (ranges.Count > 0 && ranges[^1].To >= range.From) ranges[^1] = new RowRange(ranges[^1].From, Math.Max(ranges[^1].To, range.To));
            else ranges.Add(range);
        }
        return ranges.Count == 0 ? None : new RowRanges([.. ranges]);
    }

    /// <summary>The rows that are in both.</summary>
    public RowRanges Intersect(RowRanges other)
    {
        var both = new List<RowRange>();
        for (int i = 0, j = 0; i < _ranges.Length && j < other._ranges.Length;)
        {
            var (left, right) = (_ranges[i], other._ranges[j]);
            both.Add(new RowRange(Math.Max(left.From, right.From), Math.Min(left.To, right.To)));
            if (left.To < right.To) i++;
            else j++;
        }
        return Of(both);
    }

    /// <summary>Whether any of the rows is in <paramref name="range"/>.</summary>
    public bool Overlaps(RowRange range)
    {
        int low = 0, high = _ranges.Length;
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (_ranges[middle].To <= range.From) low = middle + 1;
            else high = middle;
        }
        return low < _ranges.Length && _ranges[low].From < range.To;
    }
}
