using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Files that promise or hold far more than their size: read in a steady amount of memory, or refused with the typed error.</summary>
public class BombTests
{
    /// <summary>What a reader may hold at once here; the files below would need many times as much.</summary>
    const long Budget = 64L << 20;

    [Fact]
    public void Read_HundredMillionRowsInAFewHundredBytes_HoldsNoMoreThanABatch()
    {
        // One RLE run of codes into a dictionary of one value, again and again one page of it.
        const int rows = 100_000_000;
        byte[] runs = [1, .. Varint((ulong)rows << 1), 0];
        byte[] dictionary = [.. Header(2, 8, 8, 1, Encoding.Plain), .. BitConverter.GetBytes(42L)];
        byte[] chunk = [.. dictionary, .. Header(0, runs.Length, runs.Length, rows, Encoding.RleDictionary), .. runs];
        Assert.True(chunk.Length < 320);
        var read = 0L;
        var (defect, most) = Read(chunk, CompressionCodec.Uncompressed, DataType.Int64, rows, column => read += column.Length);
        Assert.Null(defect);
        Assert.Equal(rows, read);
        Assert.InRange(most, 0, 8 << 20);
    }

    [Theory]
    [InlineData(CompressionCodec.Zstd)]
    [InlineData(CompressionCodec.Brotli)]
    [InlineData(CompressionCodec.Gzip)]
    [InlineData(CompressionCodec.Snappy)]
    public void Read_FourHundredMegabytesOfTextInAFewKilobytes_IsRefused(CompressionCodec codec)
    {
        var length = 400_000_000;
        var page = Compressed(codec, length);
        Assert.True(page.Length < 20_000_000);
        byte[] chunk = [.. Header(0, page.Length, length, 100, Encoding.Plain), .. page];
        var (defect, most) = Read(chunk, codec, DataType.String, 100);
        Assert.Equal(ParquetDefect.TooLarge, defect);
        Assert.InRange(most, 0, Budget);
    }

    [Theory]
    [InlineData(CompressionCodec.Brotli, 2_000_000_000, 100)]
    [InlineData(CompressionCodec.Brotli, 60_000_000, 100)]
    [InlineData(CompressionCodec.Gzip, 2_000_000_000, 100)]
    [InlineData(CompressionCodec.Uncompressed, 100, 2_000_000_000)]
    public void Read_HeaderThatClaimsMoreThanTheAccount_AsksForNoneOfIt(CompressionCodec codec, int plain, int stored)
    {
        // A file that is as long as its header claims, and of which no page is ever read.
        byte[] chunk = [.. Header(0, stored, plain, 100, Encoding.Plain), .. new byte[100]];
        var (source, buffers) = (new HollowSource([.. "PAR1"u8, .. chunk], 3L << 30), ParquetFiles.Buffers(Budget));
        var column = new ParquetColumn(0, "x", "x", PhysicalType.ByteArray, 0, true, false, DataType.String, null, true, false);
        using var reader = new ColumnChunkReader(source, new ReadAhead(source, buffers), column, source.Length, buffers);
        reader.Open(0, new ColumnChunk(codec, 4, chunk.Length, chunk.Length, 100, false, null, null, null, false, null));
        var refused = Assert.Throws<ParquetDataException>(() => ParquetFiles.Wait(new ValueTask(reader.ReadAsync(RowSelection.All(100), CancellationToken.None).AsTask())));
        Assert.Equal(ParquetDefect.TooLarge, refused.Defect);
        Assert.InRange(Assert.IsType<MemoryExceededException>(refused.InnerException).Needed, Budget + 1, 5L << 30);
        Assert.InRange(buffers.Account.Held, 0, 2 << 20);
    }

    /// <summary>A file whose bytes after those given are zeros.</summary>
    sealed class HollowSource(byte[] start, long length) : IByteSource
    {
        public string Name => "hollow.parquet";

