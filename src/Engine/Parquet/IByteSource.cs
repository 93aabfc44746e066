namespace Fanfold.Engine.Parquet;

/// <summary>Random access to the bytes of one immutable file.</summary>
public interface IByteSource
{
    /// <summary>What messages call the file.</summary>
    string Name { get; }

    long Length { get; }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/>; the range lies inside the file. Safe to call concurrently.</summary>
    ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Says that a range will be read soon. True when it is fetched from now on, so that reading it later hardly waits; false when only a read begins the fetch.</summary>
    bool WillNeed(long offset, long length) => false;
}
