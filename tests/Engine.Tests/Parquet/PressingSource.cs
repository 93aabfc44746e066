using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>A file in memory whose every read finds the account full: all that is in reserve has given way.</summary>
sealed class PressingSource(byte[] file, MemoryAccount account) : IByteSource
{
    readonly MemorySource _source = new(file);

    public string Name => _source.Name;

    public long Length => _source.Length;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Press(account);
        return _source.ReadAsync(offset, buffer, cancellationToken);
    }

    /// <summary>Asks for more than there is.</summary>
    public static void Press(MemoryAccount account) => Assert.False(account.TryCharge(long.MaxValue / 2));
}
