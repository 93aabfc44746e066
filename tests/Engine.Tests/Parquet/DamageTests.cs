using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Damaged files are read or refused with the one typed error: never another exception, a hang, or memory beyond reason.</summary>
public class DamageTests
{
    static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    /// <summary>What a file of a few KiB may allocate: the reader's 1 MiB windows, and a page that zstd or Brotli could well have made of so little.</summary>
    const long MostAllocated = 96L << 20;

    static readonly Lazy<Dictionary<string, byte[]>> Files = new(() =>
    {
        var types = new[] { DataType.Bool, DataType.Int32, DataType.Int64, DataType.Double, DataType.Decimal(30, 3), DataType.String, DataType.Uuid };
        var files = new Dictionary<string, byte[]> { ["own"] = ParquetFiles.Write(Tables.WithTypes(types, 60).Generate(new PCG(7), null, out _), 25) };
        using var duckDb = new DuckDb();
        foreach (var codec in new[] { "uncompressed", "snappy", "zstd", "gzip", "lz4_raw", "brotli" })
        {
            var path = duckDb.File(codec);
            duckDb.Execute($"""
                COPY (SELECT i, nullif(i % 7, 3) AS k, 'text ' || (i % 5) AS s, i::VARCHAR || 'tail' AS u, i / 3.0 AS d, i % 2 = 0 AS b FROM range(150) r(i))
                TO '{path}' (FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {(codec == "zstd" ? "v2" : "v1")})
                """);
            files.Add(codec, File.ReadAllBytes(path));
        }
        if (Corpus.Folder is { } folder)
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length < 4096).Order(StringComparer.Ordinal).Take(20))
                files.TryAdd(Path.GetFileName(path), File.ReadAllBytes(path));
        }
        return files;
    });

    [Fact]
    public void Read_EveryPrefix_IsRefused()
    {
        foreach (var (name, file) in Files.Value)
        {
            // Each prefix of small files, and about a thousand of the others.
            for (var length = 0; length < file.Length; length += 1 + file.Length / 1000)
            {
                var prefix = file[..length];
                Watched(say =>
                {
                    say($"the first {prefix.Length} bytes of {name}");
                    Assert.NotNull(Read(prefix));
                });
            }
        }
    }

    [Fact]
    public void Read_EveryMutation_EndsTyped() => Gen.Select(Gen.Int[0, Files.Value.Count - 1], Gen.Int[0, 4], Gen.Double[0, 1], Gen.Double[0, 1], Gen.Byte).Sample(
        (index, kind, at, other, value) => Watched(say =>
        {
            var (name, file) = Files.Value.ElementAt(index);
            say($"{name}, mutation {kind} at {at} and {other} with {value}");
            var before = GC.GetAllocatedBytesForCurrentThread();
            Read(Mutate(file, kind, at, other, value));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
        }), iter: Soak.Cases(3_000), threads: 1);

    [Fact]
    public void Read_BitFlippedInAPageBodyWithACrc_IsDetected() => Gen.Select(Gen.Double[0, 1], Gen.Int[0, 7]).Sample((at, bit) =>
    {
        var file = Files.Value["own"];
        var bodies = PageBodies(file).ToList();
        var offset = (int)(at * (bodies.Sum(body => body.Length) - 1));
        var page = bodies.First(body => body.Length > offset || (offset -= body.Length) < 0);
        var damaged = (byte[])file.Clone();
        damaged[page.Offset + offset] ^= (byte)(1 << bit);
        var defect = Read(damaged);
        Assert.NotNull(defect);
        Assert.Equal(ParquetDefect.Corrupt, defect.Defect);
        Assert.Contains("CRC", defect.Message, StringComparison.Ordinal);
    }, iter: Soak.Cases(500));

    [Theory]
    [InlineData(0x7fff_ffffu)]
    [InlineData(0xffff_ffffu)]
    [InlineData(1u << 20)]
    public void Read_ForgedFooterLength_IsRefusedWithoutMemory(uint length)
    {
        var file = (byte[])Files.Value["own"].Clone();
        BitConverter.TryWriteBytes(file.AsSpan(file.Length - 8), length);
        AssertRefusedCheaply(() => Read(file), 1 << 20);
    }

    [Theory]
    [InlineData(CompressionCodec.Uncompressed, 100, 500_000_000, 10)]
    [InlineData(CompressionCodec.Snappy, 100, 500_000_000, 10)]
    [InlineData(CompressionCodec.Zstd, 100, 500_000_000, 10)]
    [InlineData(CompressionCodec.Gzip, 100, 500_000_000, 10)]
    [InlineData(CompressionCodec.Lz4Raw, 100, 500_000_000, 10)]
    [InlineData(CompressionCodec.Uncompressed, 100, int.MaxValue, 10)]
    [InlineData(CompressionCodec.Uncompressed, -1, 100, 10)]
    [InlineData(CompressionCodec.Uncompressed, int.MaxValue, 100, 10)]
    [InlineData(CompressionCodec.Uncompressed, 100, 100, int.MaxValue)]
    [InlineData(CompressionCodec.Uncompressed, 100, 100, -1)]
    public void Read_ForgedPageHeader_IsRefusedWithoutMemory(CompressionCodec codec, int compressed, int uncompressed, int values)
    {
        foreach (var dictionary in new[] { false, true })
        {
            var header = Header(dictionary, compressed, uncompressed, values, Encoding.Plain);
            AssertRefusedCheaply(() => ReadChunk([.. header, .. new byte[100]], codec, DataType.Int64, rows: 10), 4 << 20);
        }
    }

    [Fact]
    public void Read_DictionaryCountBeyondItsBytes_IsRefusedWithoutMemory()
    {
        var page = new byte[1 << 16];
        AssertRefusedCheaply(() => ReadChunk([.. Header(true, page.Length, page.Length, page.Length * 8, Encoding.Plain), .. page], CompressionCodec.Uncompressed, DataType.Int64, rows: 10), 3 << 20);
    }

    [Fact]
    public void Read_LengthsOfNoWidthBeyondThePage_AreRefusedAtOnce()
    {
        // 2^24 values a block, one miniblock, 2^62 lengths; then blocks of width 0 in two bytes each.
        byte[] delta = [0x80, 0x80, 0x80, 0x08, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0, .. new byte[1 << 16]];
        Watched(say =>
        {
            say("lengths of no width");
            AssertRefusedCheaply(() => ReadChunk([.. Header(false, delta.Length, delta.Length, 10, Encoding.DeltaLengthByteArray), .. delta], CompressionCodec.Uncompressed, DataType.String, rows: 10), 4 << 20);
        });
    }

    static void AssertRefusedCheaply(Func<ParquetDataException?> read, long most)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.NotNull(read());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most);
    }

    static byte[] Header(bool dictionary, int compressed, int uncompressed, int values, Encoding encoding)
    {
        var writer = new ThriftWriter();
        writer.BeginElement();
        writer.I32(1, dictionary ? 2 : 0);
        writer.I32(2, uncompressed);
        writer.I32(3, compressed);
        writer.BeginStruct(dictionary ? (short)7 : (short)5);
        writer.I32(1, values);
        writer.I32(2, (int)encoding);
        if (!dictionary)
        {
            writer.I32(3, (int)Encoding.Rle);
            writer.I32(4, (int)Encoding.Rle);
        }
        writer.End();
        writer.End();
        return writer.Written.ToArray();
    }

    /// <summary>Reads a chunk of a required column that starts at byte 4 of a file.</summary>
    static ParquetDataException? ReadChunk(byte[] chunk, CompressionCodec codec, DataType type, int rows)
    {
        var physical = type == DataType.String ? PhysicalType.ByteArray : PhysicalType.Int64;
        var column = new ParquetColumn(0, "x", "x", physical, 0, true, false, type, null, true, false);
        var source = new MemorySource([.. "PAR1"u8, .. chunk]);
        using var reader = new ColumnChunkReader(source, new ReadAhead(source, ParquetFiles.Buffers()), column, 4 + chunk.Length, ParquetFiles.Buffers());
        return Caught(() =>
        {
            reader.Open(0, new ColumnChunk(codec, 4, chunk.Length, chunk.Length, rows, false, null, null, null, false, null));
            ParquetFiles.Wait(new ValueTask(reader.ReadAsync(RowSelection.All(rows), CancellationToken.None).AsTask()));
        });
    }

    /// <summary>The first defect met when every flat column is read in batches; null when there is none.</summary>
    static ParquetDataException? Read(byte[] file) => Caught(() =>
    {
        var source = new MemorySource(file);
        var footer = FooterReader.ReadAsync(source).AsTask().GetAwaiter().GetResult();
        var columns = FileVerifier.VerifyAsync(source, footer, ParquetFiles.Buffers()).GetAwaiter().GetResult();
        if (columns.FirstOrDefault(column => column.Error is not null)?.Error is { } error) throw error;
        foreach (var column in footer.Columns)
        {
            foreach (var group in footer.RowGroups) ColumnStatistics.Bounds(column, group.Chunks[column.Ordinal]);
        }
    });

    static ParquetDataException? Caught(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (ParquetDataException defect)
        {
            return defect;
        }
    }

    static IEnumerable<(int Offset, int Length)> PageBodies(byte[] file)
    {
        foreach (var chunk in ParquetFiles.Footer(file).RowGroups.SelectMany(group => group.Chunks))
        {
            for (var at = (int)chunk.Offset; at < chunk.Offset + chunk.CompressedSize;)
            {
                var header = PageHeader.Parse(file.AsSpan(at), out var length);
                Assert.NotNull(header.Crc);
                yield return (at + length, header.CompressedSize);
                at += length + header.CompressedSize;
            }
        }
    }

    internal static byte[] Mutate(byte[] file, int kind, double at, double other, byte value)
    {
        var bytes = (byte[])file.Clone();
        var first = (int)(at * (bytes.Length - 1));
        var second = (int)(other * (bytes.Length - 1));
        switch (kind)
        {
            case 0: bytes[first] ^= (byte)(1 << (value & 7)); break;
            case 1: bytes[first] = value; break;
            case 2: bytes.AsSpan(first, Math.Min(1 + value / 8, bytes.Length - first)).Clear(); break;
            case 3: return [.. bytes.AsSpan(0, Math.Min(first, second)), .. bytes.AsSpan(Math.Max(first, second))];
            default: (bytes[first], bytes[second]) = (bytes[second], bytes[first]); break;
        }
        return bytes;
    }

    /// <summary>Runs the action, and fails naming what it said last when it does not end.</summary>
    internal static void Watched(Action<Action<string>> action)
    {
        var last = "nothing yet";
        var run = Task.Run(() => action(text => last = text));
        if (!((IAsyncResult)run).AsyncWaitHandle.WaitOne(Hang)) Assert.Fail($"no end within {Hang}: {last}");
        try
        {
            run.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{last}: {exception.Message}", exception);
        }
    }
}
