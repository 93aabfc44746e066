using System.Numerics;

namespace Fanfold.Engine.Reduce;

/// <summary>Numbers the distinct pairs of two numbers from 0 in order of first appearance: by a plain array while the product of their counts is small, then by hashing.</summary>
sealed class PairTable(StateMemory memory)
{
    /// <summary>Entries of the array at most: what stays in a processor's second cache.</summary>
    const int MostDirect = 1 << 18;

    readonly DistinctWords<ulong> _pairs = new(memory);
    readonly ulong[] _scratch = new ulong[2048];
    int[]? _direct = [];
    int _shift;

    public int Count => _pairs.Count;

    /// <summary>The pairs by number: the left above, the right below.</summary>
    public ReadOnlySpan<ulong> Pairs => _pairs.Words;

    /// <summary>Makes room for the pairs of so many rows, so that <see cref="Assign"/> takes no memory.</summary>
    public void Reserve(int lefts, int rights, int rows)
    {
        if (_direct is not null && !Fit(lefts, rights)) Hash();
        _pairs.Reserve(rows);
    }

    /// <summary>Writes the number of each row's pair; <paramref name="numbers"/> may be <paramref name="left"/> itself.</summary>
    /// <param name="lefts">The left numbers are below it.</param>
    /// <param name="rights">The right numbers are below it.</param>
    public void Assign(ReadOnlySpan<int> left, int lefts, ReadOnlySpan<int> right, int rights, Span<int> numbers)
    {
        if (_direct is not null && !Fit(lefts, rights)) Hash();
        right = right[..numbers.Length];
        left = left[..numbers.Length];
        if (_direct is { } direct)
        {
            for (var i = 0; i < numbers.Length; i++)
            {
                ref var number = ref direct[left[i] << _shift | right[i]];
                if (number == 0) number = _pairs.Append(Pair(left[i], right[i])) + 1;
                numbers[i] = number - 1;
            }
            return;
        }
        for (var from = 0; from < numbers.Length; from += _scratch.Length)
        {
            var words = _scratch.AsSpan(0, Math.Min(_scratch.Length, numbers.Length - from));
            for (var i = 0; i < words.Length; i++) words[i] = Pair(left[from + i], right[from + i]);
            _pairs.Assign(words, numbers[from..]);
        }
    }

    /// <summary>Forgets all pairs and keeps the memory.</summary>
    public void Clear()
    {
        _pairs.Clear();
        if (_direct is not null) Array.Clear(_direct);
    }

    void Hash()
    {
        _pairs.Index();
        memory.Free(_direct!);
        _direct = null;
    }

    static ulong Pair(int left, int right) => (ulong)(uint)left << 32 | (uint)right;

    /// <summary>Makes the array large enough; false when it would become too large.</summary>
    bool Fit(int lefts, int rights)
    {
        var bits = BitOperations.Log2((uint)Math.Max(1, rights - 1)) + 1;
        if (bits > _shift)
        {
            if ((long)lefts << bits > MostDirect) return false;
            memory.Free(_direct!);
            _direct = [];
            _shift = bits;
        }
        if (_direct!.Length >= (long)lefts << _shift) return true;
        if ((long)lefts << _shift > MostDirect) return false;
        memory.Free(_direct);
        _direct = [];
        _direct = memory.New<int>((long)BitOperations.RoundUpToPowerOf2((uint)lefts) << _shift);
        for (var number = 0; number < Count; number++) _direct[(int)(Pairs[number] >> 32) << _shift | (int)(uint)Pairs[number]] = number + 1;
        return true;
    }
}
