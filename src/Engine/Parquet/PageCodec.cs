using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4;
using ZstdSharp;

namespace Fanfold.Engine.Parquet;

/// <summary>Decompresses pages. The target has exactly the size that the page header promises; another outcome is a defect.</summary>
/// <param name="buffers">Its account is charged for what a decompressor holds beside source and target, while it does.</param>
sealed class PageCodec(Buffers buffers)
{
    /// <summary>DEFLATE's window of 32 KiB, the tables, and the stream's own buffer.</summary>
    const int GzipBytes = 128 << 10;

    /// <summary>Brotli's tables and the stream's own buffer; its window comes on top.</summary>
    const int BrotliBytes = 1 << 20;

    public void Decompress(CompressionCodec codec, ReadOnlyMemory<byte> compressed, Memory<byte> target)
    {
        // An empty v2 page may carry no compressed frame at all.
        if (target.Length == 0) return;
        var written = codec switch
        {
            CompressionCodec.Uncompressed => Copy(compressed.Span, target.Span),
            CompressionCodec.Snappy => DecodeSnappy(compressed.Span, target.Span),
            CompressionCodec.Gzip => ReadAll(() => new GZipStream(AsStream(compressed), CompressionMode.Decompress), GzipBytes, target.Span),
            CompressionCodec.Brotli => ReadAll(() => new BrotliStream(AsStream(compressed), CompressionMode.Decompress), BrotliBytes + BrotliWindow(compressed.Span, target.Length), target.Span),
            CompressionCodec.Zstd => DecompressZstd(compressed.Span, target.Span),
            CompressionCodec.Lz4Raw => LZ4Codec.Decode(compressed.Span, target.Span),
            CompressionCodec.Lz4 => DecompressLz4(compressed.Span, target.Span),
            _ => throw new ParquetDataException(ParquetDefect.Unsupported, $"the codec {codec} is not read"),
        };
        if (written != target.Length)
            throw new ParquetDataException(ParquetDefect.Corrupt, $"a page of {target.Length} bytes decompresses to {written} ({codec})");
    }

    /// <summary>Refuses a page that can't decompress to <paramref name="length"/> bytes, before memory is taken for them.</summary>
    public static void RequirePlausible(CompressionCodec codec, ReadOnlySpan<byte> compressed, int length)
    {
        if (length == 0) return;
        var most = codec switch
        {
            CompressionCodec.Uncompressed => compressed.Length,
            CompressionCodec.Snappy => SnappyDecoder.Length(compressed, out _),
            // The formats' own limits: DEFLATE makes 258 bytes of 2 bits, LZ4 255 of a byte.
            CompressionCodec.Gzip => 1032L * compressed.Length,
            CompressionCodec.Lz4 or CompressionCodec.Lz4Raw => 255L * compressed.Length,
            CompressionCodec.Zstd => (long)Math.Min(long.MaxValue, Decompressor.GetDecompressedSize(compressed)),
            _ => long.MaxValue,
        };
        if (length > most) throw new ParquetDataException(ParquetDefect.Corrupt, $"a page of {length} bytes can't come from {compressed.Length} bytes of {codec}, at most {most}");
    }

    /// <summary>The most that decompressing a page of <paramref name="length"/> bytes takes beside source and target.</summary>
    public static long BytesOf(CompressionCodec codec, int length) => codec switch
    {
        CompressionCodec.Zstd => Buffers.ZstdBytes,
        CompressionCodec.Gzip => GzipBytes,
        CompressionCodec.Brotli => BrotliBytes + BrotliWindow([0x0f], length),
        _ => 0,
    };

    int DecompressZstd(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var zstd = buffers.RentZstd();
        try
        {
            return zstd.Unwrap(source, target);
        }
        finally
        {
            buffers.Return(zstd);
        }
    }

    /// <summary>The window that the stream's first byte asks for (RFC 7932, 9.1), 16 MiB at most; a short page is given a shorter one.</summary>
    static long BrotliWindow(ReadOnlySpan<byte> compressed, int length)
    {
        var bits = compressed.Length == 0 ? 10 : (compressed[0] & 1) == 0 ? 16 : (compressed[0] >> 1 & 7) is > 0 and var large ? 17 + large : (compressed[0] >> 4 & 7) is > 1 and var small ? 8 + small : 17;
        return Math.Min(1L << bits, 2L * length) + (64 << 10);
    }

    static int Copy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.Length != target.Length) return source.Length;
        source.CopyTo(target);
        return target.Length;
    }

    static int DecodeSnappy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        SnappyDecoder.Decode(source, target);
        return target.Length;
    }

    // Page bytes always come from arrays, so the stream needs no copy.
    static MemoryStream AsStream(ReadOnlyMemory<byte> bytes) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);

    // GZipStream reads all members of a multi-member file; parquet allows several in one page.
    int ReadAll(Func<Stream> open, long bytes, Span<byte> target)
    {
        var charged = buffers.RentNative(bytes);
        try
        {
            using var stream = open();
            var total = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
            return total == target.Length && stream.ReadByte() >= 0 ? total + 1 : total;
        }
        finally
        {
            buffers.ReturnNative(charged);
        }
    }

    /// <summary>
    /// The codec called LZ4 is Hadoop's framing: blocks of (uncompressed size, compressed size, both big-endian, data). Some
    /// writers put a raw LZ4 block instead, told apart by trying, as Arrow C++ does.
    /// </summary>
    static int DecompressLz4(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int position = 0, written = 0;
        while (source.Length - position >= 8)
        {
            var uncompressed = BinaryPrimitives.ReadUInt32BigEndian(source[position..]);
            var compressed = BinaryPrimitives.ReadUInt32BigEndian(source[(position + 4)..]);
            if (compressed > source.Length - position - 8 || uncompressed > target.Length - written) break;
            var decoded = LZ4Codec.Decode(source.Slice(position + 8, (int)compressed), target.Slice(written, (int)uncompressed));
            if (decoded != uncompressed) break;
            position += 8 + (int)compressed;
            written += decoded;
        }
        return position == source.Length && written == target.Length ? written : LZ4Codec.Decode(source, target);
    }
}
