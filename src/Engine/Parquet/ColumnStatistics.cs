using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Between values and the PLAIN bytes of the min_value and max_value statistics.</summary>
public static class ColumnStatistics
{
    /// <summary>Longer values are left out of the footers that we write.</summary>
    const int MaxLength = 64;

    /// <summary>
    /// What the statistics of a chunk prove. Unknown when they are missing, malformed, contradictory or NaN, when the order they were made by is
    /// not the type's own, and for INT96 and FLOAT16, whose order has changed between writers.
    /// </summary>
    public static ColumnBounds Bounds(ParquetColumn column, ColumnChunk chunk) => Bounds(column, chunk.MinValue, chunk.MaxValue);

    internal static ColumnBounds Bounds(ParquetColumn column, byte[]? minValue, byte[]? maxValue)
    {
        if (!column.HasTypeOrder || column.Type is not { } type || column.IsFloat16 || column.PhysicalType == PhysicalType.Int96) return ColumnBounds.Unknown;
        var min = minValue is { } low ? Decode(column, type, low) : null;
        var max = maxValue is { } high ? Decode(column, type, high) : null;
        if (min is { IsNaN: true } || max is { IsNaN: true }) return ColumnBounds.Unknown;
        return min is { } a && max is { } b && Scalar.Compare(a, b) > 0 ? ColumnBounds.Unknown : new ColumnBounds(min, max);
    }

    static Scalar? Decode(ParquetColumn column, DataType type, ReadOnlySpan<byte> bytes)
    {
        switch (column.PhysicalType)
        {
            case PhysicalType.Boolean: return bytes.Length == 1 && bytes[0] <= 1 ? Scalar.Integer(type, bytes[0]) : null;
            case PhysicalType.Int32:
                if (bytes.Length != 4) return null;
                var narrow = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                return Scalar.Integer(type, type.Kind == TypeKind.UInt32 ? (uint)narrow : narrow);
            case PhysicalType.Int64:
                if (bytes.Length != 8) return null;
                var wide = BinaryPrimitives.ReadInt64LittleEndian(bytes);
                return Scalar.Integer(type, type.Kind == TypeKind.UInt64 ? (ulong)wide : wide);
            case PhysicalType.Float: return bytes.Length == 4 ? Scalar.Floating(type, BinaryPrimitives.ReadSingleLittleEndian(bytes)) : null;
            case PhysicalType.Double: return bytes.Length == 8 ? Scalar.Floating(type, BinaryPrimitives.ReadDoubleLittleEndian(bytes)) : null;
            default:
                if (type.Kind != TypeKind.Decimal) return Scalar.Bytes(type, bytes.ToArray());
                return bytes.Length is 0 or > 16 ? null : Scalar.Integer(type, DecimalBytes128.Convert(bytes));
        }
    }

    /// <summary>The extreme values of the rows <paramref name="from"/> to <paramref name="to"/> − 1.</summary>
    internal static Extremes ExtremesOf(Column column, int from, int to)
    {
        int min = -1, max = -1;
        for (var row = from; row < to; row++)
        {
            if (column.IsNull(row)) continue;
            if (IsNaN(column, row)) return new Extremes(-1, -1, true);
            if (min < 0 || Compare(column, row, min) < 0) min = row;
            if (max < 0 || Compare(column, row, max) > 0) max = row;
        }
        return new Extremes(min, max, false);
    }

    /// <summary>Those of both.</summary>
    internal static Extremes Merge(Column column, Extremes left, Extremes right)
    {
        if (left.HasNaN || right.HasNaN) return new Extremes(-1, -1, true);
        if (left.Min < 0 || right.Min < 0) return left.Min < 0 ? right : left;
        return new Extremes(Compare(column, right.Min, left.Min) < 0 ? right.Min : left.Min, Compare(column, right.Max, left.Max) > 0 ? right.Max : left.Max, false);
    }

    /// <summary>The exact bounds as PLAIN bytes; null when there are none, one is too long, or a NaN stands among the values.</summary>
    internal static (byte[]? Min, byte[]? Max) Bytes(Column column, Extremes extremes)
    {
        if (extremes.Min < 0 || column is BytesColumn bytes && Math.Max(bytes.Bytes(extremes.Min).Length, bytes.Bytes(extremes.Max).Length) > MaxLength) return (null, null);
        return (Encode(column[extremes.Min], negativeZero: true), Encode(column[extremes.Max], negativeZero: false));
    }

    static bool IsNaN(Column column, int row) => column switch
    {
        Column<double> doubles => double.IsNaN(doubles.Values[row]),
        Column<float> floats => float.IsNaN(floats.Values[row]),
        _ => false,
    };

    internal static int Compare(Column column, int left, int right) => column switch
    {
        BytesColumn bytes => bytes.Bytes(left).SequenceCompareTo(bytes.Bytes(right)),
        Column<byte> values => values.Values[left].CompareTo(values.Values[right]),
        Column<int> values => values.Values[left].CompareTo(values.Values[right]),
        Column<long> values => values.Values[left].CompareTo(values.Values[right]),
        Column<ulong> values => values.Values[left].CompareTo(values.Values[right]),
        Column<float> values => values.Values[left].CompareTo(values.Values[right]),
        Column<double> values => values.Values[left].CompareTo(values.Values[right]),
        Column<Int128> values => values.Values[left].CompareTo(values.Values[right]),
        _ => throw new InvalidOperationException($"no order for a {column.GetType().Name}"),
    };

    // A zero bound is written as −0 below and +0 above, since readers may tell them apart (parquet.thrift, ColumnOrder).
    static byte[] Encode(in Scalar value, bool negativeZero)
    {
        var type = value.Type;
        byte[] bytes;
        switch (type.Lane)
        {
            case Lane.Bool: return [(byte)value.IntegerValue];
            case Lane.Float:
                bytes = new byte[4];
                BinaryPrimitives.WriteSingleLittleEndian(bytes, value.FloatingValue == 0 ? (negativeZero ? -0f : 0f) : (float)value.FloatingValue);
                return bytes;
            case Lane.Double:
                bytes = new byte[8];
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value.FloatingValue == 0 ? (negativeZero ? -0.0 : 0.0) : value.FloatingValue);
                return bytes;
            case Lane.Bytes: return value.BytesValue.ToArray();
            case Lane.Int128:
                bytes = new byte[16];
                BinaryPrimitives.WriteInt128BigEndian(bytes, value.IntegerValue);
                return bytes;
            case Lane.UInt64:
                bytes = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)value.IntegerValue);
                return bytes;
        }
        if (FooterWriter.PhysicalTypeOf(type) == PhysicalType.Int32)
        {
            bytes = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, unchecked((int)(long)value.IntegerValue));
            return bytes;
        }
        bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)value.IntegerValue);
        return bytes;
    }
}

/// <summary>The rows of the smallest and the largest value; −1 when there is no value, or a NaN among them.</summary>
readonly record struct Extremes(int Min, int Max, bool HasNaN);
