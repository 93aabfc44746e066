using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Writes FileMetaData for the files of <see cref="ParquetFileWriter"/>.</summary>
static class FooterWriter
{
    public static void Write(ThriftWriter writer, Schema schema, List<(long Rows, WrittenChunk[] Chunks)> rowGroups, IReadOnlyDictionary<string, string> keyValues)
    {
        writer.BeginElement();
        writer.I32(1, 2);
        writer.List(2, ThriftType.Struct, schema.Count + 1);
        WriteRoot(writer, schema.Count);
        foreach (var field in schema.Fields) WriteElement(writer, field);
        writer.I64(3, rowGroups.Sum(group => group.Rows));
        writer.List(4, ThriftType.Struct, rowGroups.Count);
        foreach (var (rows, chunks) in rowGroups) WriteRowGroup(writer, schema, rows, chunks);
        if (keyValues.Count > 0)
        {
            writer.List(5, ThriftType.Struct, keyValues.Count);
            foreach (var (key, value) in keyValues)
            {
                writer.BeginElement();
                writer.String(1, key);
                writer.String(2, value);
                writer.End();
            }
        }
        writer.String(6, "fanfold");
        writer.List(7, ThriftType.Struct, schema.Count);
        for (var i = 0; i < schema.Count; i++)
        {
            writer.BeginElement();
            writer.EmptyStruct(1); // TYPE_ORDER
            writer.End();
        }
        writer.End();
    }

    static void WriteRoot(ThriftWriter writer, int children)
    {
        writer.BeginElement();
        writer.String(4, "schema");
        writer.I32(5, children);
        writer.End();
    }

    static void WriteElement(ThriftWriter writer, Field field)
    {
        writer.BeginElement();
        writer.I32(1, (int)PhysicalTypeOf(field.Type));
        if (PhysicalTypeOf(field.Type) == PhysicalType.FixedLenByteArray) writer.I32(2, 16);
        writer.I32(3, 1); // OPTIONAL
        writer.String(4, field.Name);
        if (ConvertedTypeOf(field.Type) is { } converted) writer.I32(6, converted);
        if (field.Type.Kind == TypeKind.Decimal)
        {
            writer.I32(7, field.Type.Scale);
            writer.I32(8, field.Type.Precision);
        }
        WriteLogicalType(writer, field.Type);
        writer.End();
    }

    public static PhysicalType PhysicalTypeOf(DataType type) => type.Kind switch
    {
        TypeKind.Bool => PhysicalType.Boolean,
        TypeKind.UInt32 => PhysicalType.Int32,
        TypeKind.Decimal when type.Precision <= 9 => PhysicalType.Int32,
        TypeKind.Time when type.Unit == TimeUnit.Millis => PhysicalType.Int32,
        TypeKind.Uuid => PhysicalType.FixedLenByteArray,
        _ => type.Lane switch
        {
            Lane.Int32 => PhysicalType.Int32,
            Lane.Int64 or Lane.UInt64 => PhysicalType.Int64,
            Lane.Float => PhysicalType.Float,
            Lane.Double => PhysicalType.Double,
            Lane.Int128 => PhysicalType.FixedLenByteArray,
            _ => PhysicalType.ByteArray,
        },
    };

    // The older annotation stands beside the logical type for readers that know only it; nanoseconds and local times have none.
    static int? ConvertedTypeOf(DataType type) => type.Kind switch
    {
        TypeKind.String => 0,
        TypeKind.Decimal => 5,
        TypeKind.Date => 6,
        TypeKind.Time when type is { IsUtc: true, Unit: not TimeUnit.Nanos } => type.Unit == TimeUnit.Millis ? 7 : 8,
        TypeKind.Timestamp when type is { IsUtc: true, Unit: not TimeUnit.Nanos } => type.Unit == TimeUnit.Millis ? 9 : 10,
        TypeKind.UInt8 => 11,
        TypeKind.UInt16 => 12,
        TypeKind.UInt32 => 13,
        TypeKind.UInt64 => 14,
        TypeKind.Int8 => 15,
        TypeKind.Int16 => 16,
        TypeKind.Int32 => 17,
        TypeKind.Int64 => 18,
        _ => null,
    };

