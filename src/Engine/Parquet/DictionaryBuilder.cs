using System.IO.Hashing;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>The distinct values of a byte-string column in order of first appearance, and each row's code.</summary>
sealed class DictionaryBuilder
{
    DictionaryBuilder(BytesColumn values, int[] codes)
    {
        Values = values;
        Codes = codes;
    }

    public BytesColumn Values { get; }

    /// <summary>One a row; rows that are null have the code 0.</summary>
    public int[] Codes { get; }

    /// <summary>So many values tell whether a column repeats itself at all.</summary>
    const int Sample = 2048;

    /// <summary>Null when the dictionary would pass <paramref name="maxBytes"/> or save less than half of the values, or when hardly one of the first values repeats.</summary>
    public static DictionaryBuilder? Build(BytesColumn column, int maxBytes)
    {
        var values = new BytesColumn(column.Type);
        var codes = new int[column.Length];
        var buckets = new int[1024];
        var hashes = new List<int>();
        var maxDistinct = Math.Max(16, column.Length / 2);
        for (var row = 0; row < column.Length; row++)
        {
            if (column.IsNull(row)) continue;
            var bytes = column.Bytes(row);
            var hash = (int)XxHash3.HashToUInt64(bytes);
            var slot = hash & (buckets.Length - 1);
            while (buckets[slot] is > 0 and var code && !(hashes[code - 1] == hash && values.Bytes(code - 1).SequenceEqual(bytes))) slot = (slot + 1) & (buckets.Length - 1);
            if (buckets[slot] == 0)
            {
                if (values.Length == maxDistinct || values.Length == Sample - Sample / 16 && row < Sample || values.Data.Length + bytes.Length > maxBytes) return null;
                values.Append(bytes);
                hashes.Add(hash);
                buckets[slot] = values.Length;
                codes[row] = values.Length - 1;
                if (values.Length * 2 > buckets.Length) buckets = Rehash(hashes, buckets.Length * 2);
            }
            else codes[row] = buckets[slot] - 1;
        }
        return new DictionaryBuilder(values, codes);
    }

    static int[] Rehash(List<int> hashes, int size)
    {
        var buckets = new int[size];
        for (var code = 0; code < hashes.Count; code++)
        {
            var slot = hashes[code] & (size - 1);
            while (buckets[slot] != 0) slot = (slot + 1) & (size - 1);
            buckets[slot] = code + 1;
        }
        return buckets;
    }
}
