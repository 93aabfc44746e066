using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Group-by with aggregates. Without keys there is one group as soon as there is a row.</summary>
public sealed class GroupReducer : Reducer
{
    readonly Scalar? _partition;
    readonly int[] _keys;
    readonly IReadOnlyList<Aggregate> _aggregates;
    readonly Accumulator[] _accumulators;
    readonly GroupTable _table;
    readonly IReadOnlyList<SortKey> _sort;
    readonly long _limit;
    readonly Column[] _keyColumns;
    int[] _groups = [];

    /// <param name="input">The schema of the batches.</param>
    /// <param name="partition">The field and value that lead every output row; null for an output that begins with the keys.</param>
    /// <param name="keys">Ordinals of the group keys in the input.</param>
    /// <param name="sort">Over the output's ordinals; ties, and an empty sort, go by the keys ascending.</param>
    public GroupReducer(Schema input, (Field Field, Scalar Value)? partition, IReadOnlyList<int> keys, IReadOnlyList<Aggregate> aggregates, IReadOnlyList<SortKey> sort, long limit = long.MaxValue)
        : base(Output(input, partition?.Field, keys, aggregates), keys.Concat(aggregates.Select(aggregate => aggregate.Input).Where(ordinal => ordinal >= 0)))
    {
        _partition = partition?.Value;
        _keys = [.. keys];
        _keyColumns = new Column[keys.Count];
        _aggregates = aggregates;
        _accumulators = [.. aggregates.Select(aggregate => Accumulator.Create(aggregate, aggregate.Input < 0 ? null : input[aggregate.Input].Type))];
        _table = new GroupTable(keys.Select(key => input[key].Type));
        _sort = sort;
        _limit = limit;
    }

    public int Groups => _table.Count;

    public override void Accumulate(RowBatch batch)
    {
        if (batch.Rows == 0) return;
        if (_groups.Length < batch.Rows) _groups = new int[batch.Rows];
        var groups = _groups.AsSpan(0, batch.Rows);
        for (var i = 0; i < _keys.Length; i++) _keyColumns[i] = batch.Columns[_keys[i]];
        _table.Assign(_keyColumns, groups);
        for (var i = 0; i < _accumulators.Length; i++)
        {
            var input = _aggregates[i].Input < 0 ? null : batch.Columns[_aggregates[i].Input];
            _accumulators[i].Resize(_table.Count);
            if (_keys.Length == 0) _accumulators[i].AccumulateAll(input, batch.Rows);
            else _accumulators[i].Accumulate(input, groups);
        }
    }

    /// <summary>Adds the states of another reducer of the same reduction, which then must not be used.</summary>
    public void Merge(GroupReducer other)
    {
        var groups = new int[other._table.Count];
        for (var i = 0; i < groups.Length; i++) groups[i] = _table.GroupOf(other._table, i);
        for (var i = 0; i < _accumulators.Length; i++)
        {
            _accumulators[i].Resize(_table.Count);
            _accumulators[i].Merge(other._accumulators[i], groups);
        }
    }

    public override IReadOnlyList<Column>? TakeReady() => null;

    public override IEnumerable<IReadOnlyList<Column>> Finish()
    {
        var order = SortKey.Order([], [], _table.Count, CompareKeys);
        if (_sort.Count > 0)
        {
            var columns = Build(order);
            var sorted = SortKey.Order(columns, _sort, order.Length, static (left, right) => left.CompareTo(right));
            order = [.. sorted.Select(row => order[row])];
        }
        var rows = (int)Math.Min(order.Length, _limit);
        for (var from = 0; from < rows; from += RowGroupRows) yield return Build(order.AsSpan(from, Math.Min(RowGroupRows, rows - from)));
    }

    int CompareKeys(int left, int right) => _table.EncodedKey(left).SequenceCompareTo(_table.EncodedKey(right));

    Column[] Build(ReadOnlySpan<int> order)
    {
        var columns = new Column[OutputSchema.Count];
        for (var i = 0; i < columns.Length; i++) columns[i] = Column.Create(OutputSchema[i].Type);
        var next = 0;
        if (_partition is { } value) Fill(columns[next++], value, order.Length);
        foreach (var key in _table.Keys) columns[next++].AppendFrom(key, order);
        foreach (var accumulator in _accumulators) accumulator.Finish(order, columns[next++]);
        return columns;
    }

    static Schema Output(Schema input, Field? partition, IReadOnlyList<int> keys, IReadOnlyList<Aggregate> aggregates) => new(
        [
            .. partition is null ? Array.Empty<Field>() : [partition],
            .. keys.Select(key => input[key]),
            .. aggregates.Select(aggregate => new Field(aggregate.Name,
                aggregate.Input < 0 ? DataType.Int64 : Aggregate.ResultType(aggregate.Function, input[aggregate.Input].Type)
                    ?? throw new ArgumentException($"{aggregate.Function} is not defined for {input[aggregate.Input].Type}", nameof(aggregates)))),
        ]);
}
