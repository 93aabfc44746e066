using System.Numerics;

namespace Fanfold.Engine.Columns;

/// <summary>Bit arithmetic over <c>ulong</c> words, least significant bit first; bits past the length are always zero.</summary>
public static class Bitmap
{
    public static int WordsFor(int bits) => (bits + 63) >> 6;

    public static bool Get(ReadOnlySpan<ulong> words, int bit) => (words[bit >> 6] >> (bit & 63) & 1) != 0;

    public static void Set(Span<ulong> words, int bit) => words[bit >> 6] |= 1UL << (bit & 63);

    public static void Clear(Span<ulong> words, int bit) => words[bit >> 6] &= ~(1UL << (bit & 63));

    /// <summary>Sets bits <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> − 1.</summary>
    public static void SetRange(Span<ulong> words, int start, int count)
    {
        while (count > 0)
        {
            var shift = start & 63;
            var take = Math.Min(64 - shift, count);
            words[start >> 6] |= (take == 64 ? ulong.MaxValue : (1UL << take) - 1) << shift;
            start += take;
            count -= take;
        }
    }

    public static int CountSet(ReadOnlySpan<ulong> words)
    {
        var count = 0;
        foreach (var word in words) count += BitOperations.PopCount(word);
        return count;
    }
}
