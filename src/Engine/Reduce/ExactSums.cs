using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// Exact sums of doubles, one a group: the result is the true sum rounded once, so it depends neither on the order of the
/// rows nor on how they were cut into tasks.
/// </summary>
/// <remarks>
/// R. M. Neal, "Fast Exact Summation Using Small and Large Superaccumulators" (2015). A sum is a fixed-point number in chunks of 32 bits,
/// each held in 64 so that carries can wait. Most groups see a narrow range of magnitudes and keep a window of six chunks; a value outside
/// moves its group to all of them.
/// </remarks>
sealed class ExactSums(StateMemory memory)
{
    /// <summary>Chunks over the whole range of a double: 2^-1074 to 2^1023, and carries beyond.</summary>
    const int AllChunks = 68;
    const int WindowChunks = 6;

    // A cell is a group's eight words, one cache line: what it is, then its window, or the place of all its chunks.
    const int CellWords = 8;

    // The lowest byte of a cell says what it is: nothing yet (0), a window (its first chunk + 4), all chunks. The three bits above note infinities and NaN.
    const int Kind = 0xff;
    const int WindowBias = 4;
    const int Wide = 255;
    const long Infinite = 1 << 8;
    const long NegativeInfinite = 1 << 9;
    const long NotANumber = 1 << 10;
    const long Special = Infinite | NegativeInfinite | NotANumber;

    // An addition adds less than 2^32 to a chunk, so 2^30 of them leave room for the carries.
    const int CarryInterval = 1 << 30;

    long[] _cells = [];
    long[] _wide = [];
    int _wideCount;
    int _additions;
    int _groups;

    public void Resize(int groups)
    {
        memory.Lengthen(ref _cells, (long)groups * CellWords);
        _groups = groups;
    }

    public void Add(int group, double value)
    {
        if (++_additions == CarryInterval) CarryAll();
        Add(ref Cell(group), group, value);
    }

