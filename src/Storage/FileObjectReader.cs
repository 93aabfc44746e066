using Microsoft.Win32.SafeHandles;

namespace Fanfold.Storage;

/// <summary>One pinned version of a file.</summary>
sealed class FileObjectReader(SafeFileHandle handle, string file, ObjectProperties properties) : IObjectReader
{
    public ObjectProperties Properties { get; } = properties;

    // At once: a hop to another thread costs more than a read of what the system has fetched meanwhile.
    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        try
        {
            Read(offset, buffer.Span);
            return ValueTask.CompletedTask;
        }
        catch (StorageException failure)
        {
            return ValueTask.FromException(failure);
        }
    }

    public bool WillNeed(long offset, long length) => OperatingSystem.IsLinux() && Linux.WillNeed(handle, offset, length);

    void Read(long offset, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Properties.Length - buffer.Length);
        try
        {
            Verify();
            while (!buffer.IsEmpty)
            {
                var read = RandomAccess.Read(handle, buffer, offset);
                if (read == 0) throw DirectoryObjectStore.Changed(Properties.Path);
                offset += read;
                buffer = buffer[read..];
            }
            Verify();
        }
        catch (Exception e) when (Errno.ToStorage(e, Properties.Path, file) is { } failure)
        {
            throw failure;
        }
    }

    public ValueTask DisposeAsync()
    {
        handle.Dispose();
        return ValueTask.CompletedTask;
    }

    // The path tells both kinds of change: a replaced file has another inode, and while the handle keeps its own inode
    // alive, an equal one is the very file that the handle reads.
    void Verify()
    {
        if (FileVersion.Of(file)?.ETag != Properties.ETag) throw DirectoryObjectStore.Changed(Properties.Path);
    }
}
