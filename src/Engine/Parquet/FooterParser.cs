namespace Fanfold.Engine.Parquet;

/// <summary>Turns the Thrift bytes of a footer into checked <see cref="FileMetadata"/>.</summary>
/// <remarks>Field numbers are those of parquet.thrift: FileMetaData, RowGroup, ColumnChunk, ColumnMetaData, Statistics.</remarks>
static class FooterParser
{
    /// <summary>More than any writer packs: the longest pages of one repeated value come to some thousand rows a byte.</summary>
    const long MaxRowsPerByte = 1 << 16;

    /// <summary>Four times what the format's own ordinals of row groups, 16 bits with a sign, can count.</summary>
    const int MaxRowGroups = 1 << 17;

    public static FileMetadata Parse(ReadOnlySpan<byte> footer, long dataEnd)
    {
        var reader = new ThriftReader(footer);
        List<ParquetColumn>? columns = null;
        List<RowGroup>? rowGroups = null;
        var keyValues = new Dictionary<string, string?>();
        long rows = -1;
        string? createdBy = null;
        var typeOrders = new List<bool>();
        var encrypted = false;
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 2: columns = SchemaParser.Parse(ref reader, type); break;
                case 3: rows = reader.I64(type); break;
                case 4: rowGroups = ParseRowGroups(ref reader, type, columns ?? throw Missing("schema before row groups"), dataEnd); break;
                case 5: ParseKeyValues(ref reader, type, keyValues); break;
                case 6: createdBy = reader.String(type); break;
                case 7: ParseColumnOrders(ref reader, type, typeOrders); break;
                case 8: encrypted = true; reader.Skip(type); break;
                default: reader.Skip(type); break;
            }
        }
        if (columns is null) throw Missing("schema");
        if (rowGroups is null) throw Missing("row group list");
        if (rows < 0) throw new ParquetDataException(ParquetDefect.Corrupt, rows == -1 ? "the footer lacks its row count" : $"the footer counts {rows} rows");
        if (encrypted) throw new ParquetDataException(ParquetDefect.Encrypted, "columns of the file are encrypted");
        long sum = 0;
        foreach (var group in rowGroups) sum = checked(sum + group.Rows);
        if (sum != rows) throw new ParquetDataException(ParquetDefect.Corrupt, $"the footer counts {rows} rows, its row groups {sum}");
        if (rows / MaxRowsPerByte > dataEnd && rowGroups.Any(group => group.Chunks.Any(chunk => chunk.ExternalFile is null)))
            throw new ParquetDataException(ParquetDefect.TooLarge, $"the footer promises {rows} rows in {dataEnd} bytes of pages; up to {MaxRowsPerByte} a byte are read");
        for (var i = 0; i < columns.Count; i++) columns[i] = columns[i] with { HasTypeOrder = i < typeOrders.Count && typeOrders[i] };
        return new FileMetadata(columns, rowGroups, rows, dataEnd, createdBy, keyValues);
    }

    static List<RowGroup> ParseRowGroups(ref ThriftReader reader, ThriftType listType, List<ParquetColumn> columns, long dataEnd)
    {
        var count = reader.StructList(listType);
        if (count > MaxRowGroups) throw new ParquetDataException(ParquetDefect.TooLarge, $"the footer lists {count} row groups; the limit is {MaxRowGroups}");
        var groups = new List<RowGroup>(Math.Min(count, 1024));
        var bytes = 0L;
        for (var ordinal = 0; ordinal < count; ordinal++)
        {
            try
            {
                var group = ParseRowGroup(ref reader, ordinal, columns, dataEnd);
                foreach (var chunk in group.Chunks)
                {
                    if (chunk.ExternalFile is null) bytes += chunk.CompressedSize;
                    // Chunks that share their pages make any amount of work out of few bytes.
                    if (bytes > dataEnd) throw new ParquetDataException(ParquetDefect.Corrupt, $"the column chunks up to here have {bytes} bytes together, the file {dataEnd} before its footer");
                }
                groups.Add(group);
            }
            catch (ParquetDataException defect)
            {
                throw defect.At(rowGroup: ordinal);
            }
        }
        return groups;
    }

    static RowGroup ParseRowGroup(ref ThriftReader reader, int ordinal, List<ParquetColumn> columns, long dataEnd)
    {
        ColumnChunk[]? chunks = null;
        long rows = -1;
        reader.Enter();
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: chunks = ParseChunks(ref reader, type, columns, dataEnd); break;
                case 3: rows = reader.I64(type); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
        if (chunks is null) throw Missing("columns of a row group");
        if (rows < 0) throw new ParquetDataException(ParquetDefect.Corrupt, $"the row group's row count is missing or negative ({rows})");
        for (var i = 0; i < chunks.Length; i++) Check(chunks[i], columns[i], rows, dataEnd);
        return new RowGroup(ordinal, rows, chunks);
    }

    static ColumnChunk[] ParseChunks(ref ThriftReader reader, ThriftType listType, List<ParquetColumn> columns, long dataEnd)
    {
        var count = reader.StructList(listType);
        if (count != columns.Count) throw new ParquetDataException(ParquetDefect.Corrupt, $"the row group has {count} column chunks, the schema {columns.Count} columns");
        var chunks = new ColumnChunk[count];
        for (var i = 0; i < count; i++)
        {
            try
            {
                chunks[i] = ParseChunk(ref reader, columns[i], dataEnd);
            }
            catch (ParquetDataException defect)
            {
                throw defect.At(column: columns[i].Name);
            }
        }
        return chunks;
    }

    static ColumnChunk ParseChunk(ref ThriftReader reader, ParquetColumn column, long dataEnd)
    {
        ColumnChunk? chunk = null;
        string? externalFile = null;
        var encrypted = false;
        long offsetIndex = 0, columnIndex = 0;
        int offsetIndexLength = 0, columnIndexLength = 0;
        reader.Enter();
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: externalFile = reader.String(type); break;
                case 3: chunk = ParseColumnMetadata(ref reader, type, column); break;
                case 4 when type == ThriftType.I64: offsetIndex = reader.I64(type); break;
                case 5 when type == ThriftType.I32: offsetIndexLength = reader.I32(type); break;
                case 6 when type == ThriftType.I64: columnIndex = reader.I64(type); break;
                case 7 when type == ThriftType.I32: columnIndexLength = reader.I32(type); break;
                case 8 or 9: encrypted = true; reader.Skip(type); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
        if (chunk is null)
            throw encrypted ? new ParquetDataException(ParquetDefect.Encrypted, "the column's metadata is encrypted") : Missing("metadata of a column chunk");
        return chunk with
        {
            Encrypted = encrypted,
            ExternalFile = externalFile,
            OffsetIndex = Index(offsetIndex, offsetIndexLength, dataEnd),
            ColumnIndex = Index(columnIndex, columnIndexLength, dataEnd),
            BloomFilter = chunk.BloomFilter is { } bloom ? Index(bloom.Offset, bloom.Length, dataEnd) : null,
        };
    }

    // An index is a help to reading less; one that can't be where it should is as good as none.
    static ByteRange? Index(long offset, long length, long dataEnd) =>
        offset >= 4 && length >= 0 && offset < dataEnd && length <= dataEnd - offset ? new ByteRange(offset, length) : null;

    static ColumnChunk ParseColumnMetadata(ref ThriftReader reader, ThriftType structType, ParquetColumn column)
    {
        int physicalType = -1, codec = -1;
        long values = -1, uncompressed = -1, compressed = -1, dataOffset = -1, dictionaryOffset = 0;
        long? nullCount = null;
        byte[]? min = null, max = null;
        var isDictionaryEncoded = false;
        long? bloom = null;
        var bloomLength = 0;
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: physicalType = reader.I32(type); break;
                case 4: codec = reader.I32(type); break;
                case 5: values = reader.I64(type); break;
                case 6: uncompressed = reader.I64(type); break;
                case 7: compressed = reader.I64(type); break;
                case 9: dataOffset = reader.I64(type); break;
                case 11: dictionaryOffset = reader.I64(type); break;
                case 12: ParseStatistics(ref reader, type, out nullCount, out min, out max); break;
                case 13 when type == ThriftType.List: isDictionaryEncoded = ParseEncodingStats(ref reader, type); break;
                case 14 when type == ThriftType.I64: bloom = reader.I64(type); break;
                // Forks of the format have put other things here.
                case 15 when type == ThriftType.I32: bloomLength = reader.I32(type); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
        if (physicalType != (int)column.PhysicalType)
            throw new ParquetDataException(ParquetDefect.Corrupt, $"the chunk's physical type is {physicalType}, the schema's {(int)column.PhysicalType}");
        if (codec is < 0 or > 7) throw new ParquetDataException(codec < 0 ? ParquetDefect.Corrupt : ParquetDefect.Unsupported, $"unknown compression codec {codec}");
        // Some writers leave 0 in dictionary_page_offset when there is no dictionary; no page can start inside the magic.
        var hasDictionary = dictionaryOffset >= 4 && dictionaryOffset < dataOffset;
        return new ColumnChunk((CompressionCodec)codec, hasDictionary ? dictionaryOffset : dataOffset, compressed, uncompressed, values, hasDictionary, nullCount, min, max, false, null)
        {
            IsDictionaryEncoded = hasDictionary && isDictionaryEncoded,
            BloomFilter = bloom is { } at ? new ByteRange(at, bloomLength) : null,
        };
    }

    /// <summary>Whether all data pages that the list counts are of dictionary codes, and there are some.</summary>
    static bool ParseEncodingStats(ref ThriftReader reader, ThriftType listType)
    {
        var count = reader.StructList(listType);
        var (coded, other) = (false, false);
        for (var i = 0; i < count; i++)
        {
            int page = -1, encoding = -1, pages = 0;
            reader.Enter();
            short field = 0;
            while (reader.NextField(ref field, out var type))
            {
                switch (field)
                {
                    case 1: page = reader.I32(type); break;
                    case 2: encoding = reader.I32(type); break;
                    case 3: pages = reader.I32(type); break;
                    default: reader.Skip(type); break;
                }
            }
            reader.Leave();
            if (page is not (0 or 3) || pages == 0) continue;
            if (encoding is (int)Encoding.PlainDictionary or (int)Encoding.RleDictionary) coded = true;
            else other = true;
        }
        return coded && !other;
    }

    static void ParseStatistics(ref ThriftReader reader, ThriftType structType, out long? nullCount, out byte[]? min, out byte[]? max)
    {
        nullCount = null;
        min = max = null;
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 3: nullCount = reader.I64(type); break;
                // Fields 1 and 2 are the deprecated max and min, compared as signed bytes by their writers.
                case 5: max = reader.Binary(type).ToArray(); break;
                case 6: min = reader.Binary(type).ToArray(); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
    }

    static void Check(ColumnChunk chunk, ParquetColumn column, long rows, long dataEnd)
    {
        var cause =
            chunk.Values < 0 ? $"the chunk counts {chunk.Values} values"
            : column.IsFlat && chunk.Values != rows ? $"the chunk counts {chunk.Values} values, the row group {rows} rows"
            : chunk.CompressedSize < 0 || chunk.UncompressedSize < 0 ? $"the chunk's sizes are {chunk.CompressedSize} and {chunk.UncompressedSize}"
            : rows > 0 && chunk.ExternalFile is null && (chunk.Offset < 4 || chunk.Offset >= dataEnd) ? $"the chunk begins at {chunk.Offset}, the data end at {dataEnd}"
            : null;
        if (cause is not null) throw new ParquetDataException(ParquetDefect.Corrupt, cause).At(column: column.Name);
        if (rows > 0 && chunk.ExternalFile is null && chunk.CompressedSize > dataEnd - chunk.Offset)
            throw new ParquetDataException(ParquetDefect.Truncated, $"the chunk needs {chunk.CompressedSize} bytes at {chunk.Offset}, the data end at {dataEnd}").At(column: column.Name);
    }

    static void ParseKeyValues(ref ThriftReader reader, ThriftType listType, Dictionary<string, string?> keyValues)
    {
        var count = reader.StructList(listType);
        for (var i = 0; i < count; i++)
        {
            string key = "";
            string? value = null;
            reader.Enter();
            short field = 0;
            while (reader.NextField(ref field, out var type))
            {
                switch (field)
                {
                    case 1: key = reader.String(type); break;
                    case 2: value = reader.String(type); break;
                    default: reader.Skip(type); break;
                }
            }
            reader.Leave();
            keyValues[key] = value;
        }
    }

    static void ParseColumnOrders(ref ThriftReader reader, ThriftType listType, List<bool> typeOrders)
    {
        var count = reader.StructList(listType);
        for (var i = 0; i < count; i++)
        {
            var typeOrder = false;
            reader.Enter();
            short field = 0;
            while (reader.NextField(ref field, out var type))
            {
                typeOrder |= field == 1;
                reader.Skip(type);
            }
            reader.Leave();
            typeOrders.Add(typeOrder);
        }
    }

    static ParquetDataException Missing(string what) => new(ParquetDefect.Corrupt, $"the footer lacks the {what}");
}
