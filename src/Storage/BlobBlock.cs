using System.Buffers;

namespace Fanfold.Storage;

/// <summary>A piece of a put's content, in a pooled buffer.</summary>
sealed class BlobBlock(byte[] buffer, int length, bool isLast)
{
    /// <summary>50,000 of them, the most that a blob can have, are 390 GiB, and a weak line sends one before a try times out.</summary>
    public const int DefaultBytes = 8 * 1024 * 1024;

    public int Length { get; } = length;

    /// <summary>Whether the content is known to end here; false also when it ends just at the limit.</summary>
    public bool IsLast { get; } = isLast;

    public static async Task<BlobBlock> ReadAsync(Stream content, int maxBytes, CancellationToken cancellationToken)
    {
        // One byte more than there should be: short of it, the content has ended.
        var wanted = content.CanSeek ? (int)Math.Clamp(content.Length - content.Position + 1, 1, maxBytes) : maxBytes;
        var buffer = ArrayPool<byte>.Shared.Rent(wanted);
        var length = await content.ReadAtLeastAsync(buffer.AsMemory(0, wanted), wanted, throwOnEndOfStream: false, cancellationToken);
        return new(buffer, length, length < wanted);
    }

    public Stream Open() => new MemoryStream(buffer, 0, Length, writable: false);

    /// <summary>Gives the buffer back. Only after a request that was answered: one that was given up may still be sending from it.</summary>
    public void Release() => ArrayPool<byte>.Shared.Return(buffer);
}
