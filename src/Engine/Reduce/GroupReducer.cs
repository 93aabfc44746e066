using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Reduce;

/// <summary>Group-by with aggregates. Without keys there is one group as soon as there is a row. Groups that do not fit in memory are spilled and merged at the end, with the same results.</summary>
public sealed class GroupReducer : Reducer
{
    const int PieceRows = 8192;
    const int PieceBytes = 1 << 20;

    readonly Schema _input;
    readonly MemoryAccount? _account;
    readonly StateMemory _memory;
    readonly Scalar? _partition;
    readonly int[] _keys;
    readonly DataType[] _keyTypes;
    readonly IReadOnlyList<Aggregate> _aggregates;
    readonly IReadOnlyList<SortKey> _sort;
    readonly long _limit;
    readonly SpillSpace? _space;
    readonly GroupRuns? _runs;
    readonly KeyBuckets? _buckets;
    readonly Column[] _keyColumns;
    GroupStates _states;
    bool _isBusy;

    /// <summary>Whether the states have memory of groups that were spilled.</summary>
    bool _keepsMemory;

    /// <param name="input">The schema of the batches.</param>
    /// <param name="partition">The field and value that lead every output row; null for an output that begins with the keys.</param>
    /// <param name="keys">Ordinals of the group keys in the input.</param>
    /// <param name="sort">Over the output's ordinals; ties, and an empty sort, go by the keys ascending.</param>
    /// <param name="account">Charged for keys, states and output.</param>
    /// <param name="space">Where groups go that do not fit; null when all must fit. It shares the account.</param>
    /// <param name="piece">Of the rows only those whose keys fall into one of so many buckets; null for all.</param>
    public GroupReducer(
        Schema input, (Field Field, Scalar Value)? partition, IReadOnlyList<int> keys, IReadOnlyList<Aggregate> aggregates, IReadOnlyList<SortKey> sort, long limit = long.MaxValue,
        MemoryAccount? account = null, SpillSpace? space = null, (int Bucket, int Buckets)? piece = null)
        : base(Output(input, partition?.Field, keys, aggregates), keys.Concat(aggregates.Select(aggregate => aggregate.Input).Where(ordinal => ordinal >= 0)))
    {
        _input = input;
        _account = account;
        _memory = new StateMemory(account);
        _partition = partition?.Value;
        _keys = [.. keys];
        _keyTypes = [.. keys.Select(key => input[key].Type)];
        _keyColumns = new Column[keys.Count];
        _aggregates = aggregates;
        _sort = sort;
        _limit = limit;
        _buckets = piece is { Buckets: > 1 } bucket ? new KeyBuckets(input, keys, Ordinals, bucket.Bucket, bucket.Buckets, _memory) : null;
        _states = NewStates();
        _space = space;
        _runs = space is null ? null : new GroupRuns(_keyTypes, NewAccumulators, space);
        if (space is not null) account?.RelieveBy(Spill, () => _states.Memory.Charged);
        StateSchema = new Schema(
        [
            .. _keyTypes.Select((type, i) => new Field($"key{i}", type)),
            .. _states.Accumulators.SelectMany((accumulator, i) => accumulator.StateTypes.Select((type, part) => new Field($"state{i}.{part}", type))),
        ]);
    }

    /// <summary>The columns of <see cref="States"/>: the keys, then the states of each aggregate.</summary>
    public Schema StateSchema { get; }

    public override void Accumulate(RowBatch batch)
    {
        if (_buckets is not null) batch = _buckets.Of(batch);
        if (batch.Rows == 0) return;
        for (var i = 0; i < _keys.Length; i++) _keyColumns[i] = batch.Columns[_keys[i]];
        Take(batch, areStates: false);
    }

    /// <summary>Adds keys and states that a reducer of the same reduction gave, in whatever order.</summary>
    public void Merge(RowBatch states)
    {
        if (states.Rows == 0) return;
        for (var i = 0; i < _keys.Length; i++) _keyColumns[i] = states.Columns[i];
        Take(states, areStates: true);
    }

