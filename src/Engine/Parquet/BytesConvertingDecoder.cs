using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

interface IBytesConversion<T>
{
    static abstract T Convert(ReadOnlySpan<byte> bytes);
}

/// <summary>IEEE half precision, little-endian (LogicalTypes.md, FLOAT16).</summary>
readonly struct Float16Bytes : IBytesConversion<float>
{
    public static float Convert(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}

/// <summary>Impala's and Spark's timestamps: nanoseconds of the day, then the Julian day; read to the microsecond.</summary>
readonly struct Int96Bytes : IBytesConversion<long>
{
    const long JulianDayOfEpoch = 2_440_588;

    public static long Convert(ReadOnlySpan<byte> bytes)
    {
        var nanosOfDay = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var days = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) - JulianDayOfEpoch;
        // Days outside the range wrap, as they do in Arrow and DuckDB: their writers wrapped the date before.
        return unchecked(days * 86_400_000_000 + nanosOfDay / 1_000);
    }
}

readonly struct DecimalBytes64 : IBytesConversion<long>
{
    public static long Convert(ReadOnlySpan<byte> bytes)
    {
        var value = DecimalBytes128.Convert(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (long)value : throw new ParquetDataException(ParquetDefect.Corrupt, "a decimal has more digits than its column allows");
    }
}

/// <summary>Two's complement, big-endian, of any length (LogicalTypes.md, DECIMAL).</summary>
readonly struct DecimalBytes128 : IBytesConversion<Int128>
{
    public static Int128 Convert(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0) return 0;
        var sign = (sbyte)bytes[0] < 0 ? (byte)0xff : (byte)0;
        if (bytes.Length > 16)
        {
            // What stands before the last sixteen bytes may only repeat the sign.
            if (bytes[..^16].ContainsAnyExcept(sign) || ((bytes[^16] ^ sign) & 0x80) != 0) throw new ParquetDataException(ParquetDefect.Corrupt, "a decimal has more digits than its column allows");
            bytes = bytes[^16..];
        }
        UInt128 value = sign == 0 ? UInt128.Zero : UInt128.MaxValue;
        foreach (var b in bytes) value = value << 8 | b;
        return (Int128)value;
    }
}

/// <summary>Decodes byte strings and converts each to a fixed-width lane.</summary>
sealed class BytesConvertingDecoder<T, TConversion>(BytesDecoder bytes, MemoryAccount account) : ValueDecoder
    where T : unmanaged
    where TConversion : IBytesConversion<T>
{
    /// <summary>Values converted at a time: a column of 16 bytes each may hold some that are as long as its page.</summary>
    const int Stretch = 256;

    readonly BytesColumn _scratch = new(DataType.Binary, account);

    public override void Start(Encoding encoding, ReadOnlyMemory<byte> data, int maxValues) => bytes.Start(encoding, data, maxValues);

    public override void Append(int count, Column target)
    {
        for (; count > 0; count -= Math.Min(count, Stretch))
        {
            _scratch.Clear();
            bytes.Append(Math.Min(count, Stretch), _scratch);
            var slots = ((Column<T>)target).AppendSpan(_scratch.Length);
            for (var i = 0; i < slots.Length; i++) slots[i] = TConversion.Convert(_scratch.Bytes(i));
        }
    }

    public override void Skip(int count) => bytes.Skip(count);

    public override void Forget() => bytes.Forget();

    public override void Release()
    {
        bytes.Release();
        _scratch.Release();
    }
}
