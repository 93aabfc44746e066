using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>A file in memory; a range outside it is an error of the reader under test.</summary>
sealed class MemorySource(byte[] bytes, string name = "test.parquet") : IByteSource
{
    public string Name => name;

    public long Length => bytes.Length;

    public long BytesRead { get; private set; }

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (offset < 0 || offset + buffer.Length > bytes.Length) throw new InvalidOperationException($"read of {buffer.Length} at {offset} in {bytes.Length} bytes");
        bytes.AsSpan((int)offset, buffer.Length).CopyTo(buffer.Span);
        BytesRead += buffer.Length;
        return ValueTask.CompletedTask;
    }
}
