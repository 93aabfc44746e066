using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Rows mode: the selected rows themselves, in source order or sorted.</summary>
public sealed class RowsReducer : Reducer
{
    readonly Scalar _partition;
    readonly int[] _select;
    readonly IReadOnlyList<SortKey> _sort;
    readonly long _limit;
    Column[] _rows;
    Column[]? _spare;
    long _taken;

    /// <param name="select">Ordinals of the input's columns, in output order, without the partition column.</param>
    /// <param name="sort">Over the output's ordinals; ties go by source order.</param>
    public RowsReducer(Schema input, Field partitionField, Scalar partition, IReadOnlyList<int> select, IReadOnlyList<SortKey> sort, long limit = long.MaxValue)
        : base(new Schema([partitionField, .. select.Select(ordinal => input[ordinal])]), select)
    {
        _partition = partition;
        _select = [.. select];
        _sort = sort;
        _limit = limit;
        _rows = NewColumns();
    }

    public override void Accumulate(RowBatch batch)
    {
        var rows = _sort.Count == 0 ? (int)Math.Min(batch.Rows, _limit - _taken) : batch.Rows;
        if (rows == 0) return;
        Fill(_rows[0], _partition, rows);
        for (var i = 0; i < _select.Length; i++) _rows[i + 1].AppendRange(batch.Columns[_select[i]], 0, rows);
        _taken += rows;
        // Of a sorted and limited output only the first rows can matter.
        if (_sort.Count > 0 && _limit <= int.MaxValue / 4 && _rows[0].Length >= Math.Max(4 * _limit, RowGroupRows)) _rows = Sorted();
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
        var rows = _sort.Count > 0 ? Sorted() : _rows;
        for (var from = 0; from < rows[0].Length; from += RowGroupRows)
        {
            var count = Math.Min(RowGroupRows, rows[0].Length - from);
            if (from == 0 && count == rows[0].Length) yield return rows;
            else yield return Take(rows, [.. Enumerable.Range(from, count)]);
        }
    }

    Column[] Sorted()
    {
        var order = SortKey.Order(_rows, _sort, _rows[0].Length, static (left, right) => left.CompareTo(right));
        return Take(_rows, order.AsSpan(0, (int)Math.Min(order.Length, _limit)));
    }

    Column[] Take(Column[] source, ReadOnlySpan<int> rows)
    {
        var columns = NewColumns();
        for (var i = 0; i < columns.Length; i++) columns[i].AppendFrom(source[i], rows);
        return columns;
    }

    Column[] NewColumns() => [.. OutputSchema.Fields.Select(field => Column.Create(field.Type))];
}
