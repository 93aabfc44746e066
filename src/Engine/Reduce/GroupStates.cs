using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>The groups that are in memory: their keys and the states of all aggregates.</summary>
/// <param name="keyTypes">Of the key columns.</param>
/// <param name="accumulators">One an aggregate; they take in <paramref name="inputs"/>.</param>
/// <param name="inputs">By aggregate the ordinal of its input; −1 for none.</param>
/// <param name="rows">Counts rows for the accumulators.</param>
sealed class GroupStates(IReadOnlyList<DataType> keyTypes, Accumulator[] accumulators, IReadOnlyList<int> inputs, RowCounts rows, StateMemory memory)
{
    readonly GroupTable _table = new(keyTypes, memory);
    readonly PlainColumns _plain = new(memory);
    readonly PlainColumns _plainStates = new(memory);
    readonly Column?[] _arguments = new Column?[accumulators.Length];
    int[] _groups = [];

    public int Groups => _table.Count;

    public IReadOnlyList<Accumulator> Accumulators => accumulators;

    public StateMemory Memory => memory;

    /// <summary>Makes room for a batch's rows, whatever groups they are of, so that <see cref="Accumulate"/> can't fail for lack of memory.</summary>
    /// <exception cref="MemoryExceededException">There is no room. Nothing was taken in.</exception>
    public void Reserve(IReadOnlyList<Column> keys, RowBatch batch)
    {
        Reserve(keys, batch.Rows);
        _plain.Start(batch);
        for (var i = 0; i < accumulators.Length; i++)
        {
            _arguments[i] = inputs[i] < 0 ? null : accumulators[i].TakesCodes ? batch.Columns[inputs[i]] : _plain[inputs[i]];
            accumulators[i].Reserve(_arguments[i]);
        }
    }

    /// <summary>Takes in the batch that <see cref="Reserve"/> was called for.</summary>
    public void Accumulate(IReadOnlyList<Column> keys, RowBatch batch)
    {
        var groups = Assign(keys, batch.Rows);
        if (keyTypes.Count == 0) rows.AddAll(batch.Rows);
        else rows.Add(groups);
        for (var i = 0; i < accumulators.Length; i++)
        {
            if (keyTypes.Count == 0) accumulators[i].AccumulateAll(_arguments[i], groups, batch.Position);
            else accumulators[i].Accumulate(_arguments[i], groups, batch.Position);
        }
    }

    /// <summary>The same as <see cref="Reserve"/>, for states.</summary>
    public void ReserveStates(IReadOnlyList<Column> keys, RowBatch states)
    {
        Reserve(keys, states.Rows);
        var columns = StateColumns(states);
        var next = keyTypes.Count;
        foreach (var accumulator in accumulators)
        {
            accumulator.ReserveStates(columns.AsSpan(next, accumulator.StateTypes.Count));
            next += accumulator.StateTypes.Count;
        }
    }

    /// <summary>Adds states, behind their keys, as <see cref="Save"/> writes them.</summary>
    public void Merge(IReadOnlyList<Column> keys, RowBatch states)
    {
        var groups = Assign(keys, states.Rows);
        var columns = StateColumns(states);
        var next = keyTypes.Count;
        foreach (var accumulator in accumulators)
        {
            var types = accumulator is PassingAccumulator ? accumulator.SpilledTypes : accumulator.StateTypes;
            accumulator.Merge(columns.AsSpan(next, types.Count), groups);
            next += types.Count;
        }
    }

    /// <summary>The groups by their keys ascending; valid until the next row comes.</summary>
    public ReadOnlyMemory<int> Order() => _table.Order();

    /// <summary>What <see cref="Order"/> takes.</summary>
    public long OrderBytes => _table.OrderBytes;

    /// <summary>Appends keys and states of these groups.</summary>
    /// <param name="spilled">As a run has them.</param>
    public void Save(ReadOnlySpan<int> groups, Column[] columns, bool spilled)
    {
        _table.WriteKeys(groups, columns);
        var next = keyTypes.Count;
        foreach (var accumulator in accumulators)
        {
            var types = spilled ? accumulator.SpilledTypes : accumulator.StateTypes;
            if (spilled) accumulator.SaveSpilled(groups, columns.AsSpan(next, types.Count));
            else accumulator.Save(groups, columns.AsSpan(next, types.Count));
            next += types.Count;
        }
    }

    public void WriteKeys(ReadOnlySpan<int> groups, ReadOnlySpan<Column> columns) => _table.WriteKeys(groups, columns);

    /// <summary>The bytes of a group's keys.</summary>
    public long KeyBytes(int group) => _table.BytesOf(group);

    /// <summary>The bytes of a group's keys and states, about.</summary>
    /// <param name="spilled">As a run has them.</param>
    public long BytesOf(int group, bool spilled)
    {
        var bytes = KeyBytes(group);
        foreach (var accumulator in accumulators) bytes += spilled ? accumulator.SpilledBytesOf(group) : accumulator.BytesOf(group);
        return bytes;
    }

    /// <summary>Whether there may be a group without a result.</summary>
    public bool MayOverflow => Array.Exists(accumulators, static accumulator => accumulator.MayOverflow);

    /// <exception cref="AggregateOverflowException">One of these groups has no result.</exception>
    public void Check(ReadOnlySpan<int> groups)
    {
        foreach (var accumulator in accumulators) accumulator.Check(groups);
    }

    /// <summary>Forgets all groups and keeps the memory for the next.</summary>
    public void Clear()
    {
        _table.Clear();
        rows.Clear();
        foreach (var accumulator in accumulators) accumulator.Clear();
    }

    /// <summary>Gives all memory back. Nothing may be used after it.</summary>
    public void Release() => memory.Release();

    void Reserve(IReadOnlyList<Column> keys, int count)
    {
        memory.Lengthen(ref _groups, count);
        var most = _table.Reserve(keys, count);
        rows.Resize(most);
        foreach (var accumulator in accumulators) accumulator.Resize(most);
    }

    /// <summary>The groups of the rows of the key columns, with room for them in all states.</summary>
    Span<int> Assign(IReadOnlyList<Column> keys, int count)
    {
        memory.Lengthen(ref _groups, count);
        var groups = _groups.AsSpan(0, count);
        _table.Assign(keys, groups);
        rows.Resize(_table.Count);
        foreach (var accumulator in accumulators) accumulator.Resize(_table.Count);
        return groups;
    }

    Column[] StateColumns(RowBatch states)
    {
        _plainStates.Start(states);
        var columns = new Column[states.Columns.Count];
        for (var i = keyTypes.Count; i < columns.Length; i++) columns[i] = _plainStates[i];
        return columns;
    }
}
