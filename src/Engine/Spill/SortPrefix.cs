using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Spill;

/// <summary>The beginnings of values as numbers of 64 bits that stand in the order of the values: comparing and moving them needs no look at the values.</summary>
static class SortPrefix
{
    const ulong Sign = 1UL << 63;

    /// <summary>Whether equal prefixes are those of equal values.</summary>
    public static bool IsWhole(Column column) => column is not (BytesColumn or Column<Int128>);

    /// <summary>Fills in the prefix of each row's value, none of which is null.</summary>
    /// <param name="descending">Whether larger values come first.</param>
    public static void Fill(Column column, ReadOnlySpan<int> rows, Span<ulong> prefixes, bool descending)
    {
        switch (column)
        {
            case BytesColumn strings:
                for (var i = 0; i < rows.Length; i++) prefixes[i] = Of(strings.Bytes(rows[i]));
                break;
            case Column<byte> values: Fill(values.Values, rows, prefixes, static value => value); break;
            case Column<int> values: Fill(values.Values, rows, prefixes, static value => (ulong)value ^ Sign); break;
            case Column<long> values: Fill(values.Values, rows, prefixes, static value => (ulong)value ^ Sign); break;
            case Column<ulong> values: Fill(values.Values, rows, prefixes, static value => value); break;
            case Column<float> values: Fill(values.Values, rows, prefixes, static value => Of(value)); break;
            case Column<double> values: Fill(values.Values, rows, prefixes, Of); break;
            case Column<Int128> values: Fill(values.Values, rows, prefixes, static value => (ulong)(value >> 64) ^ Sign); break;
            default: throw new InvalidOperationException($"no order for a {column.GetType().Name}");
        }
        if (!descending) return;
        for (var i = 0; i < rows.Length; i++) prefixes[i] = ~prefixes[i];
    }

    static void Fill<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> rows, Span<ulong> prefixes, Func<T, ulong> prefix)
    {
        for (var i = 0; i < rows.Length; i++) prefixes[i] = prefix(values[rows[i]]);
    }

    // Shorter texts are filled up with zeros, which other texts may hold; they compare the same then, and the texts themselves decide.
    static ulong Of(ReadOnlySpan<byte> text)
    {
        if (text.Length >= sizeof(ulong)) return BinaryPrimitives.ReadUInt64BigEndian(text);
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        text.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    // Both zeros are one value, and NaN comes after every number.
    static ulong Of(double value)
    {
        if (double.IsNaN(value)) return ulong.MaxValue;
        var bits = BitConverter.DoubleToUInt64Bits(value == 0 ? 0 : value);
        return bits >= Sign ? ~bits : bits | Sign;
    }
}
