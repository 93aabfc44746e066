using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// Exact sums of doubles, one a group: the result is the true sum rounded once, so it depends neither on the order of the
/// rows nor on how they were cut into tasks.
/// </summary>
/// <remarks>
/// After R. M. Neal, "Fast Exact Summation Using Small and Large Superaccumulators" (2015). The range of a double is cut into levels of 50 exponents. A level
/// holds for each group a fixed-point number of 128 bits, wide enough for the mantissas that begin in the level and for many additions before anything must
/// be carried to the next. A level is made when its first value comes; the first one is laid so that values like those of the first batch all fall into it.
/// </remarks>
sealed class ExactSums(StateMemory memory)
{
    const int LevelBits = 50;

    /// <summary>Over the whole range, 2^-1074 to 2^1023, and the carries of 2^63 rows beyond it.</summary>
    const int Levels = 46;

    /// <summary>How far above the lowest exponent of a level the largest value of the first batch is.</summary>
    const int Expected = 36;

    /// <summary>Bits of what may be added to a level at once; 2^24 of them stay within 127.</summary>
    const int AddendBits = 53 + LevelBits - 1;
    const int CarryInterval = 1 << 24;

    const long LevelMask = (1L << LevelBits) - 1;

    /// <summary>Groups for one <see cref="Prefetch"/>.</summary>
    public const int Stretch = 256;

    /// <summary>More than a processor's first cache holds.</summary>
    const int ManyGroups = 1 << 11;

    const byte Infinite = 1;
    const byte NegativeInfinite = 2;
    const byte NotANumber = 4;

    readonly Int128[][] _levels = new Int128[Levels][];

    // Those that are made, the lowest first.
    readonly List<int> _made = [];

    // The level of most values, and the biased exponent at its lowest bit; beyond all exponents until it is laid.
    Int128[] _main = [];
    int _mainLevel = -1;
    int _mainExponent = int.MaxValue / 2;

    // The lowest bit of level 0, counted from 2^-1074 and below it, so that no value is.
    int _firstBit = -LevelBits;

    byte[] _notes = [];
    int _additions;
    int _groups;

    public void Resize(int groups)
    {
        if (_notes.Length > 0) memory.Lengthen(ref _notes, groups);
        foreach (var level in _made)
        {
            memory.Lengthen(ref _levels[level], groups);
            if (level == _mainLevel) _main = _levels[level];
        }
        _groups = groups;
    }

    /// <summary>Makes all sums zero and keeps the memory.</summary>
    public void Clear()
    {
        foreach (var level in _made) Array.Clear(_levels[level]);
        Array.Clear(_notes);
        _additions = 0;
    }

    /// <summary>Makes room for adding these values: for the levels that they lie in and that carries may need.</summary>
    public void Reserve(ReadOnlySpan<double> values)
    {
        if (_mainLevel < 0) LayMain(values);
        if (_additions + values.Length > CarryInterval) ReserveCarries();
        // A scan would cost more than it tells while there is room for everything.
        if (memory.Room / Levels > (long)_groups * Unsafe.SizeOf<Int128>()) return;
        foreach (var value in values)
        {
            var exponent = (int)(BitConverter.DoubleToInt64Bits(value) >> 52) & 0x7ff;
            if ((uint)(exponent - _mainExponent) < LevelBits || value == 0) continue;
            if (exponent == 0x7ff) memory.Lengthen(ref _notes, _groups);
            else Level((Math.Max(1, exponent) - 1 - _firstBit) / LevelBits);
        }
    }

    /// <summary>The same for sums that were saved.</summary>
    public void ReserveStates(BytesColumn states)
    {
        if (_additions + (long)Levels * states.Length > CarryInterval) ReserveCarries();
        for (var row = 0; row < states.Length; row++)
        {
            if (states.IsNull(row)) continue;
            var state = states.Bytes(row);
            if (state[0] != 0) memory.Lengthen(ref _notes, _groups);
            for (state = state[1..]; state.Length > 0; state = state[PartBytes..])
            {
                var bit = BinaryPrimitives.ReadInt16LittleEndian(state);
                if (_mainLevel < 0) LayMain(bit);
                var (level, shift) = Math.DivRem(bit - _firstBit, LevelBits);
                var value = BinaryPrimitives.ReadInt128LittleEndian(state[2..]);
                for (Level(level); value >> AddendBits - shift != value >> 127; value >>= LevelBits) Level(++level);
            }
        }
    }

    void ReserveCarries()
    {
        // With a bit to spare for what is carried in from the level below.
        foreach (var level in _made.Where(level => level + 1 < Levels && _levels[level].Any(number => number >> AddendBits - 1 != number >> 127)).ToArray()) Level(level + 1);
    }

    public void Add(int group, double value) => Add(new ReadOnlySpan<int>(in group), new ReadOnlySpan<double>(in value));