    static void WriteLogicalType(ThriftWriter writer, DataType type)
    {
        if (type.Kind is TypeKind.Bool or TypeKind.Float or TypeKind.Double or TypeKind.Binary) return;
        writer.BeginStruct(10);
        switch (type.Kind)
        {
            case TypeKind.String: writer.EmptyStruct(1); break;
            case TypeKind.Date: writer.EmptyStruct(6); break;
            case TypeKind.Uuid: writer.EmptyStruct(14); break;
            case TypeKind.Decimal:
                writer.BeginStruct(5);
                writer.I32(1, type.Scale);
                writer.I32(2, type.Precision);
                writer.End();
                break;
            case TypeKind.Time or TypeKind.Timestamp:
                writer.BeginStruct(type.Kind == TypeKind.Time ? (short)7 : (short)8);
                writer.Bool(1, type.IsUtc);
                writer.BeginStruct(2);
                writer.EmptyStruct((short)type.Unit);
                writer.End();
                writer.End();
                break;
            default:
                writer.BeginStruct(10);
                writer.I8(1, type.Kind switch
                {
                    TypeKind.Int8 or TypeKind.UInt8 => 8,
                    TypeKind.Int16 or TypeKind.UInt16 => 16,
                    TypeKind.Int32 or TypeKind.UInt32 => 32,
                    _ => 64,
                });
                writer.Bool(2, type.Kind < TypeKind.UInt8);
                writer.End();
                break;
        }
        writer.End();
    }

    static void WriteRowGroup(ThriftWriter writer, Schema schema, long rows, WrittenChunk[] chunks)
    {
        writer.BeginElement();
        writer.List(1, ThriftType.Struct, chunks.Length);
        for (var i = 0; i < chunks.Length; i++) WriteChunk(writer, schema[i], chunks[i]);
        writer.I64(2, chunks.Sum(chunk => chunk.UncompressedSize));
        writer.I64(3, rows);
        writer.I64(5, chunks[0].Offset);
        writer.I64(6, chunks.Sum(chunk => chunk.CompressedSize));
        writer.End();
    }

    static void WriteChunk(ThriftWriter writer, Field field, in WrittenChunk chunk)
    {
        writer.BeginElement();
        writer.I64(2, 0);
        writer.BeginStruct(3);
        writer.I32(1, (int)PhysicalTypeOf(field.Type));
        writer.List(2, ThriftType.I32, chunk.HasDictionary ? 3 : 2);
        writer.I32Element((int)Encoding.Plain);
        writer.I32Element((int)Encoding.Rle);
        if (chunk.HasDictionary) writer.I32Element((int)Encoding.RleDictionary);
        writer.List(3, ThriftType.Binary, 1);
        writer.BinaryElement(System.Text.Encoding.UTF8.GetBytes(field.Name));
        writer.I32(4, (int)CompressionCodec.Zstd);
        writer.I64(5, chunk.Values);
        writer.I64(6, chunk.UncompressedSize);
        writer.I64(7, chunk.CompressedSize);
        writer.I64(9, chunk.DataOffset);
        if (chunk.HasDictionary) writer.I64(11, chunk.Offset);
        writer.BeginStruct(12);
        writer.I64(3, chunk.NullCount);
        if (chunk.Max is { } max) writer.Binary(5, max);
        if (chunk.Min is { } min) writer.Binary(6, min);
        if (chunk.Max is not null) writer.Bool(7, true);
        if (chunk.Min is not null) writer.Bool(8, true);
        writer.End();
        WriteEncodingStats(writer, chunk);
        writer.End();
        writer.I64(4, chunk.OffsetIndex.Offset);
        writer.I32(5, (int)chunk.OffsetIndex.Length);
        if (chunk.ColumnIndex is { } bounds)
        {
            writer.I64(6, bounds.Offset);
            writer.I32(7, (int)bounds.Length);
        }
        writer.End();
    }

    // They prove to readers that the dictionary, where there is one, holds every value.
    static void WriteEncodingStats(ThriftWriter writer, WrittenChunk chunk)
    {
        writer.List(13, ThriftType.Struct, chunk.HasDictionary ? 2 : 1);
        if (chunk.HasDictionary) Stats(pageType: 2, Encoding.Plain, 1);
        Stats(pageType: 0, chunk.HasDictionary ? Encoding.RleDictionary : Encoding.Plain, chunk.Pages.Count);

        void Stats(int pageType, Encoding encoding, int pages)
        {
            writer.BeginElement();
            writer.I32(1, pageType);
            writer.I32(2, (int)encoding);
            writer.I32(3, pages);
            writer.End();
        }
    }
}
