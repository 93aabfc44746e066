using System.Buffers;
using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Scan;

/// <summary>What scanning found: rows decoded, rows pruned since they can't be of the partition, rows of the partition before <c>where</c>, rows that reached the reducer.</summary>
public readonly record struct ScanCounts(long RowsDecoded, long RowsPruned, long RowsInPartition, long RowsSelected)
{
    public static ScanCounts operator +(ScanCounts a, ScanCounts b) =>
        new(a.RowsDecoded + b.RowsDecoded, a.RowsPruned + b.RowsPruned, a.RowsInPartition + b.RowsInPartition, a.RowsSelected + b.RowsSelected);
}

/// <summary>
/// Scans row groups of one file into a reducer, late: the columns of the partition predicate whole, of those of <c>where</c> the partition's
/// rows, of the others the rows that are left.
/// </summary>
public sealed class RowGroupScan : IAsyncDisposable
{
    /// <summary>Rows that are looked through at most before those found go to the reducer.</summary>
    const int MaxSliceRows = 1 << 20;

    /// <summary>Row groups up to this size are read whole: a second request would cost more than the bytes.</summary>
    const long SmallRowGroup = 256 << 10;

    readonly ReadAhead _ahead;
    readonly AccessPlanner _planner;
    readonly IReadOnlySet<Pruner> _pruners;
    readonly IReadOnlyList<FileColumn> _places;
    readonly ScanColumn[] _columns;
    readonly Predicate? _partition;
    readonly bool _isEmpty;
    readonly Predicate? _where;
    readonly Reducer _reducer;
    readonly Column[] _batch;
    readonly BatchRows _batchRows;
    readonly ReaderPlace[] _marks;
    readonly DerivedColumns _derived;
    readonly ChosenRows[] _chosen;
    readonly int[] _first;

    /// <summary>The column that tells how many rows were decoded; −1 when none is stored in the file, and its footer alone knows.</summary>
    readonly int _counted;

    /// <summary>What <c>where</c> and the reducer need, derived columns and their operands included; and of these the file's.</summary>
    readonly int[] _used;
    readonly int[] _later;
    readonly bool[] _isKept;
    readonly int[] _positions = ArrayPool<int>.Shared.Rent(2 * BatchRows.Most);
    readonly int[] _passing = ArrayPool<int>.Shared.Rent(2 * BatchRows.Most);
    bool _expectsRows;
    long _nextRow;

    /// <param name="columns">Where the file has the columns of the batches' schema, in its order; all flat and readable.</param>
    /// <param name="partition">Without one every row is selected, and one of the columns that the file stores is always decoded whole.</param>
    /// <param name="pruned">Counts what the pruners spare.</param>
    /// <param name="pruners">Those that may be used beside <see cref="Pruner.Statistics"/>, which is the planner's; null for all.</param>
    /// <param name="derived">Columns computed from those before them; their ordinals go on after the file's columns.</param>
    /// <param name="startRow">The place of the first row group's first row among the rows of the plan.</param>
    public RowGroupScan(
        IByteSource source, IReadOnlyList<FileColumn> columns, long dataEnd, Predicate? partition, Predicate? where, Reducer reducer, Buffers buffers, PruningCounts pruned,
        IReadOnlySet<Pruner>? pruners = null, long startRow = 0, IReadOnlyList<ValueExpression>? derived = null)
    {
        _ahead = new ReadAhead(source, buffers);
        _nextRow = startRow;
        _pruners = pruners ?? Enum.GetValues<Pruner>().ToHashSet();
        _planner = new AccessPlanner(source, _ahead, buffers, columns, _pruners, pruned);
        _places = columns;
        _columns = [.. columns.Select(column => ScanColumn.Create(column, source, _ahead, dataEnd, buffers))];
        derived ??= [];
        _derived = new DerivedColumns(derived, columns.Count, buffers);
        _chosen = [.. columns.Select(column => column.Type).Concat(derived.Select(value => value.Type)).Select(type => new ChosenRows(type, buffers))];
        _batch = new Column[_chosen.Length];
        _batchRows = new BatchRows(buffers.Account);
        _marks = new ReaderPlace[_columns.Length];
        // Constants decide about all rows at once, and leave nothing to look for.
        var isConstant = partition?.Ordinals.All(ordinal => columns[ordinal].Stored is null) == true;
        _isEmpty = isConstant && partition!.Select(new RowBatch(1, [.. columns.Select(column => column.Stored is null ? column.ConstantRow() : null!)]), _positions) == 0;
        _partition = isConstant ? null : partition?.In(buffers);
        _where = where?.In(buffers);
        _reducer = reducer;
        _used = [.. _derived.WithOperands(reducer.Ordinals.Union(where?.Ordinals ?? []))];
        _later = [.. _used.Where(ordinal => ordinal < columns.Count)];
        _first = _partition is not null ? [.. _partition.Ordinals] : [.. _later.Where(IsStored).Take(1)];
        _counted = _first.Where(IsStored).DefaultIfEmpty(-1).First();
        _isKept = [.. columns.Select((_, ordinal) => _partition is not null && _first.Contains(ordinal) && _later.Contains(ordinal))];

        bool IsStored(int ordinal) => columns[ordinal].Stored is not null;
    }

