using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Rows mode: the selected rows themselves, in source order or sorted.</summary>
public sealed class RowsReducer : Reducer
{
    readonly Scalar _partition;
    readonly int[] _select;
    readonly IReadOnlyList<SortKey> _sort;
    readonly long _limit;
    readonly StateMemory _memory;
    Column[] _rows;
    Column[]? _spare;
    long _taken;

    /// <param name="select">Ordinals of the input's columns, in output order, without the partition column.</param>
    /// <param name="sort">Over the output's ordinals; ties go by source order.</param>
    /// <param name="account">Charged for the rows held.</param>
    public RowsReducer(
        Schema input, Field partitionField, Scalar partition, IReadOnlyList<int> select, IReadOnlyList<SortKey> sort, long limit = long.MaxValue, MemoryAccount? account = null)
        : base(new Schema([partitionField, .. select.Select(ordinal => input[ordinal])]), select)
    {
        _partition = partition;
        _select = [.. select];
        _sort = sort;
        _limit = limit;
        _memory = new StateMemory(account);
        _rows = NewColumns();
    }

    public override void Accumulate(RowBatch batch)
    {
        var rows = _sort.Count == 0 ? (int)Math.Min(batch.Rows, _limit - _taken) : batch.Rows;
        if (rows == 0) return;
        Fill(_rows[0], _partition, rows);
        for (var i = 0; i < _select.Length; i++) _rows[i + 1].AppendRange(batch.Columns[_select[i]], 0, rows);
        _taken += rows;
        // Of a sorted and limited output only the first rows can matter. Rows that were kept come before newer ones, so ties still go by source order.
        if (_sort.Count > 0 && _limit <= int.MaxValue / 4 && _rows[0].Length >= Math.Max(4 * _limit, RowGroupRows)) Sort();
    }

    public override IReadOnlyList<Column>? TakeReady()
    {
        if (_sort.Count > 0 || _rows[0].Length < RowGroupRows) return null;
        var ready = _rows;
        _rows = _spare ?? NewColumns();
        _spare = ready;
        foreach (var column in _rows) column.Clear();
        return ready;
    }

    public override IEnumerable<IReadOnlyList<Column>> Finish()
    {
        if (_sort.Count > 0) Sort();
        var rows = _rows[0].Length;
        for (var from = 0; from < rows; from += RowGroupRows)
        {
            var count = Math.Min(RowGroupRows, rows - from);
            if (count == rows)
            {
                yield return _rows;
                break;
            }
            var piece = NewColumns();
            try
            {
                for (var i = 0; i < piece.Length; i++) piece[i].AppendRange(_rows[i], from, count);
                yield return piece;
            }
            finally
            {
                foreach (var column in piece) column.Release();
            }
        }
        Release();
    }

    public override void Release()
    {
        _memory.Release();
        foreach (var column in _rows) column.Release();
        foreach (var column in _spare ?? []) column.Release();
    }

    /// <summary>Sorts the rows held and drops those past the limit.</summary>
    void Sort()
    {
        var order = _memory.New<int>(_rows[0].Length);
        SortKey.Order(_rows, _sort, order);
        var unsorted = _rows;
        _rows = NewColumns();
        try
        {
            for (var i = 0; i < unsorted.Length; i++) _rows[i].AppendFrom(unsorted[i], order.AsSpan(0, (int)Math.Min(order.Length, _limit)));
        }
        finally
        {
            foreach (var column in unsorted) column.Release();
        }
        _memory.Free(order);
    }

    Column[] NewColumns() => _memory.NewColumns(OutputSchema);
}
