using Fanfold.Engine.Spill;

namespace Fanfold.Worker;

/// <summary>Collects an object before it is put: in memory while it is small, then in a scratch file. Hashes on the way.</summary>
sealed class Spool(HashKind kind, ScratchSpace scratch) : Stream
{
    const int MaxInMemory = 1024 * 1024;

    readonly ContentHash _hash = new(kind);
    MemoryStream? _memory = new();
    ScratchFile? _file;

    public HashKind Kind => kind;

    /// <summary>Of all that was written.</summary>
    public string Hash => _hash.ToString();

    /// <summary>The content from its start, for reading; valid while the spool lives and nothing more is written.</summary>
    public Stream Rewind()
    {
        if (_file is not null)
        {
            _file.Complete();
            return new ScratchStream(_file);
        }
        _memory!.Position = 0;
        return _memory;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.Append(buffer);
        if (_memory is not null && _memory.Length + buffer.Length > MaxInMemory) MoveToFile();
        if (_memory is not null) _memory.Write(buffer);
        else _file!.Append(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    void MoveToFile()
    {
        _file = scratch.Create();
        _file.Append(_memory!.GetBuffer().AsSpan(0, (int)_memory.Length));
        _memory.Dispose();
        _memory = null;
    }

    public override long Length => _file?.Length ?? _memory!.Length;
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Position { get => Length; set => throw new NotSupportedException(); }
    public override void Flush()
    {
    }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _memory?.Dispose();
            _file?.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }
}