    /// <summary>Scans row groups in their order; yields the counts of each.</summary>
    /// <param name="stored">Their chunks are those of the columns that the file stores, in the order of the columns.</param>
    public async IAsyncEnumerable<ScanCounts> ScanAsync(IReadOnlyList<RowGroup> stored, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (_isEmpty)
        {
            foreach (var group in stored) yield return new ScanCounts(0, group.Rows, 0, 0);
            yield break;
        }
        var groups = stored.Select(WithConstants).ToList();
        var indexes = _planner.Start(groups, _partition, _where, cancellationToken);
        (PlannedAccess Access, Fetch? Fetch)? next = null;
        for (var i = 0; i < groups.Count; i++)
        {
            var (access, fetch) = next ?? await BeginAsync(groups[i], cancellationToken);
            next = i + 1 < groups.Count ? await BeginAsync(groups[i + 1], cancellationToken) : null;
            if (fetch is null)
            {
                _planner.Release(access);
                _nextRow += access.Group.Rows;
                yield return new ScanCounts(0, access.Group.Rows, 0, 0);
                continue;
            }
            yield return await ScanAsync(access, fetch, cancellationToken);
            _nextRow += access.Group.Rows;
            _planner.Release(access);
            await _ahead.ReleaseAsync(fetch.First);
            if (fetch.Rest is { } rest) await _ahead.ReleaseAsync(rest);
        }
        await _ahead.ReleaseAsync(indexes);
    }

    RowGroup WithConstants(RowGroup group)
    {
        if (group.Chunks.Count == _places.Count) return group;
        var next = 0;
        return group with { Chunks = [.. _places.Select(place => place.Stored is null ? ColumnChunk.None : group.Chunks[next++])] };
    }

