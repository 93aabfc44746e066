using System.Numerics;

namespace Fanfold.Engine.Reduce;

/// <summary>Puts one item of a span where sorting would put it.</summary>
static class Selection
{
    const int SortedWhole = 32;

    /// <summary>After it <paramref name="items"/>[<paramref name="place"/>] is what it would be if all were sorted, with none greater before it and none less behind it.</summary>
    /// <remarks>C. A. R. Hoare's FIND with the median of three; an unlucky order ends in a sort, so it is never quadratic.</remarks>
    public static void Place(Span<ulong> items, int place)
    {
        for (var rounds = 2 * BitOperations.Log2((uint)items.Length | 1); items.Length > SortedWhole && rounds > 0; rounds--)
        {
            var pivot = MedianOfThree(items[0], items[items.Length / 2], items[^1]);
            int left = 0, right = items.Length - 1;
            while (left <= right)
            {
                while (items[left] < pivot) left++;
                while (items[right] > pivot) right--;
                if (left > right) break;
                (items[left], items[right]) = (items[right], items[left]);
                left++;
                right--;
            }
            // Those before left are at most the pivot, those behind right at least; between the two are some equal to it.
            if (place <= right) items = items[..(right + 1)];
            else if (place >= left)
            {
                items = items[left..];
                place -= left;
            }
            else return;
        }
        items.Sort();
    }

    static ulong MedianOfThree(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
