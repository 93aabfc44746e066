using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// <c>quantile</c> and <c>median</c>: exact, all values are kept. Between two values linear, as DuckDB's quantile_cont; NaN is after every number; null of nothing.
/// A state is the group's values.
/// </summary>
sealed class QuantileAccumulator(double q, StateMemory memory) : ValueAccumulator
{
    const int PieceLength = 1 << 16;

    /// <summary>Values as they came, in pieces, so that growing copies none: the words of <see cref="KeyWords"/>, which sort as the numbers do.</summary>
    readonly List<(int[] Groups, ulong[] Words)> _pieces = [];
    long _total;
    long[] _counts = [];
    int _groups;
    Widening _widening;

    /// <summary>The words by group once <see cref="Arrange"/> was called: group g has those from starts[g] to starts[g + 1].</summary>
    long[] _starts = [];
    ulong[] _byGroup = [];

    public override void Resize(int groups)
    {
        memory.Lengthen(ref _counts, groups);
        _groups = groups;
    }

    public override void Reserve(Column? input) => Reserve(input!.Length);

    public override void ReserveStates(ReadOnlySpan<Column> state) => Reserve(((BytesColumn)state[0]).Data.Length / sizeof(ulong));

    void Reserve(long values)
    {
        while ((long)_pieces.Count * PieceLength < _total + values) _pieces.Add((memory.New<int>(PieceLength), memory.New<ulong>(PieceLength)));
    }

    public override void Clear()
    {
        Array.Clear(_counts);
        memory.Free(_starts);
        memory.Free(_byGroup);
        (_starts, _byGroup, _total) = ([], [], 0);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        var values = _widening.Doubles(input!)[..groups.Length];
        var nullable = input!.HasNulls;
        Reserve(groups.Length);
        for (var i = 0; i < groups.Length; i++)
        {
            if (!nullable || !input.IsNull(i)) Add(groups[i], KeyWords.Ordered(values[i]));
        }
    }

    void Add(int group, ulong word)
    {
        var (groups, words) = _pieces[(int)(_total / PieceLength)];
        var at = (int)(_total % PieceLength);
        groups[at] = group;
        words[at] = word;
        _counts[group]++;
        _total++;
    }

    public override IReadOnlyList<DataType> StateTypes => [DataType.Binary];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state)
    {
        Arrange();
        foreach (var group in order) ((BytesColumn)state[0]).Append(MemoryMarshal.AsBytes(WordsOf(group)));
    }

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        ReserveStates(state);
        for (var i = 0; i < groups.Length; i++)
        {
            foreach (var word in MemoryMarshal.Cast<byte, ulong>(((BytesColumn)state[0]).Bytes(i))) Add(groups[i], word);
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        Arrange();
        foreach (var group in order)
        {
            var words = WordsOf(group);
            if (words.Length == 0)
            {
                target.AppendNull();
                continue;
            }
            var (below, _) = Place(words.Length);
            Selection.Place(words, (int)below);
            var above = words[(int)below];
            if (below + 1 < words.Length)
            {
                above = ulong.MaxValue;
                foreach (var word in words[((int)below + 1)..]) above = Math.Min(above, word);
            }
            Append(words[(int)below], above, words.Length, target);
        }
    }

    /// <summary>The value at or below the quantile, counted from 0, and how far the quantile is above it.</summary>
    (long Below, double Beyond) Place(long count)
    {
        var place = (count - 1) * q;
        var below = (long)Math.Floor(place);
        return (below, place - below);
    }

    void Append(ulong below, ulong above, long count, Column target)
    {
        var (low, high, beyond) = (KeyWords.Floating(below), KeyWords.Floating(above), Place(count).Beyond);
        // Two equal values, infinities among them, have nothing between them.
        ((Column<double>)target).Append(beyond == 0 || low == high ? low : low * (1 - beyond) + high * beyond);
    }

    Span<ulong> WordsOf(int group) => _byGroup.AsSpan((int)_starts[group], (int)_counts[group]);

    /// <summary>Brings the values of each group together. Nothing is added after it.</summary>
    void Arrange()
    {
        if (_starts.Length > 0) return;
        _starts = memory.New<long>(_groups + 1L);
        for (var group = 0; group < _groups; group++) _starts[group + 1] = _starts[group] + _counts[group];
        _byGroup = memory.New<ulong>(_total);
        var next = memory.New<long>(_groups);
        _starts.AsSpan(0, _groups).CopyTo(next);
        for (var i = 0; i < _pieces.Count; i++)
        {
            var (groups, words) = _pieces[i];
            var length = (int)Math.Clamp(_total - (long)i * PieceLength, 0, PieceLength);
            for (var j = 0; j < length; j++) _byGroup[next[groups[j]]++] = words[j];
            memory.Free(groups);
            memory.Free(words);
            _pieces[i] = ([], []);
        }
        memory.Free(next);
        _pieces.Clear();
    }

    public override DataType ValueType => DataType.UInt64;

    public override long Count(int group) => _counts[group];

    public override long ArrangeBytes => sizeof(ulong) * _total + 2 * sizeof(long) * (_groups + 1L);

    public override void ArrangeAscending()
    {
        Arrange();
        for (var group = 0; group < _groups; group++) WordsOf(group).Sort();
    }

    public override void AppendValues(int group, long from, int count, Column target) => WordsOf(group).Slice((int)from, count).CopyTo(((Column<ulong>)target).AppendSpan(count));

    public override void Finish(SortedValues values, long count, Column target)
    {
        if (count == 0)
        {
            target.AppendNull();
            return;
        }
        var (below, _) = Place(count);
        values.Skip(below + 1);
        var low = Word(values);
        var high = low;
        if (below + 1 < count)
        {
            values.Next();
            high = Word(values);
        }
        values.Skip(count - Math.Min(count, below + 2));
        Append(low, high, count, target);
    }

    public override void Save(SortedValues values, long count, BytesColumn state)
    {
        if (count > Array.MaxLength / sizeof(ulong)) throw new MemoryExceededException($"a quantile's {count:N0} values are too many for one state");
        // The span is filled at once: another row of the column may move it.
        var words = MemoryMarshal.Cast<byte, ulong>(state.AppendSpan((int)count * sizeof(ulong)));
        foreach (ref var word in words)
        {
            values.Next();
            word = Word(values);
        }
    }

    static ulong Word(SortedValues values) => ((Column<ulong>)values.Column).Values[values.Row];
}
