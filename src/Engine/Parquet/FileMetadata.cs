using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Physical types, numbered as in parquet.thrift.</summary>
public enum PhysicalType : byte { Boolean = 0, Int32 = 1, Int64 = 2, Int96 = 3, Float = 4, Double = 5, ByteArray = 6, FixedLenByteArray = 7 }

/// <summary>Page compression, numbered as in parquet.thrift.</summary>
public enum CompressionCodec : byte { Uncompressed = 0, Snappy = 1, Gzip = 2, Lzo = 3, Brotli = 4, Lz4 = 5, Zstd = 6, Lz4Raw = 7 }

/// <summary>Value encodings, numbered as in parquet.thrift.</summary>
public enum Encoding : byte
{
    Plain = 0, PlainDictionary = 2, Rle = 3, BitPacked = 4, DeltaBinaryPacked = 5, DeltaLengthByteArray = 6, DeltaByteArray = 7, RleDictionary = 8, ByteStreamSplit = 9,
}

/// <summary>The content of a Parquet footer, checked: counts agree, offsets lie inside the file.</summary>
/// <param name="Rows">The rows of all row groups together.</param>
/// <param name="DataEnd">The offset at which the footer begins; all pages lie before it.</param>
public sealed record FileMetadata(
    IReadOnlyList<ParquetColumn> Columns, IReadOnlyList<RowGroup> RowGroups, long Rows, long DataEnd, string? CreatedBy, IReadOnlyDictionary<string, string?> KeyValues)
{
    /// <summary>The flat column of this name; null when there is none. Nested columns have no flat name.</summary>
    public ParquetColumn? FindFlat(string name)
    {
        foreach (var column in Columns)
        {
            if (column.IsFlat && column.Name == name) return column;
        }
        return null;
    }
}

/// <summary>A leaf of the schema.</summary>
/// <param name="Ordinal">Its position among the leaves, which is its position in every row group.</param>
/// <param name="Name">The leaf's path, joined by dots when nested.</param>
/// <param name="Root">The top-level field it belongs to; a flat column's own name.</param>
/// <param name="TypeLength">Bytes a value of a FIXED_LEN_BYTE_ARRAY; otherwise 0.</param>
/// <param name="IsFlat">Top-level and not repeated. Only flat columns are read.</param>
/// <param name="IsOptional">Whether a flat column has definition levels.</param>
/// <param name="Type">The logical type; null when the column can't be read.</param>
/// <param name="Refusal">Why <see cref="Type"/> is null.</param>
/// <param name="HasTypeOrder">Whether the file declares that min_value and max_value follow the type's own order; without it they prove nothing.</param>
public sealed record ParquetColumn(
    int Ordinal, string Name, string Root, PhysicalType PhysicalType, int TypeLength, bool IsFlat, bool IsOptional, DataType? Type, string? Refusal, bool HasTypeOrder, bool IsFloat16);

/// <param name="Chunks">One a leaf, in the leaves' order.</param>
public sealed record RowGroup(int Ordinal, long Rows, IReadOnlyList<ColumnChunk> Chunks);

/// <summary>Bytes of a file.</summary>
public readonly record struct ByteRange(long Offset, long Length)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public long End => Offset + Length;
}

/// <summary>One column of one row group.</summary>
/// <param name="Offset">The first byte: the dictionary page where there is one.</param>
/// <param name="Values">Values and nulls; for a flat column the row group's rows.</param>
/// <param name="NullCount">As the file claims; real files claim wrongly, so nothing is skipped for it.</param>
/// <param name="MinValue">The raw min_value statistic in the physical type's PLAIN form; deprecated min and max are not kept.</param>
/// <param name="Encrypted">Whether the pages are encrypted.</param>
public sealed record ColumnChunk(
    CompressionCodec Codec, long Offset, long CompressedSize, long UncompressedSize, long Values, bool HasDictionary,
    long? NullCount, byte[]? MinValue, byte[]? MaxValue, bool Encrypted, string? ExternalFile)
{
    /// <summary>Whether encoding_stats prove that every data page holds dictionary codes, so that the dictionary has all values.</summary>
    public bool IsDictionaryEncoded { get; init; }

    /// <summary>Where bounds of the single pages are.</summary>
    public ByteRange? ColumnIndex { get; init; }

    /// <summary>Where the places of the single pages are.</summary>
    public ByteRange? OffsetIndex { get; init; }

    /// <summary>Where a bloom filter begins; its length is 0 when the footer doesn't tell.</summary>
    public ByteRange? BloomFilter { get; init; }

    /// <summary>Stands in for the chunk of a column that the file does not have: no bytes, and nothing known.</summary>
    internal static ColumnChunk None { get; } = new(CompressionCodec.Uncompressed, 0, 0, 0, 0, false, null, null, null, false, null);

    [System.Text.Json.Serialization.JsonIgnore]
    public ByteRange Pages => new(Offset, CompressedSize);
}
