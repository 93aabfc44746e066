using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Distinct values of a fixed width, as <see cref="KeyWords"/>.</summary>
sealed class DistinctWords<TWord>(StateMemory memory) : DistinctValues(memory) where TWord : unmanaged, IEquatable<TWord>
{
    /// <summary>More than a processor's second cache holds.</summary>
    const int ManyKeys = 1 << 14;

    readonly KeySlots _slots = new(memory);
    readonly uint[] _hashes = new uint[Stretch];
    readonly TWord[] _scratch = new TWord[Stretch];
    TWord[] _words = [];
    TWord[] _keys = [];
    int _count;

    public override int Count => _count;

    /// <summary>The words by number.</summary>
    public ReadOnlySpan<TWord> Words => _words.AsSpan(0, _count);

    /// <summary>Writes the number of each word.</summary>
    public void Assign(ReadOnlySpan<TWord> words, Span<int> numbers)
    {
        for (; words.Length > 0; words = words[Math.Min(Stretch, words.Length)..], numbers = numbers[Math.Min(Stretch, numbers.Length)..])
            AssignStretch(words[..Math.Min(Stretch, words.Length)], numbers);
    }

    public override void Reserve(int values, long bytes) => Reserve(values);

    /// <summary>Makes room for so many new words.</summary>
    public void Reserve(int words)
    {
        _slots.Reserve(words);
        Memory.Lengthen(ref _words, (long)_count + words);
    }

    public override void Clear()
    {
        base.Clear();
        _slots.Clear();
        _count = 0;
    }

    protected override long SortBytes => StateMemory.Missing(_keys, _count);

    void AssignStretch(ReadOnlySpan<TWord> words, Span<int> numbers)
    {
        // Room for all is made before, so that nothing grows inside the loops.
        Reserve(words.Length);
        var hashes = _hashes.AsSpan(0, words.Length);
        numbers = numbers[..words.Length];
        for (var i = 0; i < hashes.Length; i++) hashes[i] = KeyHash.Of(words[i]);
        var slots = _slots.Slots;
        var known = _words;
        var shift = _slots.Shift;
        if (_count > ManyKeys) _slots.Prefetch(hashes);
        var before = _count;
        for (var i = 0; i < hashes.Length; i++)
        {
            var hash = hashes[i];
            var word = words[i];
            for (var slot = (int)(hash >> shift); ; slot = slot + 1 & slots.Length - 1)
            {
                var entry = slots[slot];
                if ((uint)(entry >> 32) == hash && (int)(uint)entry - 1 is >= 0 and var number && known[number].Equals(word))
                {
                    numbers[i] = number;
                    break;
                }
                if (entry != 0) continue;
                slots[slot] = KeySlots.Entry(hash, _count);
                known[_count] = word;
                numbers[i] = _count++;
                break;
            }
        }
        _slots.Took(_count - before);
    }

    /// <summary>Takes the next number for a word that is known to be new, without making it findable; see <see cref="Index"/>.</summary>
    public int Append(TWord word)
    {
        Memory.Lengthen(ref _words, _count + 1L);
        _words[_count] = word;
        return _count++;
    }

    /// <summary>Makes words findable that were only appended.</summary>
    public void Index()
    {
        _slots.Reserve(_count);
        var slots = _slots.Slots;
        for (var number = 0; number < _count; number++)
        {
            var hash = KeyHash.Of(_words[number]);
            var slot = (int)(hash >> _slots.Shift);
            while (slots[slot] != 0) slot = slot + 1 & slots.Length - 1;
            slots[slot] = KeySlots.Entry(hash, number);
        }
        _slots.Took(_count);
    }

    public long Displacement() => _slots.Displacement();

    protected override void AssignAll(Column column, Span<int> numbers)
    {
        for (var from = 0; from < numbers.Length; from += Stretch)
        {
            var words = _scratch.AsSpan(0, Math.Min(Stretch, numbers.Length - from));
            KeyWords.Encode(column, from, words);
            AssignStretch(words, numbers[from..]);
        }
    }

    protected override void AssignSome(Column column, ReadOnlySpan<int> rows, Span<int> numbers)
    {
        if (rows.Length == 0) return;
        var words = _scratch.AsSpan(0, rows[^1] + 1 - rows[0]);
        KeyWords.Encode(column, rows[0], words);
        var first = rows[0];
        for (var i = 0; i < rows.Length; i++) words[i] = words[rows[i] - first];
        AssignStretch(words[..rows.Length], numbers);
    }

    protected override int Find(Column column, int row)
    {
        Span<TWord> word = stackalloc TWord[1];
        Span<int> number = stackalloc int[1];
        KeyWords.Encode(column, row, word);
        AssignStretch(word, number);
        return number[0];
    }

    protected override int AppendNull() => Append(default);

    protected override void Write(int number, Column target) => KeyWords.Append(_words[number], target);

    protected override void Sort(Span<int> numbers)
    {
        Memory.Renew(ref _keys, numbers.Length);
        var keys = _keys.AsSpan(0, numbers.Length);
        for (var i = 0; i < keys.Length; i++) keys[i] = _words[numbers[i]];
        keys.Sort(numbers);
    }
}
