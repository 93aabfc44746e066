using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>A stored object as the engine reads it, with its traffic counted.</summary>
public sealed class ObjectSource(IObjectReader reader, Traffic traffic) : IByteSource
{
    public string Name => reader.Properties.Path;

    public long Length => reader.Properties.Length;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        traffic.Count(buffer.Length);
        return reader.ReadAsync(offset, buffer, cancellationToken);
    }

    public bool WillNeed(long offset, long length) => reader.WillNeed(offset, length);
}

/// <summary>Reads of a store: how many, and their bytes.</summary>
public sealed class Traffic
{
    long _bytes;
    int _requests;

    public long Bytes => Interlocked.Read(ref _bytes);

    public int Requests => Volatile.Read(ref _requests);

    public void Count(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Increment(ref _requests);
    }
}
