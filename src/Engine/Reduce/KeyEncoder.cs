using System.Buffers;
using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// Encodes rows of key columns as byte strings whose unsigned order is the order of the keys: columns in turn, ascending, nulls last.
/// Equal keys give equal bytes: −0 is +0, and all NaNs are one, after every number.
/// </summary>
static class KeyEncoder
{
    public static void Append(ArrayBufferWriter<byte> output, Column column, int row)
    {
        if (column.IsNull(row))
        {
            output.Write<byte>([1]);
            return;
        }
        if (column is DictionaryColumn coded)
        {
            Append(output, coded.Dictionary, coded.Codes[row]);
            return;
        }
        output.Write<byte>([0]);
        switch (column)
        {
            case BytesColumn bytes: AppendBytes(output, bytes.Bytes(row)); break;
            case Column<byte> values: output.Write<byte>([values.Values[row]]); break;
            case Column<int> values: AppendUInt64(output, (uint)values.Values[row] ^ 0x8000_0000u, 4); break;
            case Column<long> values: AppendUInt64(output, (ulong)values.Values[row] ^ 1UL << 63, 8); break;
            case Column<ulong> values: AppendUInt64(output, values.Values[row], 8); break;
            case Column<float> values: AppendUInt64(output, Ordered(values.Values[row]), 8); break;
            case Column<double> values: AppendUInt64(output, Ordered(values.Values[row]), 8); break;
            case Column<Int128> values:
                BinaryPrimitives.WriteInt128BigEndian(output.GetSpan(16), values.Values[row]);
                output.GetSpan(16)[0] ^= 0x80;
                output.Advance(16);
                break;
            default: throw new InvalidOperationException($"a {column.GetType().Name} can't be a key");
        }
    }

    static void AppendUInt64(ArrayBufferWriter<byte> output, ulong value, int width)
    {
        BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(8), value << (64 - 8 * width));
        output.Advance(width);
    }

    static ulong Ordered(double value)
    {
        if (double.IsNaN(value)) return ulong.MaxValue;
        var bits = BitConverter.DoubleToUInt64Bits(value == 0 ? 0 : value);
        return (bits >> 63) != 0 ? ~bits : bits | 1UL << 63;
    }

    // 00 ends the string and 00 FF stands for a zero byte, so that no string is a prefix of another's encoding.
    static void AppendBytes(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        for (int zero; (zero = value.IndexOf((byte)0)) >= 0; value = value[(zero + 1)..])
        {
            output.Write(value[..zero]);
            output.Write<byte>([0, 0xff]);
        }
        output.Write(value);
        output.Write<byte>([0, 0]);
    }
}