        public long Length => length;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Clear();
            if (offset < start.Length) start.AsSpan((int)offset, Math.Min(buffer.Length, start.Length - (int)offset)).CopyTo(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }

    [Theory]
    [InlineData(TypeKind.String)]
    [InlineData(TypeKind.Decimal)]
    public void Read_PrefixesThatAddUpToGigabytes_IsRefused(TypeKind kind)
    {
        // Each value is the one before it, of 1 MiB, and no byte more.
        const int values = 8000, longest = 1 << 20;
        byte[] prefixes = [.. Delta(values, 0, [longest, .. Enumerable.Repeat(0L, values - 2)])];
        byte[] suffixes = [.. Delta(values, longest, [-longest, .. Enumerable.Repeat(0L, values - 2)])];
        byte[] body = [.. prefixes, .. suffixes, .. new byte[longest]];
        byte[] chunk = [.. Header(0, body.Length, body.Length, values, Encoding.DeltaByteArray), .. body];
        var (defect, most) = Read(chunk, CompressionCodec.Uncompressed, kind == TypeKind.String ? DataType.String : DataType.Decimal(38, 0), values);
        Assert.Equal(ParquetDefect.TooLarge, defect);
        Assert.InRange(most, 0, Budget);
    }

    [Fact]
    public void Read_BuffersInReserve_GiveWayToColumns()
    {
        var buffers = ParquetFiles.Buffers(1 << 20);
        buffers.Return(buffers.Rent(900 << 10));
        var column = buffers.RentColumn(DataType.Int64);
        ((Column<long>)column).AppendSpan(64 << 10);
        Assert.InRange(buffers.Account.Held, 512 << 10, 600 << 10);
        Assert.Throws<MemoryExceededException>(() => buffers.Rent(900 << 10));
    }

    [Theory]
    [InlineData(100_000_000)]
    [InlineData(int.MaxValue)]
    public void Read_FooterWithFarMoreRowsThanBytes_IsRefused(int rows)
    {
        byte[] runs = [1, .. Varint((ulong)rows << 1), 0];
        byte[] chunk = [.. Header(2, 8, 8, 1, Encoding.Plain), .. BitConverter.GetBytes(42L), .. Header(0, runs.Length, runs.Length, rows, Encoding.RleDictionary), .. runs];
        Assert.Equal(ParquetDefect.TooLarge, Refused(OneColumn(chunk, rows, times: 1)));
    }

    [Fact]
    public void Read_TheSamePagesInManyRowGroups_IsRefused()
    {
        byte[] page = [.. Header(0, 8, 8, 1, Encoding.Plain), .. BitConverter.GetBytes(42L)];
        Assert.Null(Refused(OneColumn(page, 1, times: 1)));
        Assert.Equal(ParquetDefect.Corrupt, Refused(OneColumn(page, 1, times: 1000)));
    }

    /// <summary>A file of one INT64 column whose row groups all have the same chunk.</summary>
    static byte[] OneColumn(byte[] chunk, long rows, int times)
    {
        var writer = new ThriftWriter();
        writer.BeginElement();
        writer.I32(1, 1);
        writer.List(2, ThriftType.Struct, 2);
        writer.BeginElement();
        writer.String(4, "schema");
        writer.I32(5, 1);
        writer.End();
        writer.BeginElement();
        writer.I32(1, (int)PhysicalType.Int64);
        writer.I32(3, 0);
        writer.String(4, "x");
        writer.End();
        writer.I64(3, rows * times);
        writer.List(4, ThriftType.Struct, times);
        for (var i = 0; i < times; i++)
        {
            writer.BeginElement();
            writer.List(1, ThriftType.Struct, 1);
            writer.BeginElement();
            writer.I64(2, 4);
            writer.BeginStruct(3);
            writer.I32(1, (int)PhysicalType.Int64);
            writer.List(2, ThriftType.I32, 0);
            writer.List(3, ThriftType.Binary, 1);
            writer.BinaryElement("x"u8);
            writer.I32(4, 0);
            writer.I64(5, rows);
            writer.I64(6, chunk.Length);
            writer.I64(7, chunk.Length);
            writer.I64(9, 4);
            writer.End();
            writer.End();
            writer.I64(2, chunk.Length);
            writer.I64(3, rows);
            writer.End();
        }
        writer.End();
        return [.. "PAR1"u8, .. chunk, .. writer.Written.Span, .. BitConverter.GetBytes(writer.Written.Length), .. "PAR1"u8];
    }