    /// <summary>Plans a row group and starts reading it, unless there is nothing to read.</summary>
    async ValueTask<(PlannedAccess Access, Fetch? Fetch)> BeginAsync(RowGroup group, CancellationToken cancellationToken)
    {
        var access = await _planner.PlanAsync(group, _partition, _where, cancellationToken);
        return (access, access.Partition.Kind == AccessKind.Skip ? null : Start(access, cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _ahead.DisposeAsync();
        foreach (var column in _columns) column.Dispose();
        _planner.Dispose();
        _derived.Dispose();
        foreach (var chosen in _chosen) chosen.Release();
        _partition?.Release();
        _where?.Release();
        ArrayPool<int>.Shared.Return(_positions);
        ArrayPool<int>.Shared.Return(_passing);
    }

    /// <summary>What was read ahead for a row group.</summary>
    sealed class Fetch(object first, bool isAll)
    {
        public object First => first;

        /// <summary>Null while the columns that are needed only for rows found are not asked for.</summary>
        public object? Rest { get; set; }

        public bool IsAll => isAll;
    }

    // The first columns alone, or all where the last row group had rows for them: then the next is likely to, and one wait is spared.
    Fetch Start(PlannedAccess access, CancellationToken cancellationToken)
    {
        var isAll = _partition is null || _expectsRows || access.Group.Chunks.Sum(chunk => chunk.CompressedSize) <= SmallRowGroup;
        var ranges = _first.SelectMany(ordinal => access.Bytes(ordinal, access.Partition.Rows));
        if (isAll) ranges = ranges.Concat(Rest(access, access.Partition.Rows.Intersect(access.Where.Rows)));
        return new Fetch(_ahead.Start(ranges, cancellationToken), isAll);
    }

    IEnumerable<ByteRange> Rest(PlannedAccess access, RowRanges rows) => _later.Except(_first).SelectMany(ordinal => access.Bytes(ordinal, rows));

    async ValueTask<ScanCounts> ScanAsync(PlannedAccess access, Fetch fetch, CancellationToken cancellationToken)
    {
        var group = access.Group;
        foreach (var chosen in _chosen) chosen.Clear();
        for (var i = 0; i < _columns.Length; i++) _columns[i].Open(group.Ordinal, group.Chunks[i], access.Pages[i]);
        _batchRows.Plan(_used.Union(_first).Sum(ordinal => RowBytes(group, ordinal)));
        if (_partition is not null) access = access with { Partition = await NarrowByDictionaryAsync(access.Partition, _partition, group, cancellationToken) };
        var before = _counted < 0 ? 0 : _columns[_counted].RowsRead;
        var counts = new ScanCounts(0, group.Rows - access.Partition.Rows.Rows, 0, 0);
        long row = 0;
        foreach (var range in access.Partition.Rows.Ranges)
        {
            foreach (var column in _columns) column.Skip(range.From - row);
            for (row = range.From; row < range.To;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RowSelection slice;
                int inPartition;
                for (var i = 0; i < _columns.Length; i++) _marks[i] = _columns[i].Place;
                try
                {
                    Array.Clear(_batch);
                    slice = await FindPartitionAsync(range.To - row, cancellationToken);
                    inPartition = slice.Count;
                    if (inPartition > 0 && _where is not null)
                    {
                        if (counts.RowsInPartition == 0) access = access with { Where = await NarrowByDictionaryAsync(access.Where, _where, group, cancellationToken) };
                        slice = Within(slice, row, access.Where.Rows, group.Rows);
                    }
                    if (slice.Count > 0 && !fetch.IsAll) fetch.Rest ??= _ahead.Start(Rest(access, Found(slice, row, range, group.Rows)), cancellationToken);
                    slice = await LoadAsync(slice, cancellationToken);
                }
                catch (Exception exception) when (_batchRows.Shrinks(exception))
                {
                    GoBack();
                    continue;
                }
                if (slice.Count > 0) _reducer.Accumulate(new RowBatch(slice.Count, _batch, _nextRow + row));
                _batchRows.Passed();
                counts += new ScanCounts(0, 0, inPartition, slice.Count);
                row += slice.Rows;
            }
        }
        _expectsRows = counts.RowsInPartition > 0 && access.Where.Kind != AccessKind.Skip;
        // What a reader delivered, not what was asked of it: the proof of completeness rests on it.
        return counts with { RowsDecoded = _counted < 0 ? row : _columns[_counted].RowsRead - before };
    }

    /// <summary>What a row of a column takes in a batch.</summary>
    long RowBytes(RowGroup group, int ordinal)
    {
        if (ordinal >= _columns.Length) return _derived.BytesOf(ordinal, operand => RowBytes(group, operand));
        return BatchRows.BytesOf(group.Chunks[ordinal], _places[ordinal].Type);
    }

    /// <summary>Gives up the slice that had no room, to read it again in smaller ones.</summary>
    void GoBack()
    {
        for (var i = 0; i < _columns.Length; i++) _columns[i].ReturnTo(_marks[i]);
        foreach (var chosen in _chosen) chosen.Trim();
        _derived.Abandon();
        _partition?.Abandon();
        _where?.Abandon();
    }

    async ValueTask<RowGroupAccess> NarrowByDictionaryAsync(RowGroupAccess access, Predicate predicate, RowGroup group, CancellationToken cancellationToken)
    {
        foreach (var ordinal in predicate.Ordinals)
        {
            if (access.Kind == AccessKind.Skip) return access;
            if (!_pruners.Contains(Pruner.Dictionary) || ordinal >= _columns.Length || !group.Chunks[ordinal].IsDictionaryEncoded) continue;
            if (await _columns[ordinal].ReadDictionaryAsync(cancellationToken) is { } dictionary) access = _planner.Narrow(access, predicate, ordinal, dictionary);
        }
        return access;
    }

    /// <summary>The rows that the other columns are needed for: those found, and where the slice ends early all that follow.</summary>
    static RowRanges Found(RowSelection slice, long start, RowRange range, long groupRows)
    {
        if (slice.IsAll || start + slice.Rows < range.To || range.To < groupRows) return RowRanges.Of([new RowRange(start, groupRows)]);
        return RowRanges.Of(slice.Positions.ToArray().Select(position => new RowRange(start + position, start + position + 1)));
    }

    /// <summary>Goes through rows until enough of the partition are found.</summary>
    async ValueTask<RowSelection> FindPartitionAsync(long rowsLeft, CancellationToken cancellationToken)
    {
        if (_partition is null)
        {
            var all = RowSelection.All((int)Math.Min(rowsLeft, _batchRows.Count));
            foreach (var ordinal in _first) _batch[ordinal] = await _columns[ordinal].ReadAsync(all, cancellationToken);
            return all;
        }
        foreach (var ordinal in _first) _chosen[ordinal].Kept.Clear();
        int rows = 0, found = 0;
        var most = (int)Math.Min(rowsLeft, MaxSliceRows);
        while (rows < most && found < _batchRows.Count)
        {
            var take = Math.Min(_batchRows.Count, most - rows);
            foreach (var ordinal in _first) _batch[ordinal] = await _columns[ordinal].ReadAsync(RowSelection.All(take), cancellationToken);
            var count = _partition.Select(new RowBatch(take, _batch), _positions.AsSpan(found), rows);
            Keep(_positions.AsSpan(found, count), rows);
            found += count;
            rows += take;
        }
        foreach (var ordinal in _first) _batch[ordinal] = _isKept[ordinal] ? _chosen[ordinal].Kept : null!;
        return RowSelection.Some(rows, _positions.AsMemory(0, found));
    }

    void Keep(ReadOnlySpan<int> positions, int start)
    {
        if (positions.Length == 0 || !_isKept.Contains(true)) return;
        var relative = _passing.AsSpan(0, positions.Length);
        for (var i = 0; i < relative.Length; i++) relative[i] = positions[i] - start;
        foreach (var ordinal in _first)
        {
            if (_isKept[ordinal]) _chosen[ordinal].Kept.AppendFrom(_batch[ordinal], relative);
        }
    }

    /// <summary>Loads the columns that the reducer needs, of those rows of the slice for which <c>where</c> holds.</summary>
    async ValueTask<RowSelection> LoadAsync(RowSelection slice, CancellationToken cancellationToken)
    {
        if (_where is not null && slice.Count > 0) slice = await FilterAsync(slice, cancellationToken);
        if (slice.Count == 0)
        {
            foreach (var ordinal in _later)
            {
                if (_batch[ordinal] is null) _columns[ordinal].Skip(slice.Rows);
            }
            return slice;
        }
        await LoadAsync(_reducer.Ordinals, slice, cancellationToken);
        return slice;
    }

    async ValueTask<RowSelection> FilterAsync(RowSelection slice, CancellationToken cancellationToken)
    {
        await LoadAsync(_where!.Ordinals, slice, cancellationToken);
        var passing = _where.Select(new RowBatch(slice.Count, _batch), _passing);
        return passing == slice.Count ? slice : Narrow(slice, _passing.AsMemory(0, passing));
    }

    /// <summary>The slice without the rows outside <paramref name="rows"/>.</summary>
    RowSelection Within(RowSelection slice, long start, RowRanges rows, long groupRows)
    {
        if (rows.Rows == groupRows) return slice;
        var count = 0;
        var next = 0;
        for (var i = 0; i < slice.Count; i++)
        {
            var row = start + (slice.IsAll ? i : slice.Positions.Span[i]);
            while (next < rows.Ranges.Count && rows.Ranges[next].To <= row) next++;
            if (next == rows.Ranges.Count) break;
            if (rows.Ranges[next].From <= row) _passing[count++] = i;
        }
        return count == slice.Count ? slice : Narrow(slice, _passing.AsMemory(0, count));
    }

    /// <summary>Of the wanted rows those at <paramref name="kept"/>, in the columns loaded too.</summary>
    RowSelection Narrow(RowSelection slice, ReadOnlyMemory<int> kept)
    {
        foreach (var ordinal in _used)
        {
            if (_batch[ordinal] is { } column) _batch[ordinal] = _chosen[ordinal].Of(column, kept.Span);
        }
        if (slice.IsAll) kept.CopyTo(_positions);
        else for (var i = 0; i < kept.Length; i++) _positions[i] = slice.Positions.Span[kept.Span[i]];
        return RowSelection.Some(slice.Rows, _positions.AsMemory(0, kept.Length));
    }

    async ValueTask LoadAsync(IReadOnlyList<int> ordinals, RowSelection slice, CancellationToken cancellationToken)
    {
        foreach (var ordinal in ordinals)
        {
            if (_batch[ordinal] is not null) continue;
            if (ordinal < _columns.Length) _batch[ordinal] = await _columns[ordinal].ReadAsync(slice, cancellationToken);
            else
            {
                await LoadAsync(_derived.Operands(ordinal), slice, cancellationToken);
                _batch[ordinal] = _derived.Compute(ordinal, _batch, slice.Count);
            }
        }
    }
}
