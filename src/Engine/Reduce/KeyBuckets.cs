using System.IO.Hashing;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Of batches the rows whose keys fall into one of a number of buckets. Rows with equal keys fall into the same in every process.</summary>
/// <param name="keys">Ordinals of the keys.</param>
/// <param name="ordinals">Of the columns that are wanted.</param>
sealed class KeyBuckets(Schema input, IReadOnlyList<int> keys, IReadOnlyList<int> ordinals, int bucket, int buckets, StateMemory memory)
{
    readonly Dictionary<int, Column> _taken = ordinals.ToDictionary(ordinal => ordinal, ordinal => memory.NewColumn(input[ordinal].Type));
    readonly PlainColumns _plain = new(memory);
    ulong[] _hashes = [];
    int[] _rows = [];

    /// <summary>Valid until the next call.</summary>
    public RowBatch Of(RowBatch batch)
    {
        memory.Lengthen(ref _hashes, batch.Rows);
        memory.Lengthen(ref _rows, batch.Rows);
        var hashes = _hashes.AsSpan(0, batch.Rows);
        hashes.Clear();
        _plain.Start(batch);
        foreach (var key in keys) Add(_plain[key], hashes);
        var count = 0;
        for (var row = 0; row < hashes.Length; row++)
        {
            if (hashes[row] % (ulong)buckets == (ulong)bucket) _rows[count++] = row;
        }
        var columns = new Column[batch.Columns.Count];
        foreach (var ordinal in ordinals)
        {
            columns[ordinal] = _taken[ordinal];
            columns[ordinal].Clear();
            columns[ordinal].AppendFrom(_plain[ordinal], _rows.AsSpan(0, count));
        }
        return new RowBatch(count, columns, batch.Position);
    }

    static void Add(Column column, Span<ulong> hashes)
    {
        Span<ulong> word = stackalloc ulong[1];
        Span<UInt128> wide = stackalloc UInt128[1];
        for (var row = 0; row < hashes.Length; row++)
        {
            var seed = (long)hashes[row];
            if (column.IsNull(row)) hashes[row] = XxHash3.HashToUInt64([], seed);
            else if (column is BytesColumn strings) hashes[row] = XxHash3.HashToUInt64(strings.Bytes(row), seed);
            else if (column is Column<Int128>)
            {
                KeyWords.Encode(column, row, wide);
                hashes[row] = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(wide), seed);
            }
            else
            {
                KeyWords.Encode(column, row, word);
                hashes[row] = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(word), seed);
            }
        }
    }
}