    [Fact]
    public void Read_FooterOfTwentyThousandColumns_IsReadOrRefusedTyped() => Assert.True(Footer(writer => SchemaOf(writer, 20_000), columns: 20_000) is { Columns.Count: 20_000 });

    [Fact]
    public void Read_SchemaNestedAHundredDeep_IsReadWithoutItsLeaf()
    {
        var footer = Footer(writer =>
        {
            writer.List(2, ThriftType.Struct, 102);
            for (var depth = 0; depth <= 101; depth++)
            {
                writer.BeginElement();
                if (depth == 101) writer.I32(1, (int)PhysicalType.Int32);
                if (depth > 0) writer.I32(3, 1);
                writer.String(4, "n" + depth);
                if (depth <= 100) writer.I32(5, 1);
                writer.End();
            }
        }, columns: 1);
        Assert.True(footer is null || !footer.Columns[0].IsFlat);
    }

    [Fact]
    public void Read_MillionsOfRowGroupsPromised_IsRefusedByTheBytesThatAreThere()
    {
        var writer = new ThriftWriter();
        writer.BeginElement();
        writer.I32(1, 1);
        SchemaOf(writer, 1);
        writer.I64(3, 0);
        writer.List(4, ThriftType.Struct, 100_000_000);
        writer.End();
        Assert.Equal(ParquetDefect.Truncated, Refused(File(writer)));
    }

    [Fact]
    public void Read_MillionRowGroups_IsRefusedUnparsed()
    {
        var writer = new ThriftWriter();
        writer.BeginElement();
        writer.I32(1, 1);
        SchemaOf(writer, 1);
        writer.I64(3, 0);
        writer.List(4, ThriftType.Struct, 1_000_000);
        for (var i = 0; i < 1_000_000; i++)
        {
            writer.BeginElement();
            writer.List(1, ThriftType.Struct, 0);
            writer.I64(3, 0);
            writer.End();
        }
        writer.End();
        var file = File(writer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(ParquetDefect.TooLarge, Refused(file));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L * file.Length);
    }

    static ParquetDefect? Refused(byte[] file)
    {
        try
        {
            ParquetFiles.Footer(file);
            return null;
        }
        catch (ParquetDataException defect)
        {
            return defect.Defect;
        }
    }

    static FileMetadata? Footer(Action<ThriftWriter> schema, int columns)
    {
        var writer = new ThriftWriter();
        writer.BeginElement();
        writer.I32(1, 1);
        schema(writer);
        writer.I64(3, 0);
        writer.List(4, ThriftType.Struct, 0);
        writer.End();
        try
        {
            var footer = ParquetFiles.Footer(File(writer));
            Assert.Equal(columns, footer.Columns.Count);
            return footer;
        }
        catch (ParquetDataException)
        {
            return null;
        }
    }

    static void SchemaOf(ThriftWriter writer, int columns)
    {
        writer.List(2, ThriftType.Struct, columns + 1);
        writer.BeginElement();
        writer.String(4, "schema");
        writer.I32(5, columns);
        writer.End();
        for (var i = 0; i < columns; i++)
        {
            writer.BeginElement();
            writer.I32(1, (int)PhysicalType.Int32);
            writer.I32(3, 1);
            writer.String(4, "c" + i);
            writer.End();
        }
    }

