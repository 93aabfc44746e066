using System.Buffers.Binary;
using System.IO.Hashing;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>A split-block bloom filter: which values a chunk certainly doesn't have.</summary>
/// <remarks>BloomFilter.md: blocks of eight 32-bit words; XXH64 of the value's PLAIN bytes picks a block by its upper half and a bit in each word by its lower.</remarks>
sealed class BloomFilter(ReadOnlyMemory<byte> bits)
{
    const int BlockLength = 32;

    /// <summary>The largest bitset that is read; the format allows 128 MiB.</summary>
    const int MaxLength = 4 << 20;

    /// <summary>Enough for every header.</summary>
    public const int MaxHeaderLength = 64;

    static readonly uint[] Salts = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];

    /// <summary>The lengths of a filter's own header and of the bits that follow.</summary>
    public sealed record Header(int Length, int Bits);

    /// <summary>Null for a kind of filter that isn't known or is too large to be worth reading.</summary>
    public static Header? ParseHeader(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftReader(bytes);
        var length = -1;
        bool isBlock = false, isXxHash = false, isUncompressed = false;
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: length = reader.I32(type); break;
                case 2: isBlock = IsFirstOfUnion(ref reader, type); break;
                case 3: isXxHash = IsFirstOfUnion(ref reader, type); break;
                case 4: isUncompressed = IsFirstOfUnion(ref reader, type); break;
                default: reader.Skip(type); break;
            }
        }
        var known = isBlock && isXxHash && isUncompressed && length is > 0 and <= MaxLength && length % BlockLength == 0;
        return known ? new Header(reader.Position, length) : null;
    }

    /// <summary>False only if the chunk doesn't have the value, which is of the column's type; true for types whose bytes differ between equal values.</summary>
    public bool MayContain(ParquetColumn column, in Scalar value)
    {
        if (value.IsNull) return true;
        switch (column.PhysicalType)
        {
            case PhysicalType.Int32:
            {
                Span<byte> bytes = stackalloc byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(bytes, unchecked((int)(long)value.IntegerValue));
                return MayContain(XxHash64.HashToUInt64(bytes));
            }
            case PhysicalType.Int64:
            {
                Span<byte> bytes = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(bytes, unchecked((long)value.IntegerValue));
                return MayContain(XxHash64.HashToUInt64(bytes));
            }
            case PhysicalType.ByteArray or PhysicalType.FixedLenByteArray when column.Type is { Kind: TypeKind.String or TypeKind.Binary or TypeKind.Uuid }:
                return MayContain(XxHash64.HashToUInt64(value.BytesValue));
            default: return true;
        }
    }

    bool MayContain(ulong hash)
    {
        var blocks = (ulong)(bits.Length / BlockLength);
        var block = bits.Span.Slice((int)((hash >> 32) * blocks >> 32) * BlockLength, BlockLength);
        for (var i = 0; i < Salts.Length; i++)
        {
            var bit = unchecked((uint)hash * Salts[i]) >> 27;
            if ((BinaryPrimitives.ReadUInt32LittleEndian(block[(i * 4)..]) >> (int)bit & 1) == 0) return false;
        }
        return true;
    }

    static bool IsFirstOfUnion(ref ThriftReader reader, ThriftType unionType)
    {
        var first = false;
        reader.BeginStruct(unionType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            first = field == 1;
            reader.Skip(type);
        }
        reader.Leave();
        return first;
    }
}
