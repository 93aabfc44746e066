namespace Fanfold.Engine.Parquet;

enum PageKind { Data, DataV2, Dictionary, Other }

/// <summary>The header before each page.</summary>
/// <remarks>parquet.thrift, PageHeader. Its sizes are claims: whoever allocates for them asks the account first.</remarks>
readonly record struct PageHeader(
    PageKind Kind, int UncompressedSize, int CompressedSize, uint? Crc, int Values, Encoding Encoding, Encoding DefinitionLevels,
    int DefinitionLevelsLength, int RepetitionLevelsLength, bool IsCompressed)
{
    /// <summary>Parses a header at the start of <paramref name="bytes"/>; <paramref name="length"/> is its own length.</summary>
    public static PageHeader Parse(ReadOnlySpan<byte> bytes, out int length)
    {
        var reader = new ThriftReader(bytes);
        int kind = -1, uncompressed = -1, compressed = -1;
        uint? crc = null;
        (int Values, int Encoding, int DefinitionEncoding)? data = null, dictionary = null;
        (int Values, int Encoding, int Definition, int Repetition, bool Compressed)? v2 = null;
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: kind = reader.I32(type); break;
                case 2: uncompressed = reader.I32(type); break;
                case 3: compressed = reader.I32(type); break;
                case 4: crc = (uint)reader.I32(type); break;
                case 5: data = ParseData(ref reader, type); break;
                case 7: dictionary = ParseData(ref reader, type); break;
                case 8: v2 = ParseDataV2(ref reader, type); break;
                default: reader.Skip(type); break;
            }
        }
        length = reader.Position;
        if (uncompressed < 0 || compressed < 0)
            throw new ParquetDataException(ParquetDefect.Corrupt, $"the page header's sizes are {compressed} compressed, {uncompressed} uncompressed");
        if (uncompressed > Array.MaxLength || compressed > Array.MaxLength)
            throw new ParquetDataException(ParquetDefect.TooLarge, $"a page of {Math.Max(uncompressed, compressed)} bytes; the limit is {Array.MaxLength}");
        switch (kind)
        {
            case 0 when data is { } d:
                return Checked(new(PageKind.Data, uncompressed, compressed, crc, d.Values, (Encoding)d.Encoding, (Encoding)d.DefinitionEncoding, 0, 0, true));
            case 2 when dictionary is { } d:
                return Checked(new(PageKind.Dictionary, uncompressed, compressed, crc, d.Values, (Encoding)d.Encoding, Encoding.Rle, 0, 0, true));
            case 3 when v2 is { } d:
                if (d.Definition < 0 || d.Repetition < 0 || (long)d.Definition + d.Repetition > Math.Min(compressed, uncompressed))
                    throw new ParquetDataException(ParquetDefect.Corrupt, $"the levels of a v2 page have {d.Definition} and {d.Repetition} bytes, the page {compressed}");
                return Checked(new(PageKind.DataV2, uncompressed, compressed, crc, d.Values, (Encoding)d.Encoding, Encoding.Rle, d.Definition, d.Repetition, d.Compressed));
            case 0 or 2 or 3:
                throw new ParquetDataException(ParquetDefect.Corrupt, $"a page of type {kind} lacks its own header");
            case < 0:
                throw new ParquetDataException(ParquetDefect.Corrupt, "the page header lacks its type");
            default:
                return new(PageKind.Other, uncompressed, compressed, crc, 0, Encoding.Plain, Encoding.Rle, 0, 0, true);
        }
    }

    static PageHeader Checked(PageHeader header) =>
        header.Values >= 0 ? header : throw new ParquetDataException(ParquetDefect.Corrupt, $"the page counts {header.Values} values");

    static (int Values, int Encoding, int DefinitionEncoding) ParseData(ref ThriftReader reader, ThriftType structType)
    {
        int values = -1, encoding = -1, definition = (int)Parquet.Encoding.Rle;
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: values = reader.I32(type); break;
                case 2: encoding = reader.I32(type); break;
                // In a dictionary page's header field 3 is a boolean, is_sorted.
                case 3 when type == ThriftType.I32: definition = reader.I32(type); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
        return (values, encoding, definition);
    }

    static (int Values, int Encoding, int Definition, int Repetition, bool Compressed) ParseDataV2(ref ThriftReader reader, ThriftType structType)
    {
        int values = -1, encoding = -1, definition = -1, repetition = -1;
        var compressed = true;
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: values = reader.I32(type); break;
                case 4: encoding = reader.I32(type); break;
                case 5: definition = reader.I32(type); break;
                case 6: repetition = reader.I32(type); break;
                case 7: compressed = ThriftReader.Bool(type); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
        return (values, encoding, definition, repetition, compressed);
    }
}
