using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Reduce;

/// <summary>Rows mode: the selected rows themselves, in source order or sorted. Rows to be sorted that do not fit in memory are spilled.</summary>
public sealed class RowsReducer : Reducer
{
    readonly Scalar _partition;
    readonly int[] _select;
    readonly long _limit;
    readonly MemoryAccount? _account;
    readonly StateMemory _memory;
    readonly Column[] _columns;
    readonly Column _partitions;

    /// <summary>Null when rows come out as they go in.</summary>
    readonly RowSorter? _sorter;
    long _taken;

    /// <param name="select">Ordinals of the input's columns, in output order, without the partition column.</param>
    /// <param name="sort">Over the output's ordinals; ties go by source order.</param>
    /// <param name="account">Charged for the rows held.</param>
    /// <param name="space">Where rows go that do not fit; null when all must fit. It shares the account.</param>
    public RowsReducer(
        Schema input, Field partitionField, Scalar partition, IReadOnlyList<int> select, IReadOnlyList<SortKey> sort, long limit = long.MaxValue, MemoryAccount? account = null, SpillSpace? space = null)
        : base(new Schema([partitionField, .. select.Select(ordinal => input[ordinal])]), select)
    {
        _partition = partition;
        _select = [.. select];
        _limit = limit;
        _account = account;
        _memory = new StateMemory(account);
        _partitions = _memory.NewColumn(partitionField.Type);
        _columns = new Column[select.Count + 1];
        if (sort.Count == 0) return;
        _sorter = new RowSorter(OutputSchema, sort, limit, _memory, space);
        if (space is not null) account?.RelieveBy(Spill, () => _sorter.Bytes);
    }

    public override void Accumulate(RowBatch batch)
    {
        if (_partitions.Length < batch.Rows) _partitions.AppendRepeated(_partition, batch.Rows - _partitions.Length);
        _columns[0] = _partitions;
        for (var i = 0; i < _select.Length; i++) _columns[i + 1] = batch.Columns[_select[i]];
        Append(new RowBatch(batch.Rows, _columns));
    }

    /// <summary>Takes rows of the output, such as another reducer of the same reduction gave.</summary>
    public void Append(RowBatch output)
    {
        if (_sorter is not null)
        {
            _sorter.Append(output.Columns, output.Rows);
            return;
        }
        var rows = (int)Math.Min(output.Rows, _limit - _taken);
        _taken += rows;
        if (rows > 0) Ready(output with { Rows = rows });
    }

    public override IEnumerable<IReadOnlyList<Column>> Finish()
    {
        foreach (var piece in _sorter?.Finish() ?? []) yield return piece;
        Release();
    }

    public override bool Spill() => _sorter?.Relieve() == true;

    public override void Release()
    {
        _memory.Release();
        _sorter?.Release();
        if (_sorter is not null) _account?.RelieveBy(null, null);
    }
}
