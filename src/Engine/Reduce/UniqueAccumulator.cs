using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>n_unique</c>: how many values a group has, exactly; nulls don't count, NaN is one value and −0 is 0. A state is the group's values.</summary>
sealed class UniqueAccumulator(DataType type, StateMemory memory) : Accumulator
{
    readonly DistinctValues _values = DistinctValues.Create(type, memory);
    readonly PairTable _pairs = new(memory);
    readonly Column _one = memory.NewColumn(type);
    long[] _counts = [];
    int[] _numbers = [];
    int[] _copies = [];
    int _groups;

    /// <summary>The pairs by group, made for <see cref="Save"/>: group g has those from starts[g] to starts[g + 1].</summary>
    int[] _starts = [];
    int[] _byGroup = [];

    public override void Resize(int groups)
    {
        _groups = groups;
        memory.Lengthen(ref _counts, groups);
    }

    public override bool TakesCodes => true;

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        memory.Lengthen(ref _numbers, groups.Length);
        var numbers = _numbers.AsSpan(0, groups.Length);
        _values.Assign(input!, numbers);
        var before = _pairs.Count;
        _pairs.Assign(groups, _groups, numbers, _values.Count, numbers);
        foreach (var pair in _pairs.Pairs[before..])
        {
            if ((int)(uint)pair != _values.NullNumber) _counts[(int)(pair >> 32)]++;
        }
    }

    public override IReadOnlyList<DataType> StateTypes => [DataType.Binary];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        if (_byGroup.Length != _pairs.Count || _starts.Length == 0) Arrange();
        foreach (var group in order)
        {
            _one.Clear();
            _values.Write(_byGroup.AsSpan(_starts[group], (int)_counts[group]), _one);
            ValueBytes.Append(_one, (BytesColumn)state[0]);
        }
    }

    void Arrange()
    {
        memory.Free(_starts);
        memory.Free(_byGroup);
        (_starts, _byGroup) = ([], []);
        _starts = memory.New<int>(_groups + 1L);
        _byGroup = memory.New<int>(_pairs.Count);
        for (var group = 0; group < _groups; group++) _starts[group + 1] = _starts[group] + (int)_counts[group];
        var next = _starts.AsSpan(0, _groups).ToArray();
        foreach (var pair in _pairs.Pairs)
        {
            if ((int)(uint)pair != _values.NullNumber) _byGroup[next[(int)(pair >> 32)]++] = (int)(uint)pair;
        }
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            _one.Clear();
            ValueBytes.Read(((BytesColumn)state[0]).Bytes(i), _one);
            memory.Lengthen(ref _copies, _one.Length);
            var copies = _copies.AsSpan(0, _one.Length);
            copies.Fill(groups[i]);
            Accumulate(_one, copies, 0);
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var column = (Column<long>)target;
        foreach (var group in order) column.Append(_counts[group]);
    }
}
