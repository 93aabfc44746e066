using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Workflow.Planning;

/// <summary>How many different values the columns of a reduction have, and how wide they are, as far as footers tell; rather too many.</summary>
sealed class DistinctEstimate
{
    readonly ResolvedSpec _resolved;
    readonly double[] _counts;
    readonly double[] _widths;

    /// <summary>Of the first column, by file and row group.</summary>
    readonly double[][] _inRowGroups;

    public DistinctEstimate(ResolvedSpec resolved, IReadOnlyList<SourceFile> sources, BoundsTable bounds)
    {
        _resolved = resolved;
        (_counts, _widths) = (new double[resolved.Rows.InReduce.Count], new double[resolved.Rows.InReduce.Count]);
        for (var ordinal = 0; ordinal < _counts.Length; ordinal++)
        {
            var chunks = ChunksOf(ordinal, sources, bounds).ToList();
            _widths[ordinal] = resolved.Rows.InReduce[ordinal].Type.Lane switch
            {
                Lane.Bool => 1,
                Lane.Int32 or Lane.Float => 4,
                Lane.Int128 => 16,
                Lane.Bytes => Math.Max(8, chunks.Select(chunk => chunk.Width).DefaultIfEmpty(0).Max()),
                _ => 8,
            };
            _counts[ordinal] = ordinal < resolved.Columns.Count ? Count(chunks) : CountOfDerived(ordinal, chunks);
        }
        using var first = ChunksOf(0, sources, bounds).GetEnumerator();
        _inRowGroups = [.. sources.Select(source => source.Footer.RowGroups.Where(group => group.Rows > 0).Select(_ => first.MoveNext() ? first.Current.Distinct : 0).ToArray())];
    }

    /// <summary>Values of the column, a null among them.</summary>
    public double Of(int ordinal) => _counts[ordinal];

    /// <summary>Values of the partition column in a row group.</summary>
    public double InRowGroup(int file, int position) => _inRowGroups[file][position];

    /// <summary>Bytes of a value.</summary>
    public double WidthOf(int ordinal) => _widths[ordinal];

    /// <param name="Distinct">Values in the chunk, at most.</param>
    readonly record struct Chunk(long Rows, double Distinct, double Width, ColumnBounds Bounds);

    IEnumerable<Chunk> ChunksOf(int ordinal, IReadOnlyList<SourceFile> sources, BoundsTable bounds)
    {
        var isStored = ordinal < _resolved.Columns.Count;
        for (var file = 0; file < sources.Count; file++)
        {
            var column = isStored ? _resolved.Sources[ordinal].Files[file].Stored : null;
            var groups = sources[file].Footer.RowGroups.Where(group => group.Rows > 0).ToList();
            for (var position = 0; position < groups.Count; position++)
            {
                var rows = groups[position].Rows;
                var known = bounds.Of(file, position)[ordinal];
                if (column is null) yield return new Chunk(rows, isStored ? 1 : rows, 0, known);
                else yield return Of(groups[position].Chunks[column.Ordinal], rows, known, column.PhysicalType);
            }
        }
    }

    static Chunk Of(ColumnChunk chunk, long rows, ColumnBounds bounds, PhysicalType type)
    {
        double values = Math.Max(1, rows - (chunk.NullCount ?? 0));
        var longest = Math.Max((bounds.Min as Scalar?)?.BytesValue.Length ?? 0, (bounds.Max as Scalar?)?.BytesValue.Length ?? 0);
        if (!chunk.HasDictionary) return new Chunk(rows, rows, Math.Max(1, chunk.UncompressedSize / values - 4), bounds);
        // A dictionary and the codes, of as many bits as it needs, make up the chunk. Runs of one code take less. So where all whole numbers between the bounds have room in it they may be there, and where a bit
        // a row would be too much, runs are all there is, and nothing tells how few the values are.
        var width = type switch { PhysicalType.Int32 or PhysicalType.Float => 4.0, PhysicalType.ByteArray => 4.0 + Math.Max(1, longest), PhysicalType.FixedLenByteArray => 16, _ => 8 };
        var entries = 1.0;
        for (var bits = 0; bits < 32; bits++) entries = Math.Max(entries, Math.Min(Math.Pow(2, bits), (chunk.UncompressedSize - values * bits / 8) / width));
        var (room, range) = (chunk.UncompressedSize / width, RangeOf(bounds));
        if (range <= room) entries = range;
        else if (chunk.UncompressedSize < values / 8) entries = Math.Max(entries, room);
        entries = Math.Min(values, Math.Min(entries, range));
        return new Chunk(rows, entries, width - 4, bounds);
    }

