using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Group-by with aggregates. Without keys there is one group as soon as there is a row.</summary>
public sealed class GroupReducer : Reducer
{
    readonly StateMemory _memory;
    readonly Scalar? _partition;
    readonly int[] _keys;
    readonly IReadOnlyList<Aggregate> _aggregates;
    readonly Accumulator[] _accumulators;
    readonly GroupTable _table;
    readonly RowCounts _rows;
    readonly IReadOnlyList<SortKey> _sort;
    readonly long _limit;
    readonly Column[] _keyColumns;
    readonly PlainColumns _plain;
    readonly PlainColumns _plainStates;
    int[] _groups = [];

    /// <param name="input">The schema of the batches.</param>
    /// <param name="partition">The field and value that lead every output row; null for an output that begins with the keys.</param>
    /// <param name="keys">Ordinals of the group keys in the input.</param>
    /// <param name="sort">Over the output's ordinals; ties, and an empty sort, go by the keys ascending.</param>
    /// <param name="account">Charged for keys, states and output.</param>
    public GroupReducer(
        Schema input, (Field Field, Scalar Value)? partition, IReadOnlyList<int> keys, IReadOnlyList<Aggregate> aggregates, IReadOnlyList<SortKey> sort, long limit = long.MaxValue,
        MemoryAccount? account = null)
        : base(Output(input, partition?.Field, keys, aggregates), keys.Concat(aggregates.Select(aggregate => aggregate.Input).Where(ordinal => ordinal >= 0)))
    {
        _memory = new StateMemory(account);
        _partition = partition?.Value;
        _keys = [.. keys];
        _keyColumns = new Column[keys.Count];
        _aggregates = aggregates;
        _rows = new RowCounts(_memory);
        _accumulators = [.. aggregates.Select(aggregate => Accumulator.Create(aggregate, aggregate.Input < 0 ? null : input[aggregate.Input].Type, _rows, _memory))];
        _table = new GroupTable(keys.Select(key => input[key].Type), _memory);
        _plain = new PlainColumns(input.Count, _memory);
        _sort = sort;
        _limit = limit;
        StateSchema = new Schema(
        [
            .. keys.Select((key, i) => new Field($"key{i}", input[key].Type)),
            .. _accumulators.SelectMany((accumulator, i) => accumulator.StateTypes.Select((type, part) => new Field($"state{i}.{part}", type))),
        ]);
        _plainStates = new PlainColumns(StateSchema.Count, _memory);
    }

    public int Groups => _table.Count;

    /// <summary>The columns of <see cref="States"/>: the keys, then the states of each aggregate.</summary>
    public Schema StateSchema { get; }

    public override void Accumulate(RowBatch batch)
    {
        if (batch.Rows == 0) return;
        for (var i = 0; i < _keys.Length; i++) _keyColumns[i] = batch.Columns[_keys[i]];
        var groups = Assign(batch.Rows);
        if (_keys.Length == 0) _rows.AddAll(batch.Rows);
        else _rows.Add(groups);
        _plain.Start(batch);
        for (var i = 0; i < _accumulators.Length; i++)
        {
            var ordinal = _aggregates[i].Input;
            var input = ordinal < 0 ? null : _accumulators[i].TakesCodes ? batch.Columns[ordinal] : _plain[ordinal];
            if (_keys.Length == 0) _accumulators[i].AccumulateAll(input, groups, batch.Position);
            else _accumulators[i].Accumulate(input, groups, batch.Position);
        }
    }

    /// <summary>The groups of the rows of the key columns, with room for them in all states.</summary>
    Span<int> Assign(int rows)
    {
        _memory.Lengthen(ref _groups, rows);
        var groups = _groups.AsSpan(0, rows);
        _table.Assign(_keyColumns, groups);
        _rows.Resize(_table.Count);
        foreach (var accumulator in _accumulators) accumulator.Resize(_table.Count);
        return groups;
    }

    /// <summary>Keys and states instead of results, cut into row groups, by the keys ascending. Each belongs to the caller until the next. Ends the reducer.</summary>
    public IEnumerable<IReadOnlyList<Column>> States()
    {
        var order = _table.Order();
        foreach (var columns in Pieces(StateSchema, order.Length, SaveStates)) yield return columns;

        void SaveStates(int from, int to, Column[] columns)
        {
            var groups = order.AsSpan(from, to - from);
            _table.WriteKeys(groups, columns);
            var next = _keys.Length;
            foreach (var accumulator in _accumulators)
            {
                accumulator.Save(groups, columns.AsSpan(next, accumulator.StateTypes.Count));
                next += accumulator.StateTypes.Count;
            }
        }
    }

    /// <summary>Adds keys and states that a reducer of the same reduction gave, in whatever order.</summary>
    public void Merge(RowBatch states)
    {
        if (states.Rows == 0) return;
        for (var i = 0; i < _keys.Length; i++) _keyColumns[i] = states.Columns[i];
        var groups = Assign(states.Rows);
        _plainStates.Start(states);
        var columns = new Column[StateSchema.Count];
        for (var i = _keys.Length; i < columns.Length; i++) columns[i] = _plainStates[i];
        var next = _keys.Length;
        foreach (var accumulator in _accumulators)
        {
            accumulator.Merge(columns.AsSpan(next, accumulator.StateTypes.Count), groups);
            next += accumulator.StateTypes.Count;
        }
    }

    public override IReadOnlyList<Column>? TakeReady() => null;

    public override IEnumerable<IReadOnlyList<Column>> Finish()
    {
        var order = _table.Order();
        if (_sort.Count > 0) order = Sorted(order);
        var rows = (int)Math.Min(order.Length, _limit);
        foreach (var columns in Pieces(OutputSchema, rows, (from, to, columns) => Write(order.AsSpan(from, to - from), columns))) yield return columns;
        Release();
    }

    /// <summary>Gives all memory back to the account. The reducer must not be used after it.</summary>
    public override void Release() => _memory.Release();

    int[] Sorted(int[] order)
    {
        // Only what the sort names is built for all groups.
        var columns = _memory.NewColumns(OutputSchema);
        var sorted = _memory.New<int>(order.Length);
        try
        {
            Write(order, columns, _sort.Select(key => key.Column).ToHashSet());
            SortKey.Order(columns, _sort, sorted);
        }
        finally
        {
            foreach (var column in columns) column.Release();
        }
        for (var i = 0; i < sorted.Length; i++) sorted[i] = order[sorted[i]];
        return sorted;
    }

    /// <summary>Row groups of output, each written by <paramref name="write"/> when it is asked for and released when the next is.</summary>
    IEnumerable<Column[]> Pieces(Schema schema, int rows, Action<int, int, Column[]> write)
    {
        for (var from = 0; from < rows; from += RowGroupRows)
        {
            var columns = _memory.NewColumns(schema);
            try
            {
                write(from, Math.Min(rows, from + RowGroupRows), columns);
                yield return columns;
            }
            finally
            {
                foreach (var column in columns) column.Release();
            }
        }
    }

    /// <param name="ordinals">The columns that are written; null for all.</param>
    void Write(ReadOnlySpan<int> order, Column[] columns, HashSet<int>? ordinals = null)
    {
        var next = 0;
        if (_partition is { } value) Fill(columns[next++], value, order.Length);
        _table.WriteKeys(order, columns.AsSpan(next, _keys.Length));
        next += _keys.Length;
        foreach (var accumulator in _accumulators)
        {
            if (ordinals?.Contains(next) != false) accumulator.Finish(order, columns[next]);
            next++;
        }
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
