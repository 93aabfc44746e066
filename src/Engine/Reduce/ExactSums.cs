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
sealed class ExactSums
{
    /// <summary>Chunks over the whole range of a double: 2^-1074 to 2^1023, and carries beyond.</summary>
    const int AllChunks = 68;
    const int WindowChunks = 6;
    const int Unset = -1;
    const int Wide = -2;

    // An addition adds less than 2^32 to a chunk, so 2^30 of them leave room for the carries.
    const int CarryInterval = 1 << 30;

    long[] _windows = [];
    short[] _bases = [];
    byte[] _specials = [];
    readonly Dictionary<int, long[]> _wide = [];
    int _additions;
    int _groups;

    public void Resize(int groups)
    {
        if (groups > _bases.Length)
        {
            var capacity = Math.Max(groups, Math.Max(8, _bases.Length * 2));
            var before = _bases.Length;
            Array.Resize(ref _bases, capacity);
            Array.Resize(ref _specials, capacity);
            Array.Resize(ref _windows, capacity * WindowChunks);
            _bases.AsSpan(before).Fill(Unset);
        }
        _groups = groups;
    }

    public void Add(int group, double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7ff;
        var mantissa = bits & 0xf_ffff_ffff_ffff;
        if (exponent == 0x7ff)
        {
            _specials[group] |= mantissa != 0 ? (byte)4 : bits > 0 ? (byte)1 : (byte)2;
            return;
        }
        if (exponent != 0) mantissa |= 1L << 52;
        else if (mantissa == 0) return;
        else exponent = 1;
        // The value is mantissa × 2^(exponent − 1075); chunk 0 begins at 2^-1074.
        var chunk = (exponent - 1) >> 5;
        var shift = (exponent - 1) & 31;
        var low = (mantissa << shift) & 0xffff_ffff;
        var middle = (mantissa >> (32 - shift)) & 0xffff_ffff;
        var high = shift == 0 ? 0 : mantissa >>> (64 - shift);
        if (bits < 0)
        {
            low = -low;
            middle = -middle;
            high = -high;
        }
        var target = ChunksFor(group, chunk, out var first);
        target[first] += low;
        target[first + 1] += middle;
        target[first + 2] += high;
        if (++_additions == CarryInterval) CarryAll();
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

    /// <summary>Adds another sum into <paramref name="group"/>.</summary>
    public void Merge(int group, ExactSums other, int otherGroup)
    {
        _specials[group] |= other._specials[otherGroup];
        other.Carry(otherGroup);
        var source = other.Chunks(otherGroup, out var sourceBase);
        if (source.Length == 0) return;
        Carry(group);
        var fits = source.Length == WindowChunks && (_bases[group] == Unset || _bases[group] == sourceBase);
        if (fits && _bases[group] == Unset) _bases[group] = (short)sourceBase;
        var target = fits ? _windows.AsSpan(group * WindowChunks, WindowChunks) : Widen(group);
        var at = fits ? 0 : sourceBase;
        for (var i = 0; i < source.Length; i++) target[at + i] += source[i];
        // Two carried sums meet here, so a merge uses up as much room as one addition.
        if (++_additions == CarryInterval) CarryAll();
    }

    /// <summary>The sum, rounded to nearest even.</summary>
    public double Round(int group)
    {
        var special = _specials[group];
        if (special != 0) return (special & 4) != 0 || special == 3 ? double.NaN : special == 1 ? double.PositiveInfinity : double.NegativeInfinity;
        Carry(group);
        var chunks = Chunks(group, out var firstChunk);
        return chunks.Length == 0 ? 0 : Round(chunks, firstChunk);
    }

    Span<long> ChunksFor(int group, int chunk, out int first)
    {
        int start = _bases[group];
        if (start == Unset) _bases[group] = (short)(start = Math.Max(0, chunk - 1));
        if (start >= 0 && chunk >= start && chunk + 3 <= start + WindowChunks - 1)
        {
            first = chunk - start;
            return _windows.AsSpan(group * WindowChunks, WindowChunks);
        }
        first = chunk;
        return Widen(group);
    }

    long[] Widen(int group)
    {
        if (_wide.TryGetValue(group, out var wide)) return wide;
        wide = new long[AllChunks];
        if (_bases[group] >= 0) _windows.AsSpan(group * WindowChunks, WindowChunks).CopyTo(wide.AsSpan(_bases[group]));
        _bases[group] = Wide;
        _wide.Add(group, wide);
        return wide;
    }

    Span<long> Chunks(int group, out int first)
    {
        first = Math.Max(0, (int)_bases[group]);
        return _bases[group] == Wide ? _wide[group] : _bases[group] == Unset ? [] : _windows.AsSpan(group * WindowChunks, WindowChunks);
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
                if (_bases[group] >= 0 && value is < -(1L << 31) or > 1L << 31)
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
    static double Compose(UInt128 value, int exponent, bool sticky)
    {
        var length = 128 - (int)UInt128.LeadingZeroCount(value);
        // The lowest bit that the result can hold: 52 below the highest, but none below 2^-1074.
        var drop = Math.Max(length - 53, -1074 - exponent);
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
