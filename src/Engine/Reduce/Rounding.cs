namespace Fanfold.Engine.Reduce;

/// <summary>Rounds exact numbers to the nearest double, ties to even.</summary>
static class Rounding
{
    /// <summary><paramref name="value"/> × 2^<paramref name="exponent"/>, a little more when <paramref name="sticky"/>; below the normal range the bits of a subnormal.</summary>
    public static double ToDouble(UInt128 value, int exponent, bool sticky)
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

    /// <summary>A number in two's complement, the lowest limb first, × 2^<paramref name="exponent"/>. The limbs are overwritten.</summary>
    public static double ToDouble(Span<ulong> limbs, int exponent)
    {
        var negative = (long)limbs[^1] < 0;
        if (negative) Negate(limbs);
        var top = limbs.LastIndexOfAnyExcept(0UL);
        if (top <= 0) return top < 0 ? 0 : negative ? -ToDouble(limbs[0], exponent, false) : ToDouble(limbs[0], exponent, false);
        var magnitude = ToDouble(new UInt128(limbs[top], limbs[top - 1]), exponent + (top - 1) * 64, limbs[..(top - 1)].ContainsAnyExcept(0UL));
        return negative ? -magnitude : magnitude;
    }

    /// <summary>Adds <paramref name="value"/> × 2^<paramref name="bit"/> to a number in two's complement.</summary>
    public static void Add(Span<ulong> limbs, Int128 value, int bit)
    {
        limbs = limbs[(bit >> 6)..];
        var rest = value >> 1 >> (63 - (bit & 63));
        var low = (ulong)value << bit;
        var carry = 0UL;
        foreach (ref var limb in limbs)
        {
            var sum = (UInt128)limb + low + carry;
            (limb, carry) = ((ulong)sum, (ulong)(sum >> 64));
            (low, rest) = ((ulong)rest, rest >> 64);
        }
    }

    static void Negate(Span<ulong> limbs)
    {
        var carry = true;
        foreach (ref var limb in limbs)
        {
            limb = ~limb + (carry ? 1UL : 0);
            carry &= limb == 0;
        }
    }
}
