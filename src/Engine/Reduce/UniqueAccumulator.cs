using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Reduce;

/// <summary><c>n_unique</c>: how many values a group has, exactly; nulls don't count, NaN is one value and −0 is 0. A state is the group's values.</summary>
sealed class UniqueAccumulator(DataType type, StateMemory memory) : ValueAccumulator
{
    readonly DistinctValues _values = DistinctValues.Create(type, memory);
    readonly PairTable _pairs = new(memory);
    readonly Column _one = memory.NewColumn(type);

    /// <summary>The value before, where sorted ones pass.</summary>
    readonly Column _last = memory.NewColumn(type);
    long[] _counts = [];
    int[] _numbers = [];
    int[] _copies = [];
    int _groups;

    /// <summary>The pairs by group, made for <see cref="Save"/>: group g has those from starts[g] to starts[g + 1].</summary>
    int[] _starts = [];
    int[] _byGroup = [];

    public override void Resize(int groups)
    {
        memory.Lengthen(ref _counts, groups);
        _groups = groups;
    }

    public override void Reserve(Column? input)
    {
        memory.Lengthen(ref _numbers, input!.Length);
        _values.Reserve(input, input.Length);
        _pairs.Reserve(_groups, _values.Count + input.Length + 1, input.Length);
    }

    public override void ReserveStates(ReadOnlySpan<Column> state)
    {
        var states = (BytesColumn)state[0];
        var (values, most, largest) = (0, 0, 0);
        for (var row = 0; row < states.Length; row++)
        {
            var count = ValueBytes.Count(states.Bytes(row), type);
            values += count;
            (most, largest) = (Math.Max(most, count), Math.Max(largest, states.Bytes(row).Length));
        }
        // A state is read into a column before its values are taken in.
        _one.Clear();
        _one.Reserve(most, largest);
        memory.Lengthen(ref _copies, most);
        memory.Lengthen(ref _numbers, most);
        _values.Reserve(values, states.Data.Length);
        _pairs.Reserve(_groups, _values.Count + values + 1, values);
    }

    public override bool TakesCodes => true;

    public override void Clear()
    {
        Array.Clear(_counts);
        _values.Clear();
        _pairs.Clear();
        memory.Free(_starts);
        memory.Free(_byGroup);
        (_starts, _byGroup) = ([], []);
    }

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
        var next = memory.New<int>(_groups);
        _starts.AsSpan(0, _groups).CopyTo(next);
        foreach (var pair in _pairs.Pairs)
        {
            if ((int)(uint)pair != _values.NullNumber) _byGroup[next[(int)(pair >> 32)]++] = (int)(uint)pair;
        }
        memory.Free(next);
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

    public override DataType ValueType => type;

    public override long Count(int group) => _counts[group];

    public override long ArrangeBytes => _values.RankBytes + sizeof(int) * (_groups + 1L) * 3 + sizeof(int) * (long)_pairs.Count;

    public override void ArrangeAscending()
    {
        Arrange();
        // By rank, and from the ranks back to the numbers.
        var ranks = _values.Ranks(out var order);
        foreach (ref var number in _byGroup.AsSpan(0, _starts[_groups])) number = ranks[number];
        for (var group = 0; group < _groups; group++) _byGroup.AsSpan(_starts[group], (int)_counts[group]).Sort();
        foreach (ref var number in _byGroup.AsSpan(0, _starts[_groups])) number = order[number];
    }

    public override void AppendValues(int group, long from, int count, Column target) => _values.Write(_byGroup.AsSpan(_starts[group] + (int)from, count), target);

    public override void Finish(SortedValues values, long count, Column target) => ((Column<long>)target).Append(Distinct(values, count, static _ => { }));

    public override void Save(SortedValues values, long count, BytesColumn state)
    {
        _one.Clear();
        Distinct(values, count, value => _one.AppendFrom(value.Column, value.Row));
        ValueBytes.Append(_one, state);
    }

    /// <summary>Takes each value of the next <paramref name="count"/> once, and counts them.</summary>
    long Distinct(SortedValues values, long count, Action<SortedValues> take)
    {
        long distinct = 0;
        _last.Clear();
        for (; count > 0; count--)
        {
            values.Next();
            if (_last.Length > 0 && RowOrder.Compare(values.Column, values.Row, _last, 0) == 0) continue;
            _last.Clear();
            _last.AppendFrom(values.Column, values.Row);
            take(values);
            distinct++;
        }
        return distinct;
    }
}
