using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>first</c> and <c>last</c>: the value of the first or the last row in plan order, whether or not it is null. A state is a position and its value.</summary>
sealed class EndAccumulator(DataType type, bool last, StateMemory memory) : Accumulator
{
    readonly ValueCells _values = ValueCells.Create(type, memory);

    /// <summary>Positions plus one, so that zero is no row yet.</summary>
    long[] _places = [];

    public override void Resize(int groups)
    {
        memory.Lengthen(ref _places, groups);
        _values.Resize(groups);
    }

    public override long BytesOf(int group) => sizeof(long) + _values.BytesOf(group);

    public override void Reserve(Column? input) => _values.Reserve(input!);

    public override void ReserveStates(ReadOnlySpan<Column> state) => _values.Reserve(state[1]);

    public override bool TakesCodes => true;

    public override void Clear()
    {
        Array.Clear(_places);
        _values.Clear();
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        // From the end that counts, so that a group takes one value of a batch at most.
        if (last) for (var row = groups.Length - 1; row >= 0; row--) Take(groups[row], position + row + 1, input!, row);
        else for (var row = 0; row < groups.Length; row++) Take(groups[row], position + row + 1, input!, row);
    }

    void Take(int group, long place, Column input, int row)
    {
        ref var held = ref _places[group];
        if (held != 0 && (last ? place <= held : place >= held)) return;
        held = place;
        _values.Set(group, input, row);
    }

    public override IReadOnlyList<DataType> StateTypes => [DataType.Int64, type];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        foreach (var group in order) ((Column<long>)state[0]).Append(_places[group]);
        Finish(order, state[1]);
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        var places = ((Column<long>)state[0]).Values;
        for (var i = 0; i < groups.Length; i++)
        {
            if (places[i] != 0) Take(groups[i], places[i], state[1], i);
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        foreach (var group in order) _values.AppendTo(target, group);
    }
}
