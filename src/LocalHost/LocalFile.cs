using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fanfold.LocalHost;

/// <summary>A file of this machine under any path.</summary>
sealed class LocalFile(string path) : IByteSource, IDisposable
{
    readonly SafeFileHandle _handle = Open(path);

    public string Name => path;

    public long Length => RandomAccess.GetLength(_handle);

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var read = await RandomAccess.ReadAsync(_handle, buffer, offset, cancellationToken);
            if (read == 0) throw new ParquetDataException(ParquetDefect.Truncated, "the file became shorter while it was read");
            offset += read;
            buffer = buffer[read..];
        }
    }

    static SafeFileHandle Open(string path)
    {
        // Opening a pipe would wait for its writer for ever.
        if (Path.Exists(path) && !DirectoryObjectStore.IsFile(path)) throw new UnauthorizedAccessException($"'{path}' is no file");
        return File.OpenHandle(path, options: FileOptions.RandomAccess);
    }

    public void Dispose() => _handle.Dispose();
}
