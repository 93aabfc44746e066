using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Scan;

/// <summary>What a scan does with a row group.</summary>
public enum AccessKind : byte { Skip, Scan, Selection }

/// <summary>What proves that rows can't match, in the order in which they are asked: each costs more than the one before.</summary>
public enum Pruner : byte
{
    /// <summary>Bounds of the whole chunk, from the footer.</summary>
    Statistics,

    /// <summary>Bounds of single pages.</summary>
    PageIndex,

    BloomFilter,

    /// <summary>All values of a chunk that is dictionary-encoded throughout.</summary>
    Dictionary,
}

/// <summary>The rows of one row group that may match one predicate. Immutable; pruners only narrow it.</summary>
/// <param name="Reason">The last pruner that narrowed it; null when none did.</param>
public sealed record RowGroupAccess(AccessKind Kind, RowRanges Rows, Pruner? Reason)
{
    public static RowGroupAccess Scan(long rows) => new(AccessKind.Scan, RowRanges.All(rows), null);

    /// <summary>The rows that are in both; the same access when that are all.</summary>
    public RowGroupAccess Narrow(RowRanges rows, Pruner pruner)
    {
        var left = Rows.Intersect(rows);
        return left.Rows == Rows.Rows ? this : new RowGroupAccess(left.Rows == 0 ? AccessKind.Skip : AccessKind.Selection, left, pruner);
    }
}

/// <summary>How a row group is accessed.</summary>
/// <param name="Partition">For the partition predicate; all rows without one.</param>
/// <param name="Where">For <c>where</c>; all rows without one. It doesn't narrow the other: rows of the partition are counted before <c>where</c>.</param>
/// <param name="Pages">The places of each chunk's pages, where they are known.</param>
sealed record PlannedAccess(RowGroup Group, RowGroupAccess Partition, RowGroupAccess Where, IReadOnlyList<OffsetIndex?> Pages)
{
    /// <summary>The bytes of a chunk that hold the given rows.</summary>
    public IEnumerable<ByteRange> Bytes(int ordinal, RowRanges rows)
    {
        var chunk = Group.Chunks[ordinal];
        if (Pages[ordinal] is not { } pages || rows.Rows == Group.Rows)
        {
            yield return chunk.Pages;
            yield break;
        }
        if (pages[0].Bytes.Offset > chunk.Offset) yield return new ByteRange(chunk.Offset, pages[0].Bytes.Offset - chunk.Offset);
        for (var page = 0; page < pages.Pages; page++)
        {
            if (rows.Overlaps(pages.Rows(page))) yield return pages[page].Bytes;
        }
    }
}

/// <summary>What the pruners spared, by pruner: row groups that were skipped whole, and rows that were not looked at.</summary>
public sealed class PruningCounts
{
    static readonly int Pruners = Enum.GetValues<Pruner>().Length;

    readonly long[] _rowGroups = new long[Pruners];
    readonly long[] _rows = new long[Pruners];

    public bool Any => _rows.AsSpan().ContainsAnyExcept(0);

    public long RowGroups(Pruner pruner) => _rowGroups[(int)pruner];

    public long Rows(Pruner pruner) => _rows[(int)pruner];

    /// <summary>Counts one narrowing.</summary>
    public void Add(Pruner pruner, RowGroupAccess before, RowGroupAccess after)
    {
        _rows[(int)pruner] += before.Rows.Rows - after.Rows.Rows;
        if (after.Kind == AccessKind.Skip && before.Kind != AccessKind.Skip) _rowGroups[(int)pruner]++;
    }
}
