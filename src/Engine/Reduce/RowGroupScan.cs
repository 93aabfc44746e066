using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Reduce;

/// <summary>What scanning found: rows decoded, rows of the partition before <c>where</c>, rows that reached the reducer.</summary>
public readonly record struct ScanCounts(long RowsDecoded, long RowsInPartition, long RowsSelected)
{
    public static ScanCounts operator +(ScanCounts a, ScanCounts b) => new(a.RowsDecoded + b.RowsDecoded, a.RowsInPartition + b.RowsInPartition, a.RowsSelected + b.RowsSelected);
}

/// <summary>
/// Scans row groups of one file into a reducer: the columns of the partition predicate first, then those of <c>where</c>, then, only where
/// rows are left, the others.
/// </summary>
public sealed class RowGroupScan : IDisposable
{
    const int BatchRows = 8192;

    readonly ColumnChunkReader[] _readers;
    readonly IReadOnlyList<ParquetColumn> _columns;
    readonly Predicate? _partition;
    readonly Predicate? _where;
    readonly Column[] _batch;
    readonly int[] _selected = new int[BatchRows];
    readonly int[] _whereSelected = new int[BatchRows];

    /// <param name="columns">The file's columns in the order of the batches' schema; all flat and readable. The first, the partition column, is always decoded whole.</param>
    public RowGroupScan(IByteSource source, IReadOnlyList<ParquetColumn> columns, long dataEnd, Predicate? partition, Predicate? where)
    {
        _columns = columns;
        _readers = [.. columns.Select(column => new ColumnChunkReader(source, column, dataEnd))];
        _batch = new Column[columns.Count];
        _partition = partition;
        _where = where;
    }

    /// <summary>Scans one row group whole; <paramref name="chunks"/> are in the order of the columns.</summary>
    public async ValueTask<ScanCounts> ScanAsync(int rowGroup, long rows, IReadOnlyList<ColumnChunk> chunks, Reducer reducer, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _readers.Length; i++) _readers[i].Open(rowGroup, chunks[i]);
        var before = _readers[0].RowsRead;
        var counts = default(ScanCounts);
        for (var left = rows; left > 0; left -= BatchRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            counts += await ScanBatchAsync((int)Math.Min(left, BatchRows), reducer, cancellationToken);
        }
        // What the reader of the first column delivered, not what was asked of it: the proof of completeness rests on it.
        return counts with { RowsDecoded = _readers[0].RowsRead - before };
    }

    public void Dispose()
    {
        foreach (var reader in _readers) reader.Dispose();
    }

    async ValueTask<ScanCounts> ScanBatchAsync(int rows, Reducer reducer, CancellationToken cancellationToken)
    {
        Array.Clear(_batch);
        var batch = new RowBatch(rows, _batch);
        var inPartition = rows;
        await LoadAsync([0], rows, cancellationToken);
        if (_partition is not null)
        {
            await LoadAsync(_partition.Ordinals, rows, cancellationToken);
            inPartition = _partition.Select(batch, _selected);
        }
        else for (var i = 0; i < rows; i++) _selected[i] = i;
        var count = inPartition;
        if (_where is not null && count > 0)
        {
            await LoadAsync(_where.Ordinals, rows, cancellationToken);
            var passing = _where.Select(batch, _whereSelected);
            count = Intersect(_selected.AsSpan(0, count), _whereSelected.AsSpan(0, passing));
        }
        for (var i = 0; i < _readers.Length; i++)
        {
            if (_batch[i] is not null) continue;
            if (count == 0) _readers[i].Skip(rows);
            else _batch[i] = await _readers[i].ReadAsync(rows, cancellationToken);
        }
        if (count > 0) reducer.Accumulate(batch, _selected.AsSpan(0, count));
        return new ScanCounts(0, inPartition, count);
    }

    async ValueTask LoadAsync(IReadOnlyList<int> ordinals, int rows, CancellationToken cancellationToken)
    {
        foreach (var ordinal in ordinals) _batch[ordinal] ??= await _readers[ordinal].ReadAsync(rows, cancellationToken);
    }

    /// <summary>Leaves in <paramref name="left"/> what both ascending lists hold; returns how many.</summary>
    static int Intersect(Span<int> left, ReadOnlySpan<int> right)
    {
        int count = 0, j = 0;
        for (var i = 0; i < left.Length && j < right.Length; i++)
        {
            while (j < right.Length && right[j] < left[i]) j++;
            if (j < right.Length && right[j] == left[i]) left[count++] = left[i];
        }
        return count;
    }
}
