using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Scan;

/// <summary>Plans the access to row groups of one file, one after the other, by what lies outside the footer: page indexes and bloom filters.</summary>
/// <remarks>An index that can't be understood narrows nothing: all data can be read without it.</remarks>
sealed class AccessPlanner(IByteSource source, ReadAhead ahead, Buffers buffers, IReadOnlyList<FileColumn> columns, IReadOnlySet<Pruner> pruners, PruningCounts counts)
{
    /// <summary>An offset index of one page is hardly longer.</summary>
    const int OnePageIndex = 20;

    /// <summary>The longest index or filter that is read: some hundred thousand pages, a million values.</summary>
    const int MaxIndex = 4 << 20;

    readonly List<byte[]> _read = [];

    /// <summary>Starts reading the page indexes of row groups that are to be planned.</summary>
    /// <returns>What <see cref="ReadAhead.ReleaseAsync"/> takes back when they all are.</returns>
    public object Start(IReadOnlyList<RowGroup> groups, Predicate? partition, Predicate? where, CancellationToken cancellationToken)
    {
        int[] filtered = [.. (partition?.Ordinals ?? []).Union(where?.Ordinals ?? [])];
        return ahead.Start(groups.SelectMany(group => IndexRanges(group.Chunks, filtered)), cancellationToken);
    }

    public async ValueTask<PlannedAccess> PlanAsync(RowGroup group, Predicate? partition, Predicate? where, CancellationToken cancellationToken)
    {
        try
        {
            var pages = new OffsetIndex?[columns.Count];
            for (var i = 0; i < pages.Length; i++) pages[i] = await OffsetsAsync(group.Chunks[i], group.Rows, cancellationToken);
            var all = RowGroupAccess.Scan(group.Rows);
            var wanted = partition is null ? all : await NarrowAsync(all, partition, group.Chunks, pages, cancellationToken);
            var passing = where is null || wanted.Kind == AccessKind.Skip ? all : await NarrowAsync(all, where, group.Chunks, pages, cancellationToken);
            return new PlannedAccess(group, wanted, passing, pages);
        }
        finally
        {
            foreach (var bytes in _read) buffers.Return(bytes);
            _read.Clear();
        }
    }

    /// <summary>The access narrowed to nothing when the column's whole dictionary has no value that matches.</summary>
    public RowGroupAccess Narrow(RowGroupAccess access, Predicate predicate, int ordinal, Column dictionary) =>
        predicate.CanMatch(ordinal, dictionary) ? access : Counted(access, RowRanges.None, Pruner.Dictionary);

    async ValueTask<RowGroupAccess> NarrowAsync(RowGroupAccess access, Predicate predicate, IReadOnlyList<ColumnChunk> chunks, OffsetIndex?[] pages, CancellationToken cancellationToken)
    {
        foreach (var ordinal in predicate.Ordinals)
        {
            if (access.Kind == AccessKind.Skip) return access;
            if (!pruners.Contains(Pruner.PageIndex) || pages[ordinal] is not { } places || chunks[ordinal].ColumnIndex is not { } index || !Reads(index)) continue;
            var bytes = await ReadAsync(index, cancellationToken);
            var bounds = Understood(() => ColumnIndex.Parse(bytes.Span, columns[ordinal].Stored!, places.Pages));
            if (bounds is not null) access = Counted(access, Matching(predicate, ordinal, bounds, places), Pruner.PageIndex);
        }
        foreach (var ordinal in predicate.Ordinals)
        {
            if (access.Kind == AccessKind.Skip) return access;
            // A filter holds the values as they are stored. The dictionary, which is read anyway, knows better.
            if (columns[ordinal].IsWidened) continue;
            if (!pruners.Contains(Pruner.BloomFilter) || chunks[ordinal].IsDictionaryEncoded || chunks[ordinal].BloomFilter is not { } place) continue;
            if (predicate.RequiredValues(ordinal) is not { } values || await FilterAsync(place, cancellationToken) is not { } filter) continue;
            if (!values.Any(value => filter.MayContain(columns[ordinal].Stored!, value))) access = Counted(access, RowRanges.None, Pruner.BloomFilter);
        }
        return access;
    }

    RowGroupAccess Counted(RowGroupAccess access, RowRanges rows, Pruner pruner)
    {
        var narrowed = access.Narrow(rows, pruner);
        counts.Add(pruner, access, narrowed);
        return narrowed;
    }

    RowRanges Matching(Predicate predicate, int ordinal, ColumnBounds[] bounds, OffsetIndex pages)
    {
        var byOrdinal = new ColumnBounds[columns.Count];
        var ranges = new List<RowRange>();
        for (var page = 0; page < pages.Pages; page++)
        {
            byOrdinal[ordinal] = columns[ordinal].Widen(bounds[page]);
            if (predicate.CanMatch(byOrdinal)) ranges.Add(pages.Rows(page));
        }
        return RowRanges.Of(ranges);
    }

    static IEnumerable<ByteRange> IndexRanges(IReadOnlyList<ColumnChunk> chunks, int[] filtered)
    {
        foreach (var chunk in chunks)
        {
            if (HasPages(chunk)) yield return chunk.OffsetIndex!.Value;
        }
        foreach (var ordinal in filtered)
        {
            if (HasPages(chunks[ordinal]) && chunks[ordinal].ColumnIndex is { } index) yield return index;
        }
    }

    async ValueTask<OffsetIndex?> OffsetsAsync(ColumnChunk chunk, long rows, CancellationToken cancellationToken)
    {
        if (!pruners.Contains(Pruner.PageIndex) || !HasPages(chunk)) return null;
        var bytes = await ReadAsync(chunk.OffsetIndex!.Value, cancellationToken);
        return Understood(() => OffsetIndex.Parse(bytes.Span, chunk, rows));
    }

    async ValueTask<BloomFilter?> FilterAsync(ByteRange place, CancellationToken cancellationToken)
    {
        var known = place.Length > 0;
        if (known && !Reads(place)) return null;
        var bytes = await ReadAsync(known ? place : place with { Length = Math.Min(BloomFilter.MaxHeaderLength, source.Length - place.Offset) }, cancellationToken);
        if (Understood(() => BloomFilter.ParseHeader(bytes.Span)) is not { } header || header.Length + header.Bits > source.Length - place.Offset) return null;
        return new BloomFilter(header.Length + header.Bits <= bytes.Length
            ? bytes.Slice(header.Length, header.Bits)
            : await ReadAsync(new ByteRange(place.Offset + header.Length, header.Bits), cancellationToken));
    }

    static bool HasPages(ColumnChunk chunk) => chunk.OffsetIndex is { Length: > OnePageIndex } index && Reads(index);

    static bool Reads(ByteRange index) => index.Length is > 0 and <= MaxIndex;

    async ValueTask<ReadOnlyMemory<byte>> ReadAsync(ByteRange range, CancellationToken cancellationToken)
    {
        var held = await ahead.FindAsync(range.Offset, (int)range.Length, cancellationToken);
        if (held.Length > 0) return held[..(int)range.Length];
        var bytes = buffers.Rent((int)range.Length);
        _read.Add(bytes);
        await source.ReadAsync(range.Offset, bytes.AsMemory(0, (int)range.Length), cancellationToken);
        return bytes.AsMemory(0, (int)range.Length);
    }

    static T? Understood<T>(Func<T?> parse) where T : class
    {
        try
        {
            return parse();
        }
        catch (Exception exception) when (ParquetDataException.From(exception) is not null)
        {
            return null;
        }
    }
}
