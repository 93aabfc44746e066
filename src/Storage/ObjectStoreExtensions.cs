using System.Runtime.InteropServices;

namespace Fanfold.Storage;

public static class ObjectStoreExtensions
{
    const int Tries = 5;

    /// <summary>The newest version of a small object, whole; null when there is none.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.TooLarge"/> when it has more than <paramref name="maxBytes"/>.</exception>
    public static async Task<byte[]?> ReadAllAsync(this IObjectStore store, string path, int maxBytes, CancellationToken cancellationToken = default) =>
        (await store.ReadVersionAsync(path, maxBytes, cancellationToken))?.Content;

    /// <summary>As <see cref="ReadAllAsync"/>, with the version that was read.</summary>
    public static async Task<(byte[] Content, string ETag)?> ReadVersionAsync(this IObjectStore store, string path, int maxBytes, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var reader = await store.OpenAsync(path, cancellationToken);
                if (reader is null) return null;
                var length = reader.Properties.Length;
                if (length > maxBytes)
                    throw new StorageException(StorageFailure.TooLarge, path, $"'{path}' has {length} bytes; at most {maxBytes} are read here. Is it the right object?");
                var content = new byte[length];
                await reader.ReadAsync(0, content, cancellationToken);
                return (content, reader.Properties.ETag);
            }
            // Replaced since it was opened; the next try reads the newer version.
            catch (StorageException e) when (e.Failure == StorageFailure.Changed && attempt < Tries) { }
        }
    }

    /// <inheritdoc cref="IObjectStore.PutAsync"/>
    public static async Task<ObjectProperties> PutAsync(
        this IObjectStore store, string path, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken = default)
    {
        var bytes = MemoryMarshal.TryGetArray(content, out var segment) ? segment : new ArraySegment<byte>(content.ToArray());
        using var stream = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
        return await store.PutAsync(path, stream, condition, cancellationToken);
    }
}