    /// <summary>Takes rows or states in once there is room for them, if need be after spilling what was there.</summary>
    void Take(RowBatch batch, bool areStates)
    {
        _isBusy = true;
        try
        {
            while (!TryReserve(batch, areStates)) MakeRoom();
            if (areStates) _states.Merge(_keyColumns, batch);
            else _states.Accumulate(_keyColumns, batch);
        }
        finally
        {
            _isBusy = false;
        }
    }

    bool TryReserve(RowBatch batch, bool areStates)
    {
        try
        {
            if (areStates) _states.ReserveStates(_keyColumns, batch);
            else _states.Reserve(_keyColumns, batch);
            // What spilling takes must be there when it has become necessary.
            if (_runs is not null) _states.Memory.Keep(_runs.SpillBytes(_states, batch.Rows));
            return true;
        }
        catch (MemoryExceededException) when (_runs is not null && (_states.Groups > 0 || _keepsMemory))
        {
            return false;
        }
    }

    /// <summary>Spills the groups, and keeps their memory for the next, which will be about as many; where that was not enough, gives it up.</summary>
    void MakeRoom()
    {
        if (_states.Groups > 0) SpillGroups(keepsMemory: true);
        else Renew();
    }

    public override bool Spill()
    {
        if (_isBusy) return false;
        if (SpillGroups(keepsMemory: false)) return true;
        if (!_keepsMemory) return false;
        Renew();
        return true;
    }

    /// <summary>Writes all groups to scratch; false when there are none, or no place for them.</summary>
    bool SpillGroups(bool keepsMemory)
    {
        if (_runs is null || _states.Groups == 0) return false;
        _states.Memory.Keep(0);
        _runs.Add(_states);
        _keepsMemory = keepsMemory && !_runs.AreTooMany;
        if (_keepsMemory) _states.Clear();
        else Renew();
        _runs.Compact();
        return true;
    }

    void Renew()
    {
        _states.Release();
        _states = NewStates();
        _keepsMemory = false;
    }

    /// <summary>Keys and states instead of results, by the keys ascending, in pieces that belong to the caller until the next. Ends the reducer.</summary>
    public IEnumerable<IReadOnlyList<Column>> States()
    {
        _isBusy = true;
        return Pieces(StateSchema, long.MaxValue, static (states, groups, columns) => states.Save(groups, columns, spilled: false));
    }

    public override IEnumerable<IReadOnlyList<Column>> Finish()
    {
        _isBusy = true;
        if (_sort.Count == 0) return Pieces(OutputSchema, _limit, Write);
        return _runs is not { Any: true } && TrySort(out var order) ? Sorted(order) : SortedOnScratch();
    }

    /// <summary>Gives all memory back to the account. The reducer must not be used after it.</summary>
    public override void Release()
    {
        _states.Release();
        _memory.Release();
        _runs?.Release();
        _account?.RelieveBy(null, null);
    }

    /// <summary>The groups by their keys, up to the limit, in pieces that <paramref name="write"/> writes. Ends the reducer.</summary>
    IEnumerable<IReadOnlyList<Column>> Pieces(Schema schema, long limit, Action<GroupStates, ReadOnlySpan<int>, Column[]> write)
    {
        if (_runs is { Any: true }) SpillGroups(keepsMemory: false);
        var columns = _memory.NewColumns(schema);
        try
        {
            foreach (var states in _runs is { Any: true } ? _runs.Rounds() : [_states])
            {
                states.Memory.Keep(0);
                var order = states.Order();
                var taken = (int)Math.Min(limit, order.Length);
                limit -= taken;
                foreach (var piece in Pieces(states, order[..taken], columns, write)) yield return piece;
                // Whether a reduction fails must not depend on which groups are computed, and that on memory.
                states.Check(order.Span[taken..]);
                if (limit == 0 && !states.MayOverflow) break;
            }
        }
        finally
        {
            foreach (var column in columns) column.Release();
        }
        Release();
    }