    /// <summary>Adds each value into the group beside it.</summary>
    public void Add(ReadOnlySpan<int> groups, ReadOnlySpan<double> values)
    {
        values = values[..groups.Length];
        if (_mainLevel < 0) LayMain(values);
        for (int from = 0, count; from < groups.Length; from += count)
        {
            count = Math.Min(Stretch, groups.Length - from);
            if ((_additions += count) > CarryInterval) CarryAll(count);
            AddStretch(groups.Slice(from, count), values.Slice(from, count));
        }
    }

    void AddStretch(ReadOnlySpan<int> groups, ReadOnlySpan<double> values)
    {
        ref var main = ref MemoryMarshal.GetArrayDataReference(_main);
        Prefetch(groups);
        var lowest = _mainExponent;
        for (var i = 0; i < groups.Length; i++)
        {
            var bits = BitConverter.DoubleToInt64Bits(values[i]);
            var shift = ((int)(bits >> 52) & 0x7ff) - lowest;
            if ((uint)shift >= LevelBits)
            {
                AddRare(groups[i], values[i]);
                continue;
            }
            var sign = bits >> 63;
            var mantissa = ((bits & 0xf_ffff_ffff_ffff | 1L << 52) ^ sign) - sign;
            Unsafe.Add(ref main, groups[i]) += new Int128((ulong)(mantissa >> 1 >> (63 - shift)), (ulong)(mantissa << shift));
        }
    }

    /// <summary>Asks for the memory of groups: each sum of many misses the caches, so a few hundred are asked for before the first is needed.</summary>
    public unsafe void Prefetch(ReadOnlySpan<int> groups)
    {
        if (!Sse.IsSupported || _main.Length <= ManyGroups) return;
        fixed (Int128* main = _main)
        {
            foreach (var group in groups) Sse.Prefetch0(main + group);
        }
    }

    /// <summary>What is zero, subnormal, infinite or no number, or belongs to another level.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void AddRare(int group, double value)
    {
        if (value == 0) return;
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7ff;
        var mantissa = bits & 0xf_ffff_ffff_ffff;
        if (exponent == 0x7ff)
        {
            Note(group, mantissa != 0 ? NotANumber : bits > 0 ? Infinite : NegativeInfinite);
            return;
        }
        if (exponent == 0) exponent = 1;
        else mantissa |= 1L << 52;
        if (bits < 0) mantissa = -mantissa;
        var below = _mainExponent - exponent;
        if (below is > 0 and < 53 && (mantissa & (1L << below) - 1) == 0) _main[group] += mantissa >> below;
        else AddAt(group, mantissa, exponent - 1);
    }

    /// <summary>Adds <paramref name="value"/> × 2^(<paramref name="bit"/> − 1074).</summary>
    void AddAt(int group, Int128 value, int bit)
    {
        var (level, shift) = Math.DivRem(bit - _firstBit, LevelBits);
        for (var room = AddendBits - shift; value >> room != value >> 127; value >>= LevelBits) Level(level++)[group] += (value & LevelMask) << shift;
        Level(level)[group] += value << shift;
    }

    Int128[] Level(int level)
    {
        if (_levels[level] is { } made) return made;
        _made.Insert(~_made.BinarySearch(level), level);
        return _levels[level] = memory.New<Int128>(_groups);
    }

    void Note(int group, byte note)
    {
        memory.Lengthen(ref _notes, _groups);
        _notes[group] |= note;
    }

    /// <summary>Lays the main level by the largest of the values, if one is finite and not zero.</summary>
    void LayMain(ReadOnlySpan<double> values)
    {
        var largest = 0.0;
        foreach (var value in values)
        {
            if (Math.Abs(value) > largest && double.IsFinite(value)) largest = Math.Abs(value);
        }
        if (largest > 0) LayMain(Math.ILogB(largest) + 1022 - Expected);
    }

    /// <param name="bit">Its lowest, counted from 2^-1074, if the exponents of finite values, 1 to 2046, cover the level then.</param>
    void LayMain(int bit)
    {
        bit = Math.Clamp(bit, 0, 2046 - LevelBits);
        _firstBit = bit % LevelBits - LevelBits;
        _mainLevel = (bit - _firstBit) / LevelBits;
        _mainExponent = bit + 1;
        _main = Level(_mainLevel);
    }

    /// <summary>Adds all values into one group.</summary>
    public void AddAll(int group, ReadOnlySpan<double> values)
    {
        if (_mainLevel < 0) LayMain(values);
        Span<double> bins = stackalloc double[BinnedSum.Bins];
        while (values.Length > 0)
        {
            var part = values[..Math.Min(values.Length, BinnedSum.MaxValues)];
            foreach (var addend in BinnedSum.TrySum(part, bins) ? bins : part) Add(group, addend);
            values = values[part.Length..];
        }
    }

