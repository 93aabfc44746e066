using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Spill;

/// <summary>Sorts rows, equal ones in the order in which they came: in memory while they fit, then by runs.</summary>
/// <param name="limit">Rows that matter, from the first on.</param>
/// <param name="space">Null where nothing can be spilled.</param>
sealed class RowSorter(Schema schema, IReadOnlyList<SortKey> sort, long limit, StateMemory memory, SpillSpace? space)
{
    /// <summary>So many rows are looked through before those past a limit are dropped.</summary>
    const int LeastDropped = 32 * 1024;

    const int PieceRows = 4096;
    const int PieceBytes = 1 << 20;

    readonly RowOrder _order = new(sort);
    readonly SortedRuns? _runs = space is null ? null : new SortedRuns(schema, sort, space, limit);
    Column[] _rows = memory.NewColumns(schema);
    bool _isBusy;

    int Rows => _rows[0].Length;

    /// <summary>What the rows take in memory.</summary>
    public long Bytes => _rows.Sum(column => column.Held);

    /// <summary>Takes rows of columns in any form.</summary>
    public void Append(IReadOnlyList<Column> columns, int rows)
    {
        _isBusy = true;
        try
        {
            Take(columns, rows);
        }
        finally
        {
            _isBusy = false;
        }
    }

    void Take(IReadOnlyList<Column> columns, int rows)
    {
        while (!TryReserve(columns, rows)) Spill();
        for (var i = 0; i < _rows.Length; i++) _rows[i].AppendRange(columns[i], 0, rows);
        // Rows that were kept come before newer ones, so ties still go by the order in which they came.
        if (limit <= int.MaxValue / 4 && Rows >= Math.Max(4 * limit, LeastDropped)) Drop();
    }

    /// <summary>All rows in order, in pieces that belong to the caller until the next.</summary>
    public IEnumerable<IReadOnlyList<Column>> Finish()
    {
        _isBusy = true;
        if (_runs is { Any: true })
        {
            Spill();
            return _runs.Merge();
        }
        return InMemory();
    }

    /// <summary>Writes the rows held as a run; false when there are none, or no place for them.</summary>
    public bool Spill()
    {
        if (_runs is null || Rows == 0) return false;
        memory.Keep(0);
        _runs.Add(run =>
        {
            var piece = memory.NewColumns(schema);
            try
            {
                foreach (var rows in Pieces(piece, space!.Frame)) run.Write(rows);
            }
            finally
            {
                Release(piece);
            }
        });
        Release(_rows);
        _rows = memory.NewColumns(schema);
        _runs.Compact();
        return true;
    }

    /// <summary>The same for others that need memory, unless it is being used just now.</summary>
    public bool Relieve() => !_isBusy && Spill();

    public void Release()
    {
        Release(_rows);
        _runs?.Release();
    }

    /// <summary>Makes room for the rows, and for writing all as a run; false when there is none, and what is there can be spilled.</summary>
    bool TryReserve(IReadOnlyList<Column> columns, int rows)
    {
        try
        {
            for (var i = 0; i < _rows.Length; i++) _rows[i].Reserve(rows, columns[i].BytesOf(0, rows));
            memory.Keep(RowOrder.BytesPerRow * ((long)Rows + rows) + 2 * (space?.FrameBytes ?? 0));
            return true;
        }
        catch (MemoryExceededException) when (_runs is not null && Rows > 0)
        {
            return false;
        }
    }

    IEnumerable<IReadOnlyList<Column>> InMemory()
    {
        memory.Keep(0);
        var piece = memory.NewColumns(schema);
        try
        {
            foreach (var rows in Pieces(piece, space?.Frame ?? new FrameLimits(PieceRows, PieceBytes))) yield return rows;
        }
        finally
        {
            Release(piece);
        }
    }

    /// <summary>The rows in order, up to the limit, one piece after another in the same columns.</summary>
    IEnumerable<Column[]> Pieces(Column[] piece, FrameLimits limits)
    {
        var order = memory.New<int>(Rows);
        try
        {
            Fill(order);
            var rows = (int)Math.Min(order.Length, limit);
            for (int from = 0, count; from < rows; from += count)
            {
                count = limits.Next(from, rows, row => BytesOf(order[row]));
                for (var i = 0; i < piece.Length; i++)
                {
                    piece[i].Clear();
                    piece[i].AppendFrom(_rows[i], order.AsSpan(from, count));
                }
                yield return piece;
            }
        }
        finally
        {
            memory.Free(order);
        }
    }

    void Fill(int[] order)
    {
        var prefixes = memory.New<ulong>(order.Length);
        try
        {
            _order.Fill(_rows, order, prefixes);
        }
        finally
        {
            memory.Free(prefixes);
        }
    }

    /// <summary>Drops the rows past the limit.</summary>
    void Drop()
    {
        memory.Keep(0);
        var kept = memory.NewColumns(schema);
        try
        {
            foreach (var _ in Pieces(kept, new FrameLimits((int)Math.Max(1, limit), long.MaxValue))) break;
        }
        catch (MemoryExceededException) when (_runs is not null)
        {
            Release(kept);
            Spill();
            return;
        }
        Release(_rows);
        _rows = kept;
    }

    long BytesOf(int row)
    {
        long bytes = 0;
        foreach (var column in _rows) bytes += column.BytesOf(row, 1) + column.Type.Width;
        return bytes;
    }

    static void Release(Column[] columns)
    {
        foreach (var column in columns) column.Release();
    }
}
