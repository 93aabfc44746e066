using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>How many values of a column each group has, nulls not counted: the group's rows less the nulls among them.</summary>
sealed class ValueCounts
{
    readonly RowCounts _rows;
    readonly StateMemory _memory;
    int _groups;

    // What was merged, less the nulls; made when there is either.
    long[] _others = [];

    public ValueCounts(RowCounts rows, StateMemory memory)
    {
        (_rows, _memory) = (rows, memory);
        rows.IsNeeded = true;
    }

    public long this[int group] => _rows[group] + (group < _others.Length ? _others[group] : 0);

    public void Resize(int groups)
    {
        if (_others.Length > 0) _memory.Lengthen(ref _others, groups);
        _groups = groups;
    }

    /// <summary>Clears what is not the shared counter's.</summary>
    public void Clear() => Array.Clear(_others);

    /// <summary>Makes room for what <see cref="Add"/> needs for this input.</summary>
    public void Reserve(Column? input)
    {
        if (input is { HasNulls: true }) ReserveStates();
    }

    /// <summary>Makes room for merging.</summary>
    public void ReserveStates() => _memory.Lengthen(ref _others, _groups);

    /// <summary>Takes in a batch whose rows are counted.</summary>
    /// <param name="input">Null when every row counts.</param>
    public void Add(Column? input, ReadOnlySpan<int> groups)
    {
        if (input is not { HasNulls: true }) return;
        _memory.Lengthen(ref _others, _groups);
        for (var i = 0; i < groups.Length; i++)
        {
            if (input.IsNull(i)) _others[groups[i]]--;
        }
    }

    /// <summary>The same when there is one group only.</summary>
    public void AddAll(Column? input)
    {
        if (input is not { HasNulls: true }) return;
        _memory.Lengthen(ref _others, _groups);
        _others[0] -= input.NullCount;
    }

    /// <summary>Adds counts that were saved into the groups beside them.</summary>
    public void Merge(ReadOnlySpan<int> groups, ReadOnlySpan<long> counts)
    {
        _memory.Lengthen(ref _others, _groups);
        for (var i = 0; i < groups.Length; i++) _others[groups[i]] += counts[i];
    }

    /// <summary>Appends the counts of the groups, in this order.</summary>
    public void Write(ReadOnlySpan<int> order, Column<long> target)
    {
        foreach (var group in order) target.Append(this[group]);
    }
}
