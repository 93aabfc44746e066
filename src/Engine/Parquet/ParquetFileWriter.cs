using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>
/// Writes Parquet files forward to streams, one row group at a time: zstd, page CRCs, exact statistics,
/// page indexes, every column optional.
/// The same rows in the same row groups give the same bytes on every machine.
/// </summary>
/// <param name="output">Stays open; only ever written forward.</param>
/// <param name="keyValues">File metadata, written in the given order.</param>
/// <param name="account">Charged for a page, and for what the footer will say; null when nobody counts.</param>
public sealed class ParquetFileWriter(Schema schema, Stream output, IReadOnlyDictionary<string, string> keyValues, MemoryAccount? account = null) : IDisposable
{
    /// <summary>What is kept of a page or a chunk until the footer is written, bounds not counted.</summary>
    const int PlaceBytes = 160;

    readonly ColumnChunkWriter _chunkWriter = new(account);
    readonly List<(long Rows, WrittenChunk[] Chunks)> _rowGroups = [];
    Stream _output = output;
    long _position;
    long _charged;

    /// <summary>The rows written so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Begins another file of the same schema and metadata, and keeps the buffers.</summary>
    public void Begin(Stream next)
    {
        _output = next;
        _position = Rows = 0;
        _rowGroups.Clear();
        Charge(-_charged);
    }

    /// <summary>Appends a row group; <paramref name="columns"/> are in schema order and of equal length. No rows write nothing.</summary>
    /// <exception cref="MemoryExceededException">The account has no room for it; the file can't be gone on with.</exception>
    public void WriteRowGroup(IReadOnlyList<Column> columns)
    {
        var rows = columns[0].Length;
        if (rows == 0) return;
        WriteMagic();
        var chunks = new WrittenChunk[columns.Count];
        for (var i = 0; i < columns.Count; i++)
        {
            chunks[i] = _chunkWriter.Write(columns[i], _position, _output);
            _position += chunks[i].CompressedSize;
            Charge(PlaceBytes + chunks[i].Pages.Sum(page => PlaceBytes + (page.Min?.Length ?? 0L) + (page.Max?.Length ?? 0L)));
        }
        _rowGroups.Add((rows, chunks));
        Rows += rows;
    }

    /// <summary>Writes the footer; nothing may be written after it.</summary>
    public void Complete()
    {
        WriteMagic();
        WriteIndexes();
        var footer = new ThriftWriter(account);
        FooterWriter.Write(footer, schema, _rowGroups, keyValues);
        Put(footer.Written.Span);
        Span<byte> end = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(end, footer.Written.Length);
        "PAR1"u8.CopyTo(end[4..]);
        Put(end);
        footer.Release();
    }

    public void Dispose()
    {
        _chunkWriter.Dispose();
        Charge(-_charged);
    }

    void WriteMagic()
    {
        if (_position == 0) Put("PAR1"u8);
    }

    void WriteIndexes()
    {
        var index = new PageIndexWriter(account);
        foreach (var chunks in _rowGroups.Select(group => group.Chunks))
        {
            for (var i = 0; i < chunks.Length; i++)
            {
                if (index.WriteBounds(chunks[i]) is { Length: > 0 } bounds) chunks[i] = chunks[i] with { ColumnIndex = Put(bounds.Span) };
            }
        }
        foreach (var chunks in _rowGroups.Select(group => group.Chunks))
        {
            for (var i = 0; i < chunks.Length; i++) chunks[i] = chunks[i] with { OffsetIndex = Put(index.WritePlaces(chunks[i]).Span) };
        }
        index.Release();
    }

    ByteRange Put(ReadOnlySpan<byte> bytes)
    {
        var range = new ByteRange(_position, bytes.Length);
        _output.Write(bytes);
        _position += bytes.Length;
        return range;
    }

    void Charge(long bytes)
    {
        if (bytes > 0) account?.Charge(bytes);
        else account?.Release(-bytes);
        _charged += bytes;
    }
}

/// <summary>What the footer says of a chunk.</summary>
readonly record struct WrittenChunk(
    long Offset, bool HasDictionary, long DataOffset, IReadOnlyList<WrittenPage> Pages, BoundaryOrder Order, long CompressedSize, long UncompressedSize, long Values, long NullCount, byte[]? Min, byte[]? Max)
{
    /// <summary>Where the bounds of its pages are; null when they are not known.</summary>
    public ByteRange? ColumnIndex { get; init; }

    /// <summary>Where the places of its pages are.</summary>
    public ByteRange OffsetIndex { get; init; }
}
