using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// Numbers the distinct keys of rows from 0 in order of first appearance: the values of each key column become numbers, and the numbers of several columns are
/// folded pair by pair.
/// </summary>
sealed class GroupTable(IEnumerable<DataType> keyTypes, StateMemory memory)
{
    readonly DistinctValues[] _values = [.. keyTypes.Select(type => DistinctValues.Create(type, memory))];
    static readonly int[] OnlyGroup = [0];

    PairTable[] _pairs = [];
    int[] _scratch = [];
    ulong[] _words = [];
    int[] _order = [];
    int[] _ranks = [];
    int[] _lefts = [];
    int[] _rights = [];
    bool _hasRows;

    /// <summary>The number of distinct keys so far; without key columns there is one as soon as there is a row.</summary>
    public int Count => _values.Length == 0 ? _hasRows ? 1 : 0 : CountUpTo(_values.Length - 1);

    /// <summary>Makes room for the keys of so many rows, so that <see cref="Assign"/> takes no memory; returns how many groups there may be after it.</summary>
    public int Reserve(IReadOnlyList<Column> keyColumns, int rows)
    {
        if (_values.Length == 0) return 1;
        var lefts = _values[0].Reserve(keyColumns[0], rows);
        if (_values.Length == 1) return lefts;
        Pair();
        memory.Lengthen(ref _scratch, rows);
        for (var key = 1; key < _values.Length; key++)
        {
            _pairs[key - 1].Reserve(lefts, _values[key].Reserve(keyColumns[key], rows), rows);
            lefts = CountUpTo(key) + rows;
        }
        return lefts;
    }

    /// <summary>What <see cref="Order"/> and <see cref="WriteKeys"/> of a few thousand take at most.</summary>
    public long OrderBytes => _values.Sum(value => value.RankBytes)
        + (_values.Length > 1 ? StateMemory.Missing(_words, Count) + StateMemory.Missing(_order, Count) + StateMemory.Missing(_ranks, Count) : 0) + (128 << 10);

    /// <summary>Writes the group of each row; new keys get the next numbers.</summary>
    public void Assign(IReadOnlyList<Column> keyColumns, Span<int> groups)
    {
        _hasRows |= groups.Length > 0;
        if (_values.Length == 0)
        {
            groups.Clear();
            return;
        }
        _values[0].Assign(keyColumns[0], groups);
        if (_values.Length == 1) return;
        Pair();
        memory.Lengthen(ref _scratch, groups.Length);
        var numbers = _scratch.AsSpan(0, groups.Length);
        for (var key = 1; key < _values.Length; key++)
        {
            _values[key].Assign(keyColumns[key], numbers);
            _pairs[key - 1].Assign(groups, CountUpTo(key - 1), numbers, _values[key].Count, groups);
        }
    }

    /// <summary>Forgets all keys and keeps the memory.</summary>
    public void Clear()
    {
        foreach (var values in _values) values.Clear();
        foreach (var pairs in _pairs) pairs.Clear();
        _hasRows = false;
    }

    void Pair()
    {
        if (_pairs.Length == 0) _pairs = [.. _values.Skip(1).Select(_ => new PairTable(memory))];
    }

    /// <summary>The distinct keys of the first columns, up to and including <paramref name="key"/>.</summary>
    int CountUpTo(int key) => key == 0 ? _values[0].Count : _pairs.Length == 0 ? 0 : _pairs[key - 1].Count;

    /// <summary>Appends the keys of groups, in this order, to one column a key.</summary>
    public void WriteKeys(ReadOnlySpan<int> groups, ReadOnlySpan<Column> targets)
    {
        if (_values.Length == 0 || groups.Length == 0) return;
        memory.Renew(ref _lefts, groups.Length);
        memory.Renew(ref _rights, groups.Length);
        var lefts = _lefts.AsSpan(0, groups.Length);
        var rights = _rights.AsSpan(0, groups.Length);
        groups.CopyTo(lefts);
        for (var key = _values.Length - 1; key > 0; key--)
        {
            var pairs = _pairs[key - 1].Pairs;
            for (var i = 0; i < lefts.Length; i++) (lefts[i], rights[i]) = ((int)(pairs[lefts[i]] >> 32), (int)(uint)pairs[lefts[i]]);
            _values[key].Write(rights, targets[key]);
        }
        _values[0].Write(lefts, targets[0]);
    }

    /// <summary>The bytes of a group's keys.</summary>
    public long BytesOf(int group)
    {
        if (_values.Length == 0) return 0;
        long bytes = 0;
        for (var key = _values.Length - 1; key > 0; key--)
        {
            var pair = _pairs[key - 1].Pairs[group];
            bytes += _values[key].BytesOf((int)(uint)pair);
            group = (int)(pair >> 32);
        }
        return bytes + _values[0].BytesOf(group);
    }

    /// <summary>The groups by their keys ascending: columns in turn, NaN after every number, nulls last. Valid until the next row comes.</summary>
    public ReadOnlyMemory<int> Order()
    {
        if (_values.Length == 0) return _hasRows ? OnlyGroup : default;
        if (_values.Length == 1) return _values[0].Order();
        if (Count == 0) return default;
        // Each value by its rank, then each longer prefix of the keys by the ranks of its two parts.
        var ranks = _values[0].Ranks();
        for (var key = 1; ; key++)
        {
            var rights = _values[key].Ranks();
            var pairs = _pairs[key - 1].Pairs;
            memory.Renew(ref _words, pairs.Length);
            memory.Renew(ref _order, pairs.Length);
            var words = _words.AsSpan(0, pairs.Length);
            var order = _order.AsSpan(0, pairs.Length);
            for (var i = 0; i < words.Length; i++)
            {
                words[i] = (ulong)(uint)ranks[(int)(pairs[i] >> 32)] << 32 | (uint)rights[(int)(uint)pairs[i]];
                order[i] = i;
            }
            words.Sort(order);
            if (key == _values.Length - 1) return _order.AsMemory(0, pairs.Length);
            memory.Renew(ref _ranks, pairs.Length);
            for (var rank = 0; rank < order.Length; rank++) _ranks[order[rank]] = rank;
            ranks = _ranks.AsSpan(0, pairs.Length);
        }
    }
}
