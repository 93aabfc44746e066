using System.Globalization;
using System.IO.Hashing;

namespace Fanfold.Engine.Parquet;

/// <summary>The pages of one column chunk after another: each header first, its body only on request. Only one body is ever held.</summary>
sealed class PageReader(IByteSource source, ReadAhead ahead, long dataEnd, Buffers buffers) : IDisposable
{
    /// <summary>Statistics of long strings make headers of any size up to a few MiB.</summary>
    const int MaxHeaderLength = 16 << 20;

    readonly ChunkBytes _bytes = new(source, ahead, buffers);
    readonly PageCodec _codec = new(buffers);
    byte[] _page = [];
    ColumnChunk? _chunk;

    public PageHeader Header { get; private set; }

    /// <summary>The position of <see cref="Header"/> among the chunk's pages; −1 before the first.</summary>
    public int Ordinal { get; private set; }

    /// <summary>Where the header begins.</summary>
    public long HeaderAt { get; private set; }

    /// <summary>Where the next page begins, once this one's body is read or skipped.</summary>
    public long Position => _bytes.Position;

    /// <summary>Whether there is anything for <see cref="Drop"/> to give up.</summary>
    public bool HoldsBuffers => _page.Length > 0 || _bytes.HoldsWindow;

    public void Open(ColumnChunk chunk)
    {
        _chunk = chunk;
        Ordinal = -1;
        if (chunk.Encrypted) throw new ParquetDataException(ParquetDefect.Encrypted, "the column is encrypted");
        if (chunk.ExternalFile is not null) throw new ParquetDataException(ParquetDefect.Unsupported, $"the column's data are in another file, '{chunk.ExternalFile}'");
        _bytes.Open(chunk.Offset, Math.Min(dataEnd, chunk.Offset + chunk.CompressedSize), dataEnd);
    }

    /// <summary>Moves to the next page, whose body must then be read or skipped.</summary>
    public async ValueTask NextAsync(CancellationToken cancellationToken)
    {
        Ordinal++;
        HeaderAt = _bytes.Position;
        var bytes = await _bytes.PeekHeaderAsync(cancellationToken);
        while (true)
        {
            if (bytes.Length == 0) throw new ParquetDataException(ParquetDefect.Truncated, "the pages end before the chunk's values");
            try
            {
                Header = PageHeader.Parse(bytes.Span, out var headerLength);
                _bytes.Advance(headerLength);
                return;
            }
            catch (ParquetDataException defect) when (defect.Defect == ParquetDefect.Truncated && bytes.Length < Math.Min(_bytes.Remaining, MaxHeaderLength))
            {
                bytes = await _bytes.PeekAsync(Math.Clamp(bytes.Length * 16, 1024, MaxHeaderLength), cancellationToken);
            }
        }
    }

    /// <summary>Moves to where a page begins, so that it is the next.</summary>
    /// <param name="ordinal">Its position among the chunk's pages.</param>
    public void MoveTo(long position, int ordinal)
    {
        _bytes.MoveTo(position);
        Ordinal = ordinal - 1;
    }

    public void SkipBody() => _bytes.Advance(Header.CompressedSize);

    /// <summary>The page's bytes, decompressed, with the levels first; valid until the next page. The levels of a v2 page are never compressed.</summary>
    /// <param name="decoded">Bytes that its values take in the smallest batch.</param>
    /// <exception cref="MemoryExceededException">The page can't be held, whatever else gives way.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(long decoded, CancellationToken cancellationToken)
    {
        var header = Header;
        var available = _bytes.Remaining;
        if (header.CompressedSize > available)
            throw new ParquetDataException(ParquetDefect.Truncated, $"the page needs {header.CompressedSize} bytes, {available} remain");
        var codec = header.IsCompressed ? _chunk!.Codec : CompressionCodec.Uncompressed;
        var isPlain = codec == CompressionCodec.Uncompressed && header.CompressedSize == header.UncompressedSize;
        // What is stored has gone when the values are decoded, but for a window of the usual length.
        var stored = Buffers.SizeOf(header.CompressedSize);
        buffers.RequireRoom(
            isPlain ? stored + decoded : Buffers.SizeOf(header.UncompressedSize) + Math.Max(stored + PageCodec.BytesOf(codec, header.UncompressedSize), ChunkBytes.KeptOf(header.CompressedSize) + decoded),
            () => $"the page takes {MiB(header.UncompressedSize)} decompressed and {MiB(header.CompressedSize)} as it is stored, beside what is decoded of it; all that the task may hold are {MiB(buffers.Account.Limit)}");
        var raw = (await _bytes.PeekAsync(header.CompressedSize, cancellationToken))[..header.CompressedSize];
        _bytes.Advance(header.CompressedSize);
        if (header.Crc is { } crc && Crc32.HashToUInt32(raw.Span) is var actual && actual != crc)
            throw new ParquetDataException(ParquetDefect.Corrupt, $"the page's CRC is {actual:x8}, its header says {crc:x8}");
        var levels = header.DefinitionLevelsLength + header.RepetitionLevelsLength;
        PageCodec.RequirePlausible(codec, raw.Span[levels..], header.UncompressedSize - levels);
        if (isPlain) return raw;
        var page = Grow(header.UncompressedSize);
        raw[..levels].CopyTo(page);
        _codec.Decompress(codec, raw[levels..], page[levels..]);
        _bytes.Shrink();
        return page;
    }

    static string MiB(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(bytes + (1 << 20) - 1) >> 20:N0} MiB");

    Memory<byte> Grow(int length)
    {
        if (_page.Length < length)
        {
            buffers.Return(_page);
            _page = [];
            _page = buffers.Rent(length);
        }
        return _page.AsMemory(0, length);
    }

    /// <summary>Gives up the page's buffer.</summary>
    public void Release()
    {
        buffers.Return(_page);
        _page = [];
    }

    /// <summary>Gives up all buffers, the page's bytes with them.</summary>
    public void Drop()
    {
        Release();
        _bytes.Drop();
    }

    public void Dispose() => Drop();
}
