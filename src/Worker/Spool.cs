namespace Fanfold.Worker;

/// <summary>Collects an object before it is put: in memory while it is small, then in a temporary file that vanishes with the process. Hashes on the way.</summary>
sealed class Spool(HashKind kind) : Stream
{
    const int MaxInMemory = 1024 * 1024;

    readonly ContentHash _hash = new(kind);
    Stream _stream = new MemoryStream();

    public HashKind Kind => kind;

    /// <summary>Of all that was written.</summary>
    public string Hash => _hash.ToString();

    /// <summary>The content from its start, for reading; valid while the spool lives.</summary>
    public Stream Rewind()
    {
        _stream.Position = 0;
        return _stream;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.Append(buffer);
        if (_stream is MemoryStream && _stream.Length + buffer.Length > MaxInMemory) MoveToFile();
        _stream.Write(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    void MoveToFile()
    {
        var path = Path.Combine(Path.GetTempPath(), "fanfold-" + Path.GetRandomFileName());
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 * 1024);
        // Unlinked at once: the space is freed however the process ends.
        File.Delete(path);
        using var memory = _stream;
        memory.Position = 0;
        memory.CopyTo(file);
        _stream = file;
    }

    public override long Length => _stream.Length;
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Position { get => _stream.Position; set => throw new NotSupportedException(); }
    public override void Flush() => _stream.Flush();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }
}