    static byte[] File(ThriftWriter footer) => [.. "PAR1"u8, .. footer.Written.Span, .. BitConverter.GetBytes(footer.Written.Length), .. "PAR1"u8];

    /// <summary>Reads a chunk in batches; returns the defect that ended it, and the largest amount that the reader's account held.</summary>
    static (ParquetDefect? Defect, long Most) Read(byte[] chunk, CompressionCodec codec, DataType type, int rows, Action<Column>? each = null)
    {
        long most = 0;
        var physical = type == DataType.Int64 ? PhysicalType.Int64 : PhysicalType.ByteArray;
        var column = new ParquetColumn(0, "x", "x", physical, 0, true, false, type, null, true, false);
        var (source, buffers) = (new MemorySource([.. "PAR1"u8, .. chunk]), ParquetFiles.Buffers(Budget));
        using var reader = new ColumnChunkReader(source, new ReadAhead(source, buffers), column, 4 + chunk.Length, buffers);
        try
        {
            reader.Open(0, new ColumnChunk(codec, 4, chunk.Length, chunk.Length, rows, chunk[1] == 4, null, null, null, false, null));
            for (var left = rows; left > 0; left -= 8192)
            {
                var batch = reader.ReadAsync(RowSelection.All(Math.Min(left, 8192)), CancellationToken.None).AsTask().GetAwaiter().GetResult();
                most = Math.Max(most, buffers.Account.Held);
                each?.Invoke(batch);
            }
            return (null, most);
        }
        catch (ParquetDataException defect)
        {
            return (defect.Defect, Math.Max(most, buffers.Account.Held));
        }
    }

    static byte[] Compressed(CompressionCodec codec, int length)
    {
        var text = new byte[length];
        switch (codec)
        {
            case CompressionCodec.Zstd:
                using (var zstd = new ZstdSharp.Compressor()) return zstd.Wrap(text).ToArray();
            case CompressionCodec.Snappy: return Snappier.Snappy.CompressToArray(text);
        }
        using var output = new MemoryStream();
        using (Stream stream = codec == CompressionCodec.Gzip ? new System.IO.Compression.GZipStream(output, System.IO.Compression.CompressionLevel.Fastest) : new System.IO.Compression.BrotliStream(output, System.IO.Compression.CompressionLevel.Fastest))
            stream.Write(text);
        return output.ToArray();
    }

    /// <summary>DELTA_BINARY_PACKED with one block of one miniblock a delta run: the first value, then each delta by itself.</summary>
    static IEnumerable<byte> Delta(int count, long first, long[] deltas)
    {
        var header = (byte[])[.. Varint(128), .. Varint(4), .. Varint((ulong)count), .. Varint(ZigZag(first))];
        var blocks = deltas.Chunk(128).SelectMany(block =>
        {
            var least = block.Min();
            var width = block.All(delta => delta == least) ? 0 : 32;
            // Only the first delta of the first block differs from the rest.
            var packed = block.SelectMany(delta => width == 0 ? [] : BitConverter.GetBytes((uint)(delta - least))).ToArray();
            return (byte[])[.. Varint(ZigZag(least)), (byte)width, (byte)width, (byte)width, (byte)width, .. packed];
        });
        return header.Concat(blocks);
    }

    static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    static ulong ZigZag(long value) => (ulong)(value << 1 ^ value >> 63);

    static byte[] Header(int kind, int compressed, int uncompressed, int values, Encoding encoding)
    {
        var writer = new ThriftWriter();
        writer.BeginElement();
        writer.I32(1, kind);
        writer.I32(2, uncompressed);
        writer.I32(3, compressed);
        writer.BeginStruct(kind == 2 ? (short)7 : (short)5);
        writer.I32(1, values);
        writer.I32(2, (int)encoding);
        if (kind == 0)
        {
            writer.I32(3, (int)Encoding.Rle);
            writer.I32(4, (int)Encoding.Rle);
        }
        writer.End();
        writer.End();
        return writer.Written.ToArray();
    }
}
