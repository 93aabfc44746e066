using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Scan;

/// <summary>Plans the access to row groups of one file, one after the other, by what lies outside the footer: page indexes and bloom filters.</summary>
/// <remarks>An index that can't be understood, or has no room, narrows nothing: all data can be read without it.</remarks>
sealed class AccessPlanner(IByteSource source, ReadAhead ahead, Buffers buffers, IReadOnlyList<FileColumn> columns, IReadOnlySet<Pruner> pruners, PruningCounts counts) : IDisposable
{
    /// <summary>An offset index of one page is hardly longer.</summary>
    const int OnePageIndex = 20;

    /// <summary>The longest index or filter that is read: some hundred thousand pages, a million values.</summary>
    const int MaxIndex = 4 << 20;

    /// <summary>What an index takes at most while it is parsed, for each byte of it: lists of pages, and bounds that are objects of their own.</summary>
    const long ParsedBytes = 24;

    readonly List<byte[]> _read = [];
    long _kept;

    /// <summary>Starts reading the page indexes of row groups that are to be planned.</summary>
    /// <returns>What <see cref="ReadAhead.ReleaseAsync"/> takes back when they all are.</returns>
    public object Start(IReadOnlyList<RowGroup> groups, Predicate? partition, Predicate? where, CancellationToken cancellationToken)
    {
        int[] filtered = [.. Filtered(partition).Union(Filtered(where))];
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

    /// <summary>Gives up the page indexes of a row group that is done.</summary>
    public void Release(PlannedAccess access)
    {
        foreach (var pages in access.Pages) Release(pages?.Bytes ?? 0);
    }

    public void Dispose() => Release(_kept);

    void Release(long bytes)
    {
        buffers.Account.Release(bytes);
        _kept -= bytes;
    }

    /// <summary>The access narrowed to nothing when the column's whole dictionary has no value that matches.</summary>
    public RowGroupAccess Narrow(RowGroupAccess access, Predicate predicate, int ordinal, Column dictionary) =>
        predicate.CanMatch(ordinal, dictionary) ? access : Counted(access, RowRanges.None, Pruner.Dictionary);

    async ValueTask<RowGroupAccess> NarrowAsync(RowGroupAccess access, Predicate predicate, IReadOnlyList<ColumnChunk> chunks, OffsetIndex?[] pages, CancellationToken cancellationToken)
    {
        foreach (var ordinal in Filtered(predicate))
        {
            if (access.Kind == AccessKind.Skip) return access;
            if (!pruners.Contains(Pruner.PageIndex) || pages[ordinal] is not { } places || chunks[ordinal].ColumnIndex is not { } index || !Reads(index)) continue;
            if (await ReadAsync(index, cancellationToken) is not { } bytes) continue;
            var bounds = Understood(bytes, index => ColumnIndex.Parse(index, columns[ordinal].Stored!, places.Pages));
            if (bounds is not null) access = Counted(access, Matching(predicate, ordinal, bounds, places), Pruner.PageIndex);
        }
        foreach (var ordinal in Filtered(predicate))
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

    /// <summary>The columns that a predicate reads, without derived ones.</summary>
    IEnumerable<int> Filtered(Predicate? predicate) => predicate?.Ordinals.Where(ordinal => ordinal < columns.Count) ?? [];

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
        if (await ReadAsync(chunk.OffsetIndex!.Value, cancellationToken) is not { } bytes) return null;
        if (Understood(bytes, index => OffsetIndex.Parse(index, chunk, rows)) is not { } offsets || !buffers.Account.TryCharge(offsets.Bytes)) return null;
        _kept += offsets.Bytes;
        return offsets;
    }

    async ValueTask<BloomFilter?> FilterAsync(ByteRange place, CancellationToken cancellationToken)
    {
        var known = place.Length > 0;
        if (known && !Reads(place)) return null;
        if (await ReadAsync(known ? place : place with { Length = Math.Min(BloomFilter.MaxHeaderLength, source.Length - place.Offset) }, cancellationToken) is not { } bytes) return null;
        if (Understood(bytes, BloomFilter.ParseHeader) is not { } header || header.Length + header.Bits > source.Length - place.Offset) return null;
        if (header.Length + header.Bits <= bytes.Length) return new BloomFilter(bytes.Slice(header.Length, header.Bits));
        return await ReadAsync(new ByteRange(place.Offset + header.Length, header.Bits), cancellationToken) is { } bits ? new BloomFilter(bits) : null;
    }

    static bool HasPages(ColumnChunk chunk) => chunk.OffsetIndex is { Length: > OnePageIndex } index && Reads(index);

    static bool Reads(ByteRange index) => index.Length is > 0 and <= MaxIndex;

    /// <summary>The bytes, valid until the row group is planned; null when there is no room for them.</summary>
    async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(ByteRange range, CancellationToken cancellationToken)
    {
        var held = await ahead.FindAsync(range.Offset, (int)range.Length, cancellationToken);
        if (held.Length > 0) return held[..(int)range.Length];
        if (!buffers.TryRent((int)range.Length, out var bytes)) return null;
        _read.Add(bytes);
        await source.ReadAsync(range.Offset, bytes.AsMemory(0, (int)range.Length), cancellationToken);
        return bytes.AsMemory(0, (int)range.Length);
    }

    T? Understood<T>(ReadOnlyMemory<byte> bytes, Parse<T> parse) where T : class
    {
        if (!buffers.Account.TryCharge(bytes.Length * ParsedBytes)) return null;
        try
        {
            return parse(bytes.Span);
        }
        catch (Exception exception) when (ParquetDataException.From(exception) is not null)
        {
            return null;
        }
        finally
        {
            buffers.Account.Release(bytes.Length * ParsedBytes);
        }
    }

    delegate T? Parse<T>(ReadOnlySpan<byte> bytes);
}
