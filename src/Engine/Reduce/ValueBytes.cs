using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>The values of a plain column without nulls as one byte string: those of a fixed width as they lie in memory, byte strings each behind its length.</summary>
static class ValueBytes
{
    public static void Append(Column values, BytesColumn target)
    {
        if (values is not BytesColumn strings)
        {
            target.Append(FixedBytes.Of(values));
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

    /// <summary>How many values such a byte string holds.</summary>
    public static int Count(ReadOnlySpan<byte> bytes, DataType type)
    {
        if (type.Lane != Lane.Bytes) return bytes.Length / type.Width;
        var count = 0;
        for (; bytes.Length > 0; bytes = bytes[(4 + BinaryPrimitives.ReadInt32LittleEndian(bytes))..]) count++;
        return count;
    }

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
            default: bytes.CopyTo(FixedBytes.Append(target, bytes.Length / target.Type.Width)); break;
        }
    }
}