    /// <summary>Adds each value into the group beside it.</summary>
    public void Add(ReadOnlySpan<int> groups, ReadOnlySpan<double> values)
    {
        values = values[..groups.Length];
        ref var cells = ref MemoryMarshal.GetArrayDataReference(_cells);
        for (var i = 0; i < groups.Length; i++)
        {
            if (++_additions == CarryInterval) CarryAll();
            Add(ref Unsafe.Add(ref cells, (nint)groups[i] * CellWords), groups[i], values[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Add(ref long cell, int group, double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7ff;
        var mantissa = bits & 0xf_ffff_ffff_ffff | 1L << 52;
        // The value is mantissa × 2^(exponent − 1075); chunk 0 begins at 2^-1074.
        var chunk = (exponent - 1) >> 5;
        var first = chunk + WindowBias - ((int)cell & Kind);
        if ((uint)first > WindowChunks - 4 || (uint)(exponent - 1) >= 0x7fe)
        {
            AddRare(ref cell, group, value);
            return;
        }
        AddTo(ref Unsafe.Add(ref cell, first + 1), mantissa, (exponent - 1) & 31, bits >> 63);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddTo(ref long chunks, long mantissa, int shift, long sign)
    {
        var low = (mantissa << shift) & 0xffff_ffff;
        var middle = (mantissa >> (32 - shift)) & 0xffff_ffff;
        var high = mantissa >> 1 >>> (63 - shift);
        chunks += (low ^ sign) - sign;
        Unsafe.Add(ref chunks, 1) += (middle ^ sign) - sign;
        Unsafe.Add(ref chunks, 2) += (high ^ sign) - sign;
    }

    /// <summary>What is zero, subnormal, infinite or no number, the first of a group, or outside its window.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void AddRare(ref long cell, int group, double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7ff;
        var mantissa = bits & 0xf_ffff_ffff_ffff;
        if (exponent == 0x7ff)
        {
            cell |= mantissa != 0 ? NotANumber : bits > 0 ? Infinite : NegativeInfinite;
            return;
        }
        if (exponent != 0) mantissa |= 1L << 52;
        else if (mantissa == 0) return;
        else exponent = 1;
        var chunk = (exponent - 1) >> 5;
        if ((cell & Kind) == 0) cell |= (uint)(Math.Max(0, chunk - 1) + WindowBias);
        var first = chunk + WindowBias - ((int)cell & Kind);
        if ((uint)first <= WindowChunks - 4) AddTo(ref Unsafe.Add(ref cell, first + 1), mantissa, (exponent - 1) & 31, bits >> 63);
        else AddTo(ref Widen(group)[chunk], mantissa, (exponent - 1) & 31, bits >> 63);
    }

    /// <summary>Adds all values into one group.</summary>
    public void AddAll(int group, ReadOnlySpan<double> values)
    {
        Span<double> bins = stackalloc double[BinnedSum.Bins];
        while (values.Length > 0)
        {
            var part = values[..Math.Min(values.Length, BinnedSum.MaxValues)];
            foreach (var addend in BinnedSum.TrySum(part, bins) ? bins : part) Add(group, addend);
            values = values[part.Length..];
        }
    }

    /// <summary>Appends a sum as bytes: the notes on infinities and NaN, its first chunk, its chunks.</summary>
    public void Save(int group, BytesColumn target)
    {
        Carry(group);
        var chunks = Chunks(group, out var first);
        for (; chunks.Length > 1 && chunks[0] == 0; chunks = chunks[1..]) first++;
        var bytes = target.AppendSpan(2 + 8 * chunks.Length);
        bytes[0] = (byte)((Cell(group) & Special) >> 8);
        bytes[1] = (byte)first;
        for (var i = 0; i < chunks.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes[(2 + 8 * i)..], chunks[i]);
    }

    /// <summary>Adds a sum that was saved into <paramref name="group"/>.</summary>
    public void Merge(int group, ReadOnlySpan<byte> state)
    {
        Cell(group) |= (long)state[0] << 8 & Special;
        int first = state[1], chunks = state.Length / 8;
        if (chunks == 0) return;
        Carry(group);
        if ((Cell(group) & Kind) == 0 && chunks <= WindowChunks) Cell(group) |= (uint)(first + chunks - WindowChunks + WindowBias);
        var target = Chunks(group, out var targetFirst);
        // The last chunk carries the sign, so it may only meet the last of a window.
        if (first < targetFirst || first + chunks != targetFirst + target.Length)
        {
            target = Widen(group);
            targetFirst = 0;
        }
        for (var i = 0; i < chunks; i++) target[first - targetFirst + i] += BinaryPrimitives.ReadInt64LittleEndian(state[(2 + 8 * i)..]);
        // Two carried sums meet here, so a merge uses up as much room as one addition.
        if (++_additions == CarryInterval) CarryAll();
    }

    /// <summary>Whether an infinity or a NaN was added.</summary>
    public bool IsSpecial(int group) => (Cell(group) & Special) != 0;

    /// <summary>The sum, rounded to nearest even.</summary>
    public double Round(int group)
    {
        var special = Cell(group) & Special;
        if (special != 0) return special == Infinite ? double.PositiveInfinity : special == NegativeInfinite ? double.NegativeInfinity : double.NaN;
        Carry(group);
        var chunks = Chunks(group, out var firstChunk);
        return chunks.Length == 0 ? 0 : Round(chunks, firstChunk);
    }

    /// <summary>The sum of finite values, exactly: the value × 2^exponent.</summary>
    public (BigInteger Value, int Exponent) Exact(int group)
    {
        Carry(group);
        var chunks = Chunks(group, out var first);
        for (; chunks.Length > 0 && chunks[0] == 0; chunks = chunks[1..]) first++;
        BigInteger value = 0;
        for (var i = chunks.Length - 1; i >= 0; i--) value = (value << 32) + chunks[i];
        return (value, first * 32 - 1074);
    }

    ref long Cell(int group) => ref _cells[(long)group * CellWords];

    Span<long> Widen(int group)
    {
        ref var cell = ref Cell(group);
        if ((cell & Kind) == Wide) return AllOf(cell, group);
        memory.Lengthen(ref _wide, (_wideCount + 1L) * AllChunks);
        var all = _wide.AsSpan(_wideCount * AllChunks, AllChunks);
        if ((cell & Kind) != 0) Chunks(group, out var first).CopyTo(all[first..]);
        cell |= Wide;
        _cells[(long)group * CellWords + 1] = _wideCount++;
        return all;
    }

    Span<long> AllOf(long cell, int group) => _wide.AsSpan((int)_cells[(long)group * CellWords + 1] * AllChunks, AllChunks);

    Span<long> Chunks(int group, out int first)
    {
        var kind = (int)Cell(group) & Kind;
        first = kind is 0 or Wide ? 0 : kind - WindowBias;
        return kind == Wide ? AllOf(kind, group) : kind == 0 ? [] : MemoryMarshal.CreateSpan(ref _cells[(long)group * CellWords + 1], WindowChunks);
    }

    void CarryAll()
    {
        for (var group = 0; group < _groups; group++) Carry(group);
        _additions = 0;
    }

    // After it every chunk but the last is in [0, 2^32); the last carries the sign.
    void Carry(int group)
    {
        var chunks = Chunks(group, out _);
        long carry = 0;
        for (var i = 0; i < chunks.Length; i++)
        {
            var value = chunks[i] + carry;
            if (i == chunks.Length - 1)
            {
                chunks[i] = value;
                if (chunks.Length == WindowChunks && value is < -(1L << 31) or > 1L << 31)
                {
                    // The window's last chunk is not the last of all, so its sign and surplus must move on.
                    Widen(group);
                    Carry(group);
                }
                return;
            }
            chunks[i] = value & 0xffff_ffff;
            carry = value >> 32;
        }
    }

    static double Round(ReadOnlySpan<long> carried, int firstChunk)
    {
        Span<long> chunks = stackalloc long[AllChunks];
        carried.CopyTo(chunks);
        var count = carried.Length;
        var negative = chunks[count - 1] < 0;
        if (negative) Negate(chunks[..count]);
        var top = count - 1;
        while (top >= 0 && chunks[top] == 0) top--;
        if (top < 0) return 0;
        // 128 bits below the top chunk's highest bit hold the mantissa, the rounding bit, and by `sticky` whether anything follows.
        UInt128 window = 0;
        var lowest = Math.Max(0, top - 2);
        for (var i = top; i >= lowest; i--) window = window << 32 | (UInt128)(ulong)chunks[i];
        var sticky = false;
        for (var i = 0; i < lowest; i++) sticky |= chunks[i] != 0;
        var exponent = (firstChunk + lowest) * 32 - 1074;
        var result = Compose(window, exponent, sticky);
        return negative ? -result : result;
    }

    static void Negate(Span<long> chunks)
    {
        long carry = 0;
        for (var i = 0; i < chunks.Length; i++)
        {
            var value = carry - chunks[i];
            if (i == chunks.Length - 1) chunks[i] = value;
            else
            {
                chunks[i] = value & 0xffff_ffff;
                carry = value >> 32;
            }
        }
    }

    /// <summary><paramref name="value"/> × 2^<paramref name="exponent"/>, a little more when <paramref name="sticky"/>, rounded to nearest even; below the normal range the bits of a subnormal.</summary>
    public static double Compose(UInt128 value, int exponent, bool sticky)
    {
        var length = 128 - (int)UInt128.LeadingZeroCount(value);
        // The lowest bit that the result can hold: 52 below the highest, but none below 2^-1074.
        var drop = Math.Max(length - 53, -1074 - exponent);
        if (drop > 127) return 0;
        if (drop > 0)
        {
            var rest = value & ((UInt128.One << drop) - 1);
            var half = UInt128.One << (drop - 1);
            value >>= drop;
            if (rest > half || rest == half && (sticky || (value & 1) == 1)) value++;
            exponent += drop;
        }
        return Math.ScaleB((double)(ulong)value, exponent);
    }
}
