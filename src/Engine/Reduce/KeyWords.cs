using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// Values of a fixed width as unsigned words whose order is the order of the values: −0 is +0, and all NaNs are one, after every number. Words of 64 bits for
/// every lane but <see cref="Lane.Int128"/>, which takes 128.
/// </summary>
static class KeyWords
{
    const ulong Sign = 1UL << 63;

    static readonly UInt128 WideSign = UInt128.One << 127;

    /// <summary>The words of all rows of a plain column from <paramref name="from"/> on; those of null rows have no meaning.</summary>
    public static void Encode<TWord>(Column column, int from, Span<TWord> words) where TWord : unmanaged
    {
        if (typeof(TWord) == typeof(UInt128))
        {
            var wide = ((Column<Int128>)column).Values.Slice(from, words.Length);
            for (var i = 0; i < wide.Length; i++) words[i] = Unsafe.BitCast<UInt128, TWord>((UInt128)wide[i] ^ WideSign);
            return;
        }
        // Only words of 64 bits come here.
        switch (column)
        {
            case Column<byte> values: Encode(values.Values.Slice(from, words.Length), words); break;
            case Column<int> values: Encode(values.Values.Slice(from, words.Length), words); break;
            case Column<long> values: Encode(values.Values.Slice(from, words.Length), words); break;
            case Column<ulong> values: Encode(values.Values.Slice(from, words.Length), words); break;
            case Column<float> values: Encode(values.Values.Slice(from, words.Length), words); break;
            case Column<double> values: Encode(values.Values.Slice(from, words.Length), words); break;
            default: throw new InvalidOperationException($"a {column.GetType().Name} has no key words");
        }
    }

    static void Encode<T, TWord>(ReadOnlySpan<T> values, Span<TWord> words) where T : unmanaged where TWord : unmanaged
    {
        words = words[..values.Length];
        for (var i = 0; i < values.Length; i++) words[i] = Unsafe.BitCast<ulong, TWord>(Word(values[i]));
    }

    static ulong Word<T>(T value) where T : unmanaged
    {
        if (typeof(T) == typeof(byte)) return Unsafe.BitCast<T, byte>(value);
        if (typeof(T) == typeof(int)) return (ulong)Unsafe.BitCast<T, int>(value) ^ Sign;
        if (typeof(T) == typeof(long)) return (ulong)Unsafe.BitCast<T, long>(value) ^ Sign;
        if (typeof(T) == typeof(ulong)) return Unsafe.BitCast<T, ulong>(value);
        return Ordered(typeof(T) == typeof(float) ? Unsafe.BitCast<T, float>(value) : Unsafe.BitCast<T, double>(value));
    }

    /// <summary>The word of a double.</summary>
    public static ulong Ordered(double value)
    {
        if (double.IsNaN(value)) return ulong.MaxValue;
        var bits = BitConverter.DoubleToUInt64Bits(value + 0.0);
        return (bits & Sign) != 0 ? ~bits : bits | Sign;
    }

    /// <summary>The double of a word.</summary>
    public static double Floating(ulong word) =>
        word == ulong.MaxValue ? double.NaN : BitConverter.UInt64BitsToDouble((word & Sign) != 0 ? word & ~Sign : ~word);

    /// <summary>Appends the value of a word to a plain column of the type that it came from.</summary>
    public static void Append<TWord>(TWord word, Column target) where TWord : unmanaged
    {
        if (typeof(TWord) == typeof(UInt128))
        {
            ((Column<Int128>)target).Append((Int128)(Unsafe.BitCast<TWord, UInt128>(word) ^ WideSign));
            return;
        }
        var narrow = Unsafe.BitCast<TWord, ulong>(word);
        switch (target)
        {
            case Column<byte> column: column.Append((byte)narrow); break;
            case Column<int> column: column.Append((int)(narrow ^ Sign)); break;
            case Column<long> column: column.Append((long)(narrow ^ Sign)); break;
            case Column<ulong> column: column.Append(narrow); break;
            case Column<float> column: column.Append((float)Floating(narrow)); break;
            default: ((Column<double>)target).Append(Floating(narrow)); break;
        }
    }
}
