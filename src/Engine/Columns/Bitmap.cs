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

    /// <summary>Ors the first <paramref name="count"/> (1 to 64) bits of <paramref name="bits"/>, whose others are zero, in at <paramref name="start"/>.</summary>
    public static void OrWord(Span<ulong> words, int start, ulong bits, int count)
    {
        var shift = start & 63;
        words[start >> 6] |= bits << shift;
        if (shift + count > 64) words[(start >> 6) + 1] |= bits >> (64 - shift);
    }

    /// <summary>Ors the first <paramref name="count"/> bits of <paramref name="source"/> in at <paramref name="start"/>.</summary>
    public static void Or(Span<ulong> words, int start, ReadOnlySpan<ulong> source, int count)
    {
        for (var i = 0; count > 0; i++, start += 64, count -= 64) OrWord(words, start, source[i], Math.Min(count, 64));
    }

    public static int CountSet(ReadOnlySpan<ulong> words)
    {
        var count = 0;
        foreach (var word in words) count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>Writes the positions of the set bits plus <paramref name="offset"/>, ascending, and returns their number.</summary>
    public static int WritePositions(ReadOnlySpan<ulong> words, int offset, Span<int> positions)
    {
        var count = 0;
        for (var i = 0; i < words.Length; i++, offset += 64)
        {
            var word = words[i];
            if (word == ulong.MaxValue)
            {
                var run = positions.Slice(count, 64);
                for (var j = 0; j < run.Length; j++) run[j] = offset + j;
                count += 64;
                continue;
            }
            for (; word != 0; word &= word - 1) positions[count++] = offset + BitOperations.TrailingZeroCount(word);
        }
        return count;
    }
}