    /// <summary>
    /// Row groups whose bounds overlap are taken to draw from the same values, so that the richest of them, or the richest side by side, tell how many there are; no more than all
    /// have together.
    /// </summary>
    static double Count(List<Chunk> chunks) => 1 + Clusters(chunks).Sum(cluster => Math.Min(RangeOf(cluster), Math.Min(cluster.Sum(chunk => chunk.Distinct), SideBySide(cluster))));

    /// <summary>The most values of row groups no two of which overlap by more than the bound they share.</summary>
    static double SideBySide(List<Chunk> cluster)
    {
        if (cluster.Exists(chunk => chunk.Bounds.Min is null || chunk.Bounds.Max is null)) return cluster.Max(chunk => DrawnFrom(chunk.Rows, chunk.Distinct));
        var sorted = cluster.ToList();
        sorted.Sort((left, right) => Scalar.Compare(left.Bounds.Max!.Value, right.Bounds.Max!.Value));
        // Of the first ones, at most.
        var most = new double[sorted.Count + 1];
        for (var i = 0; i < sorted.Count; i++) most[i + 1] = Math.Max(most[i], DrawnFrom(sorted[i].Rows, sorted[i].Distinct) + most[Before(sorted, i)]);
        return most[^1];
    }

    /// <summary>How many of the row groups before one, by their greatest value, have no other value in common with it than a bound.</summary>
    static int Before(List<Chunk> sorted, int of)
    {
        var min = sorted[of].Bounds.Min!.Value;
        // Those of one value would be counted again and again.
        var most = Scalar.Compare(min, sorted[of].Bounds.Max!.Value) == 0 ? -1 : 0;
        var (low, high) = (0, of);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Scalar.Compare(sorted[middle].Bounds.Max!.Value, min) <= most) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Of how many values so many rows were drawn that had so many different ones.</summary>
    static double DrawnFrom(long rows, double distinct)
    {
        var (low, high) = (distinct, 100.0 * rows);
        if (MemoryForecast.Drawn(rows, high) <= distinct) return double.PositiveInfinity;
        while (high > low * 1.01)
        {
            var middle = (low + high) / 2;
            if (MemoryForecast.Drawn(rows, middle) < distinct) low = middle;
            else high = middle;
        }
        return high;
    }

    static IEnumerable<List<Chunk>> Clusters(List<Chunk> chunks)
    {
        // Where a row group tells nothing, it may overlap with all.
        if (chunks.Exists(chunk => chunk.Bounds.Min is null || chunk.Bounds.Max is null))
        {
            if (chunks.Count > 0) yield return chunks;
            yield break;
        }
        var sorted = chunks.ToList();
        sorted.Sort((left, right) => Scalar.Compare(left.Bounds.Min!.Value, right.Bounds.Min!.Value));
        var cluster = new List<Chunk>();
        var end = default(Scalar);
        foreach (var chunk in sorted)
        {
            if (cluster.Count > 0 && Scalar.Compare(chunk.Bounds.Min!.Value, end) > 0)
            {
                yield return cluster;
                cluster = [];
            }
            if (cluster.Count == 0 || Scalar.Compare(chunk.Bounds.Max!.Value, end) > 0) end = chunk.Bounds.Max!.Value;
            cluster.Add(chunk);
        }
        if (cluster.Count > 0) yield return cluster;
    }

    /// <summary>The whole numbers between the bounds of all.</summary>
    static double RangeOf(List<Chunk> cluster) => cluster.Exists(chunk => !IsWhole(chunk.Bounds)) ? double.PositiveInfinity
        : (double)(cluster.Max(chunk => chunk.Bounds.Max!.Value.IntegerValue) - cluster.Min(chunk => chunk.Bounds.Min!.Value.IntegerValue)) + 1;

    static double RangeOf(ColumnBounds bounds) => IsWhole(bounds) ? (double)(bounds.Max!.Value.IntegerValue - bounds.Min!.Value.IntegerValue) + 1 : double.PositiveInfinity;

    static bool IsWhole(ColumnBounds bounds) => bounds is { Min.Type.Lane: not (Lane.Bytes or Lane.Float or Lane.Double), Max: not null };

    /// <summary>A computed column has no more values than its operands have together.</summary>
    double CountOfDerived(int ordinal, List<Chunk> chunks)
    {
        var operands = _resolved.Rows.Derived[ordinal - _resolved.Columns.Count].Ordinals.Aggregate(1.0, (product, operand) => product * _counts[operand]);
        return Math.Min(operands, Count(chunks));
    }
}