    const int PartBytes = 2 + 16;

    /// <summary>Appends a sum as bytes: the notes on infinities and NaN, then each level that is not zero, as its lowest bit and its number.</summary>
    public void Save(int group, BytesColumn target)
    {
        // Carried here and not in the levels, of which a carry may need another one.
        Span<Int128> numbers = stackalloc Int128[Levels];
        numbers.Clear();
        var (parts, carry) = (0, Int128.Zero);
        for (var level = _made.Count == 0 ? Levels : _made[0]; level < Levels && (level <= _made[^1] || carry != 0); level++)
        {
            var number = carry + (_levels[level]?[group] ?? 0);
            carry = number >> AddendBits == number >> 127 ? 0 : number >> LevelBits;
            numbers[level] = carry == 0 ? number : number & LevelMask;
            if (numbers[level] != 0) parts++;
        }
        var bytes = target.AppendSpan(1 + PartBytes * parts);
        bytes[0] = Notes(group);
        bytes = bytes[1..];
        for (var level = 0; parts > 0; level++)
        {
            var number = numbers[level];
            if (number == 0) continue;
            parts--;
            // The part of level 0 that lies below the range is zero.
            var below = Math.Max(0, -Bit(level));
            BinaryPrimitives.WriteInt16LittleEndian(bytes, (short)(Bit(level) + below));
            BinaryPrimitives.WriteInt128LittleEndian(bytes[2..], number >> below);
            bytes = bytes[PartBytes..];
        }
    }

    /// <summary>Adds a sum that was saved into <paramref name="group"/>.</summary>
    public void Merge(int group, ReadOnlySpan<byte> state)
    {
        if (state[0] != 0) Note(group, state[0]);
        for (state = state[1..]; state.Length > 0; state = state[PartBytes..])
        {
            var bit = BinaryPrimitives.ReadInt16LittleEndian(state);
            if (_mainLevel < 0) LayMain(bit);
            if (++_additions > CarryInterval) CarryAll(1);
            AddAt(group, BinaryPrimitives.ReadInt128LittleEndian(state[2..]), bit);
        }
    }

    /// <summary>Whether an infinity or a NaN was added.</summary>
    public bool IsSpecial(int group) => Notes(group) != 0;

    /// <summary>The sum, rounded to nearest even.</summary>
    public double Round(int group)
    {
        var notes = Notes(group);
        if (notes != 0) return notes == Infinite ? double.PositiveInfinity : notes == NegativeInfinite ? double.NegativeInfinity : double.NaN;
        var (number, numberLevel) = (Int128.Zero, 0);
        foreach (var level in _made)
        {
            if (_levels[level][group] == 0) continue;
            if (number != 0) return RoundAll(group);
            (number, numberLevel) = (_levels[level][group], level);
        }
        var magnitude = Rounding.ToDouble(number < 0 ? (UInt128)(-number) : (UInt128)number, Bit(numberLevel) - 1074, false);
        return number < 0 ? -magnitude : magnitude;
    }

    double RoundAll(int group)
    {
        // One limb below level 0, and room for the last level's sign.
        Span<ulong> limbs = stackalloc ulong[(Levels * LevelBits + 128) / 64 + 2];
        limbs.Clear();
        foreach (var level in _made) Rounding.Add(limbs, _levels[level][group], Bit(level) + 64);
        return Rounding.ToDouble(limbs, -64 - 1074);
    }

    /// <summary>The sum of finite values, exactly: the value × 2^exponent.</summary>
    public (BigInteger Value, int Exponent) Exact(int group)
    {
        var (value, lowest) = (BigInteger.Zero, Levels);
        for (var i = _made.Count - 1; i >= 0; i--)
        {
            var level = _made[i];
            if (_levels[level][group] != 0) (value, lowest) = ((value << (lowest - level) * LevelBits) + _levels[level][group], level);
        }
        return (value, Bit(lowest) - 1074);
    }

    byte Notes(int group) => _notes.Length > group ? _notes[group] : (byte)0;

    int Bit(int level) => _firstBit + level * LevelBits;

    void CarryAll(int begun)
    {
        for (var group = 0; group < _groups; group++) Carry(group);
        // What is left in a level, and what was carried into it, are as two additions.
        _additions = begun + 2;
    }

    /// <summary>Leaves no more in any level than one addition may add.</summary>
    void Carry(int group)
    {
        // What is carried may make the next level, which comes next then.
        for (var i = 0; i < _made.Count; i++)
        {
            var level = _made[i];
            var number = _levels[level][group];
            if (number >> AddendBits == number >> 127) continue;
            _levels[level][group] = number & LevelMask;
            Level(level + 1)[group] += number >> LevelBits;
        }
    }
}
