using System.IO.Hashing;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>The distinct values of a byte-string column in order of first appearance, and each row's code. Serves one column after another.</summary>
/// <param name="account">Charged for values, codes and the table of them.</param>
sealed class DictionaryBuilder(MemoryAccount? account)
{
    /// <summary>So many values tell whether a column repeats itself at all.</summary>
    const int Sample = 2048;

    readonly ChargedArrays _arrays = new(account);
    int[] _codes = [];
    int[] _hashes = [];
    int[] _buckets = [];

    public BytesColumn Values { get; } = new(DataType.Binary, account);

    /// <summary>One a row; rows that are null have the code 0.</summary>
    public ReadOnlySpan<int> Codes => _codes;

    /// <summary>False when the dictionary would pass <paramref name="maxBytes"/> or save less than half of the values, or when hardly one of the first values repeats.</summary>
    public bool TryBuild(BytesColumn column, int maxBytes)
    {
        Values.Clear();
        _arrays.Renew(ref _codes, column.Length);
        _arrays.Renew(ref _buckets, 1024);
        var buckets = _buckets.AsSpan(0, 1024);
        buckets.Clear();
        var maxDistinct = Math.Max(16, column.Length / 2);
        for (var row = 0; row < column.Length; row++)
        {
            _codes[row] = 0;
            if (column.IsNull(row)) continue;
            var bytes = column.Bytes(row);
            var hash = (int)XxHash3.HashToUInt64(bytes);
            var slot = hash & (buckets.Length - 1);
            while (buckets[slot] is > 0 and var code && !(_hashes[code - 1] == hash && Values.Bytes(code - 1).SequenceEqual(bytes))) slot = (slot + 1) & (buckets.Length - 1);
            if (buckets[slot] == 0)
            {
                var count = Values.Length;
                if (count == maxDistinct || count == Sample - Sample / 16 && row < Sample || Values.Data.Length + bytes.Length > maxBytes) return false;
                Values.Append(bytes);
                _arrays.Lengthen(ref _hashes, count + 1);
                _hashes[count] = hash;
                buckets[slot] = count + 1;
                _codes[row] = count;
                if ((count + 1) * 2 > buckets.Length) buckets = Rehash(count + 1, buckets.Length * 2);
            }
            else _codes[row] = buckets[slot] - 1;
        }
        return true;
    }

    /// <summary>Gives all memory back. The builder must not be used after it.</summary>
    public void Release()
    {
        Values.Release();
        _arrays.Release();
    }

    Span<int> Rehash(int count, int size)
    {
        _arrays.Renew(ref _buckets, size);
        var buckets = _buckets.AsSpan(0, size);
        buckets.Clear();
        for (var code = 0; code < count; code++)
        {
            var slot = _hashes[code] & (size - 1);
            while (buckets[slot] != 0) slot = (slot + 1) & (size - 1);
            buckets[slot] = code + 1;
        }
        return buckets;
    }
}
