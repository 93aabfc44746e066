using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>The values of a plain column without nulls as one byte string: those of a fixed width as they lie in memory, byte strings each behind its length.</summary>
static class ValueBytes
{
    public static void Append(Column values, BytesColumn target)
    {
        if (values is not BytesColumn strings)
        {
            target.Append(Fixed(values));
            return;
        }
        var bytes = target.AppendSpan(checked(4 * strings.Length + strings.Data.Length));
        for (var i = 0; i < strings.Length; i++)
        {
            var value = strings.Bytes(i);
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value.Length);
            value.CopyTo(bytes[4..]);
            bytes = bytes[(4 + value.Length)..];
        }
    }

    static ReadOnlySpan<byte> Fixed(Column values) => values switch
    {
        Column<byte> column => column.Values,
        Column<int> column => MemoryMarshal.AsBytes(column.Values),
        Column<long> column => MemoryMarshal.AsBytes(column.Values),
        Column<ulong> column => MemoryMarshal.AsBytes(column.Values),
        Column<float> column => MemoryMarshal.AsBytes(column.Values),
        Column<double> column => MemoryMarshal.AsBytes(column.Values),
        _ => MemoryMarshal.AsBytes(((Column<Int128>)values).Values),
    };

    /// <summary>Appends the values of such a byte string to a plain column of the type that they had.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, Column target)
    {
        switch (target)
        {
            case BytesColumn strings:
                for (int length; bytes.Length > 0; bytes = bytes[(4 + length)..])
                {
                    length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                    strings.Append(bytes.Slice(4, length));
                }
                break;
            case Column<byte> column: bytes.CopyTo(column.AppendSpan(bytes.Length)); break;
            case Column<int> column: Read(bytes, column); break;
            case Column<long> column: Read(bytes, column); break;
            case Column<ulong> column: Read(bytes, column); break;
            case Column<float> column: Read(bytes, column); break;
            case Column<double> column: Read(bytes, column); break;
            default: Read(bytes, (Column<Int128>)target); break;
        }
    }

    static void Read<T>(ReadOnlySpan<byte> bytes, Column<T> target) where T : unmanaged
    {
        var values = MemoryMarshal.Cast<byte, T>(bytes);
        values.CopyTo(target.AppendSpan(values.Length));
    }
}
