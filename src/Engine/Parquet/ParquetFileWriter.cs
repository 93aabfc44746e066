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
public sealed class ParquetFileWriter(Schema schema, Stream output, IReadOnlyDictionary<string, string> keyValues) : IDisposable
{
    readonly ColumnChunkWriter _chunkWriter = new();
    readonly List<(long Rows, WrittenChunk[] Chunks)> _rowGroups = [];
    Stream _output = output;
    long _position;

    /// <summary>The rows written so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Begins another file of the same schema and metadata, and keeps the buffers.</summary>
    public void Begin(Stream next)
    {
        _output = next;
        _position = Rows = 0;
        _rowGroups.Clear();
    }

    /// <summary>Appends a row group; <paramref name="columns"/> are in schema order and of equal length. No rows write nothing.</summary>
    public void WriteRowGroup(IReadOnlyList<Column> columns)
    {
        var rows = columns[0].Length;
        if (rows == 0) return;
        if (_position == 0) Write("PAR1"u8);
        var chunks = new WrittenChunk[columns.Count];
        for (var i = 0; i < columns.Count; i++)
        {
            chunks[i] = _chunkWriter.Write(columns[i], _position, _output);
            _position += chunks[i].CompressedSize;
        }
        _rowGroups.Add((rows, chunks));
        Rows += rows;
    }

    /// <summary>Writes the footer; nothing may be written after it.</summary>
    public void Complete()
    {
        if (_position == 0) Write("PAR1"u8);
        WriteIndexes();
        var footer = FooterWriter.Write(schema, _rowGroups, keyValues);
        Write(footer.Span);
        var end = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(end, footer.Length);
        "PAR1"u8.CopyTo(end.AsSpan(4));
        Write(end);
    }

    public void Dispose() => _chunkWriter.Dispose();

    void WriteIndexes()
    {
        var index = new PageIndexWriter();
        foreach (var chunks in _rowGroups.Select(group => group.Chunks))
        {
            for (var i = 0; i < chunks.Length; i++)
            {
                if (index.WriteBounds(chunks[i]) is { Length: > 0 } bounds) chunks[i] = chunks[i] with { ColumnIndex = Put(bounds) };
            }
        }
        foreach (var chunks in _rowGroups.Select(group => group.Chunks))
        {
            for (var i = 0; i < chunks.Length; i++) chunks[i] = chunks[i] with { OffsetIndex = Put(index.WritePlaces(chunks[i])) };
        }

        ByteRange Put(ReadOnlyMemory<byte> bytes)
        {
            var range = new ByteRange(_position, bytes.Length);
            Write(bytes.Span);
            return range;
        }
    }

    void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _position += bytes.Length;
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
