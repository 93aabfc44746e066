using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// Open addressing for numbered keys. A slot is eight bytes: the hash above, the number plus one below, zero for none; so keys are touched only on a
/// likely hit, and growing moves slots without hashing again. At most half of the slots are taken.
/// </summary>
sealed class KeySlots(StateMemory memory)
{
    const int LeastBits = 8;

    ulong[] _slots = [];
    int _taken;

    /// <summary>The slots, a power of two of them. A key's search begins at its hash shifted right by <see cref="Shift"/>, and goes up to an empty one.</summary>
    public ulong[] Slots => _slots;

    public int Shift { get; private set; }

    public static ulong Entry(uint hash, int number) => (ulong)hash << 32 | (uint)(number + 1);

    /// <summary>Makes sure that <paramref name="more"/> keys can be put into the slots.</summary>
    public void Reserve(int more)
    {
        var wanted = 2L * (_taken + more);
        if (wanted <= _slots.Length) return;
        var bits = Math.Max(LeastBits, 64 - BitOperations.LeadingZeroCount((ulong)wanted - 1));
        if (bits > 30) throw new MemoryExceededException("a reduction has more than 500 million distinct keys");
        var larger = memory.New<ulong>(1L << bits);
        Shift = 32 - bits;
        foreach (var entry in _slots)
        {
            if (entry == 0) continue;
            var slot = (int)((uint)(entry >> 32) >> Shift);
            while (larger[slot] != 0) slot = slot + 1 & larger.Length - 1;
            larger[slot] = entry;
        }
        memory.Free(_slots);
        _slots = larger;
    }

    /// <summary>Empties all slots and keeps them.</summary>
    public void Clear()
    {
        Array.Clear(_slots);
        _taken = 0;
    }

    /// <summary>Notes that the caller has filled slots.</summary>
    public void Took(int slots) => _taken += slots;

    /// <summary>Asks for the memory where the searches for these hashes begin.</summary>
    public unsafe void Prefetch(ReadOnlySpan<uint> hashes)
    {
        if (!Sse.IsSupported) return;
        fixed (ulong* slots = _slots)
        {
            foreach (var hash in hashes) Sse.Prefetch0(slots + (hash >> Shift));
        }
    }

    /// <summary>How many slots beyond its first the search for each key looks at, summed up.</summary>
    public long Displacement()
    {
        long sum = 0;
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot] != 0) sum += slot - (int)((uint)(_slots[slot] >> 32) >> Shift) & _slots.Length - 1;
        }
        return sum;
    }
}
