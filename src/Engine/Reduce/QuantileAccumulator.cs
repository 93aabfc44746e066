using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// <c>quantile</c> and <c>median</c>: exact, all values are kept. Between two values linear, as DuckDB's quantile_cont; NaN is after every number; null of nothing.
/// A state is the group's values.
/// </summary>
sealed class QuantileAccumulator(double q, StateMemory memory) : Accumulator
{
    const int PieceLength = 1 << 16;

    /// <summary>Values as they came, in pieces, so that growing copies none: the words of <see cref="KeyWords"/>, which sort as the numbers do.</summary>
    readonly List<(int[] Groups, ulong[] Words)> _pieces = [];
    int _inLast = PieceLength;
    long _total;
    long[] _counts = [];
    int _groups;
    Widening _widening;

    /// <summary>The words by group once <see cref="Arrange"/> was called: group g has those from starts[g] to starts[g + 1].</summary>
    long[] _starts = [];
    ulong[] _byGroup = [];

    public override void Resize(int groups)
    {
        _groups = groups;
        memory.Lengthen(ref _counts, groups);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        var values = _widening.Doubles(input!)[..groups.Length];
        var nullable = input!.HasNulls;
        for (var i = 0; i < groups.Length; i++)
        {
            if (!nullable || !input.IsNull(i)) Add(groups[i], KeyWords.Ordered(values[i]));
        }
    }

    void Add(int group, ulong word)
    {
        if (_inLast == PieceLength)
        {
            _pieces.Add((memory.New<int>(PieceLength), memory.New<ulong>(PieceLength)));
            _inLast = 0;
        }
        var (groups, words) = _pieces[^1];
        groups[_inLast] = group;
        words[_inLast++] = word;
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
        for (var i = 0; i < groups.Length; i++)
        {
            foreach (var word in MemoryMarshal.Cast<byte, ulong>(((BytesColumn)state[0]).Bytes(i))) Add(groups[i], word);
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        Arrange();
        var column = (Column<double>)target;
        foreach (var group in order)
        {
            if (_counts[group] == 0) column.AppendNull();
            else column.Append(Interpolate(WordsOf(group)));
        }
    }

    double Interpolate(Span<ulong> words)
    {
        var place = (words.Length - 1) * q;
        var below = (int)Math.Floor(place);
        Selection.Place(words, below);
        var low = KeyWords.Floating(words[below]);
        if (place == below) return low;
        var above = ulong.MaxValue;
        foreach (var word in words[(below + 1)..]) above = Math.Min(above, word);
        var high = KeyWords.Floating(above);
        // Two equal values, infinities among them, have nothing between them.
        return low == high ? low : low * (1 - (place - below)) + high * (place - below);
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
            var length = i == _pieces.Count - 1 ? _inLast : PieceLength;
            for (var j = 0; j < length; j++) _byGroup[next[groups[j]]++] = words[j];
            memory.Free(groups);
            memory.Free(words);
            _pieces[i] = ([], []);
        }
        memory.Free(next);
        _pieces.Clear();
        _inLast = PieceLength;
    }
}
