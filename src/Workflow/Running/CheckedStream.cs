using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// What is put of a part, whose end is only reached when its SHA-256 is the expected one: a put that reads to the end of what it puts leaves nothing else.
/// </summary>
sealed class CheckedStream(IObjectReader reader, long offset, long length, string hash) : ObjectStream(reader, offset, length)
{
    readonly string _path = reader.Properties.Path;
    readonly ContentHash _read = new(HashKind.Sha256);

    /// <exception cref="StorageException"><see cref="StorageFailure.Changed"/> at the end, when the bytes were others.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await base.ReadAsync(buffer, cancellationToken);
        _read.Append(buffer.Span[..count]);
        if (count > 0 || buffer.IsEmpty || _read.ToString() == hash) return count;
        throw new StorageException(StorageFailure.Changed, _path, $"'{_path}' no longer has the bytes that were put there");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _read.Dispose();
        base.Dispose(disposing);
    }
}
