namespace Fanfold.Storage;

/// <summary>A stretch of a pinned object as a forward stream. Does not own the reader.</summary>
public class ObjectStream(IObjectReader reader, long offset, long length) : Stream
{
    long _position;

    /// <summary>The whole object.</summary>
    public ObjectStream(IObjectReader reader) : this(reader, 0, reader.Properties.Length)
    {
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = (int)Math.Min(buffer.Length, Length - _position);
        if (count == 0) return 0;
        await reader.ReadAsync(offset + _position, buffer[..count], cancellationToken);
        _position += count;
        return count;
    }

    public override long Length => length;
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Position { get => _position; set => throw new NotSupportedException(); }
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Objects are read asynchronously.");
    public override void Flush()
    {
    }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
