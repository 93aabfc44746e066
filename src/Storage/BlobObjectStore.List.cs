using System.Net;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;

namespace Fanfold.Storage;

public sealed partial class BlobObjectStore
{
    // From here on UTF-16, in which the service may sort, and UTF-8 have different orders.
    const char FirstSurrogate = '\uD800';

    /// <inheritdoc/>
    /// <remarks>One page of names is read at a time; those that no path can have are listed too: opening one says why not.</remarks>
    public async IAsyncEnumerable<ObjectProperties> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (ObjectPath.ValidateFolder(folder).Length == 0)
        {
            foreach (var container in await ContainersAsync(cancellationToken))
            {
                await foreach (var found in BelowAsync(new(container, ""), "", cancellationToken)) yield return found;
            }
            yield break;
        }
        var at = BlobPath.Of(folder);
        cancellationToken.ThrowIfCancellationRequested();
        if (at.Name.Length > 0 && await TryFindAsync(at, folder, cancellationToken) is { } itself) yield return itself;
        await foreach (var found in BelowAsync(at, folder, cancellationToken)) yield return found;
    }

    /// <inheritdoc/>
    /// <remarks>The service tells folders without what they hold: one request for each 5,000 of them.</remarks>
    public async IAsyncEnumerable<string> ListFoldersAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<string> names;
        if (ObjectPath.ValidateFolder(folder).Length == 0) names = [.. await ContainersAsync(cancellationToken)];
        else
        {
            var at = BlobPath.Of(folder);
            var prefix = at.Name.Length == 0 ? "" : at.Name + "/";
            names = await _failures.GuardAsync(folder, async () =>
            {
                try
                {
                    return await Container(at).GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix, cancellationToken)
                        .Where(static item => item.IsPrefix).Select(item => item.Prefix[prefix.Length..^1]).ToListAsync(cancellationToken);
                }
                catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
                {
                    return [];
                }
            }, cancellationToken);
            names.Sort(static (left, right) => ObjectPath.Order.Compare(left + "/", right + "/"));
        }
        foreach (var name in names) yield return name;
    }

    async Task<IEnumerable<string>> ContainersAsync(CancellationToken cancellationToken)
    {
        var names = await _failures.GuardAsync("", async () =>
            await _service.GetBlobContainersAsync(cancellationToken: cancellationToken).Select(c => c.Name).ToListAsync(cancellationToken), cancellationToken);
        // As their paths go on with '/', 'a-b' comes before 'a'.
        return names.OrderBy(name => name + "/", StringComparer.Ordinal);
    }

    Task<ObjectProperties?> TryFindAsync(BlobPath at, string path, CancellationToken cancellationToken) =>
        _failures.GuardAsync(path, async () =>
        {
            try
            {
                var found = (await Blob(at).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
                return IsFolder(path, found.ContentLength, found.Metadata) ? null : new ObjectProperties(path, found.ContentLength, BlobETag.Of(found.ETag));
            }
            catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.NotFound)
            {
                return null;
            }
        }, cancellationToken);

    /// <summary>Puts right the order of those neighbours that differ first in characters that UTF-16 and UTF-8 order differently; they are adjacent in both.</summary>
    async IAsyncEnumerable<ObjectProperties> BelowAsync(BlobPath at, string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var held = new List<ObjectProperties>();
        var common = "";
        await foreach (var found in PagesAsync(at, folder, cancellationToken))
        {
            if (held.Count > 0 && !(found.Path.StartsWith(common, StringComparison.Ordinal) && found.Path.Length > common.Length && found.Path[common.Length] >= FirstSurrogate))
            {
                foreach (var next in Ordered(held)) yield return next;
                held.Clear();
            }
            var special = held.Count > 0 ? common.Length : found.Path.AsSpan().IndexOfAnyInRange(FirstSurrogate, char.MaxValue);
            if (special < 0)
            {
                yield return found;
                continue;
            }
            common = found.Path[..special];
            held.Add(found);
        }
        foreach (var next in Ordered(held)) yield return next;
    }

    static IEnumerable<ObjectProperties> Ordered(List<ObjectProperties> objects)
    {
        objects.Sort((left, right) => ObjectPath.Order.Compare(left.Path, right.Path));
        return objects;
    }

    async IAsyncEnumerable<ObjectProperties> PagesAsync(BlobPath at, string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = at.Name.Length == 0 ? null : at.Name + "/";
        await using var pages = Container(at).GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix, cancellationToken).AsPages().GetAsyncEnumerator(cancellationToken);
        while (await NextAsync())
        {
            foreach (var blob in pages.Current.Values)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var path = $"{at.Container}/{blob.Name}";
                var length = blob.Properties.ContentLength ?? 0;
                if (!IsFolder(path, length, blob.Metadata)) yield return new(path, length, BlobETag.Of(blob.Properties.ETag.GetValueOrDefault()));
            }
        }

        Task<bool> NextAsync() => _failures.GuardAsync(folder, async () =>
        {
            try
            {
                return await pages.MoveNextAsync();
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
            {
                return false;
            }
        }, cancellationToken);
    }

    static bool IsFolder(string path, long length, IDictionary<string, string>? metadata) =>
        length == 0 && (path.EndsWith('/') || IsMarkedFolder(metadata));

    internal static bool IsMarkedFolder(IDictionary<string, string>? metadata) =>
        metadata is not null && metadata.TryGetValue("hdi_isfolder", out var marked) && bool.TryParse(marked, out var isFolder) && isFolder;
}
