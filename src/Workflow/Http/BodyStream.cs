using System.Buffers;
using System.IO.Pipelines;

namespace Fanfold.Workflow.Http;

/// <summary>
/// An answer's body for what writes without waiting: it keeps what is written until it is flushed, which waits for the caller to take it. Until the first flush
/// another answer may take its place.
/// </summary>
/// <param name="patience">How long the caller may take for one slice, of <see cref="Conversion.SliceBytes"/>.</param>
sealed class BodyStream(PipeWriter body, TimeSpan patience, TimeProvider time) : Stream
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

    /// <exception cref="TimeoutException">The caller does not read.</exception>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        HasBegun = true;
        await _held.Writer.FlushAsync(cancellationToken);
        if (_held.Reader.TryRead(out var held))
        {
            var slice = 0;
            foreach (var segment in held.Buffer)
            {
                body.Write(segment.Span);
                if ((slice += segment.Length) < Conversion.SliceBytes) continue;
                await SendAsync(cancellationToken);
                slice = 0;
            }
            _held.Reader.AdvanceTo(held.Buffer.End);
        }
        await SendAsync(cancellationToken);
        Unflushed = 0;
    }

    async Task SendAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await body.FlushAsync(ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is told below: a server may end such a flush without a word.
        }
        if (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested) throw new TimeoutException("the caller does not take what is sent");
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
