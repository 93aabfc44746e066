using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// What is put of a part, as a forward stream whose end is only reached when its SHA-256 is the expected one: a put that reads to the end of what it puts leaves nothing else.
/// Does not own the reader.
/// </summary>
sealed class CheckedStream(IObjectReader reader, long offset, long length, string hash) : Stream
{
    readonly ObjectStream _content = new(reader, offset, length);
    readonly ContentHash _read = new(HashKind.Sha256);

    /// <exception cref="StorageException"><see cref="StorageFailure.Changed"/> at the end, when the bytes were others.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await _content.ReadAsync(buffer, cancellationToken);
        _read.Append(buffer.Span[..count]);
        if (count > 0 || buffer.IsEmpty || _read.ToString() == hash) return count;
        var path = reader.Properties.Path;
        throw new StorageException(StorageFailure.Changed, path, $"'{path}' no longer has the bytes that were put there");
    }

    public override long Length => length;
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Position { get => _content.Position; set => throw new NotSupportedException(); }
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Objects are read asynchronously.");
    public override void Flush()
    {
    }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _read.Dispose();
        base.Dispose(disposing);
    }
}
