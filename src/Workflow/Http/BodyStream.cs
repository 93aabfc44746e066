using System.Buffers;
using System.IO.Pipelines;

namespace Fanfold.Workflow.Http;

/// <summary>
/// An answer's body for what writes without waiting: it keeps what is written until it is flushed, which waits for the caller to take it. Until the first flush
/// another answer may take its place.
/// </summary>
sealed class BodyStream(PipeWriter body) : Stream
{
    readonly Pipe _held = new(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 1 << 16));

    long _length;

    /// <summary>Bytes that were written since the last flush.</summary>
    public long Unflushed { get; private set; }

    /// <summary>Whether any of it may have reached the caller.</summary>
    public bool HasBegun { get; private set; }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _held.Writer.Write(buffer);
        Unflushed += buffer.Length;
        _length += buffer.Length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        HasBegun = true;
        await _held.Writer.FlushAsync(cancellationToken);
        if (_held.Reader.TryRead(out var held))
        {
            foreach (var segment in held.Buffer) body.Write(segment.Span);
            _held.Reader.AdvanceTo(held.Buffer.End);
        }
        await body.FlushAsync(cancellationToken);
        Unflushed = 0;
    }

    protected override void Dispose(bool disposing)
    {
        _held.Writer.Complete();
        _held.Reader.Complete();
        base.Dispose(disposing);
    }

    public override long Length => _length;
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Position { get => _length; set => throw new NotSupportedException(); }
    public override void Flush()
    {
    }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
}