    /// <param name="columns">Filled with each piece.</param>
    IEnumerable<IReadOnlyList<Column>> Pieces(GroupStates states, ReadOnlyMemory<int> order, Column[] columns, Action<GroupStates, ReadOnlySpan<int>, Column[]> write)
    {
        var limits = _space?.Frame ?? new FrameLimits(PieceRows, PieceBytes);
        for (int from = 0, count; from < order.Length; from += count)
        {
            count = limits.Next(from, order.Length, row => states.BytesOf(order.Span[row], spilled: false));
            foreach (var column in columns) column.Clear();
            write(states, order.Span.Slice(from, count), columns);
            yield return columns;
        }
    }

    IEnumerable<IReadOnlyList<Column>> Sorted(int[] order)
    {
        var columns = _memory.NewColumns(OutputSchema);
        try
        {
            var taken = (int)Math.Min(_limit, order.Length);
            foreach (var piece in Pieces(_states, order.AsMemory(0, taken), columns, Write)) yield return piece;
            _states.Check(order.AsSpan(taken));
        }
        finally
        {
            foreach (var column in columns) column.Release();
        }
        Release();
    }

    /// <summary>The groups in the order of the sort; false when there is no memory for sorting them, and they can be spilled.</summary>
    bool TrySort(out int[] order)
    {
        var memory = new StateMemory(_account);
        // Only what the sort names is built for all groups.
        var columns = memory.NewColumns(OutputSchema);
        try
        {
            _states.Memory.Keep(0);
            var byKeys = _states.Order().Span;
            Write(_states, byKeys, columns, _sort.Select(key => key.Column).ToHashSet());
            var prefixes = memory.New<ulong>(byKeys.Length);
            order = _memory.New<int>(byKeys.Length);
            new RowOrder(_sort).Fill(columns, order, prefixes);
            foreach (ref var group in order.AsSpan()) group = byKeys[group];
            return true;
        }
        catch (MemoryExceededException) when (_runs is not null && _states.Groups > 0)
        {
            order = [];
            return false;
        }
        finally
        {
            foreach (var column in columns) column.Release();
            memory.Release();
        }
    }

    /// <summary>Merges the groups and sorts the merged ones anew.</summary>
    IEnumerable<IReadOnlyList<Column>> SortedOnScratch()
    {
        SpillGroups(keepsMemory: false);
        var memory = new StateMemory(_account);
        var sorter = new RowSorter(OutputSchema, _sort, _limit, memory, _space);
        _account?.RelieveBy(sorter.Relieve, () => sorter.Bytes);
        foreach (var piece in Pieces(OutputSchema, long.MaxValue, Write)) sorter.Append(piece, piece[0].Length);
        foreach (var piece in sorter.Finish()) yield return piece;
        sorter.Release();
        memory.Release();
    }

    void Write(GroupStates states, ReadOnlySpan<int> groups, Column[] columns) => Write(states, groups, columns, null);

    /// <param name="ordinals">The columns that are written; null for all.</param>
    void Write(GroupStates states, ReadOnlySpan<int> groups, Column[] columns, HashSet<int>? ordinals)
    {
        var next = 0;
        if (_partition is { } value) columns[next++].AppendRepeated(value, groups.Length);
        states.WriteKeys(groups, columns.AsSpan(next, _keys.Length));
        next += _keys.Length;
        foreach (var accumulator in states.Accumulators)
        {
            if (ordinals?.Contains(next) != false) accumulator.Finish(groups, columns[next]);
            next++;
        }
    }

    GroupStates NewStates()
    {
        var memory = new StateMemory(_account);
        var (accumulators, rows) = NewAccumulators(memory);
        return new GroupStates(_keyTypes, accumulators, [.. _aggregates.Select(aggregate => aggregate.Input)], rows, memory);
    }

    (Accumulator[] Accumulators, RowCounts Rows) NewAccumulators(StateMemory memory)
    {
        var rows = new RowCounts(memory);
        return ([.. _aggregates.Select(aggregate => Accumulator.Create(aggregate, aggregate.Input < 0 ? null : _input[aggregate.Input].Type, rows, memory))], rows);
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
