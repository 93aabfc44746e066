using System.Runtime.CompilerServices;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>The part of a store below a folder, as a store: it has its own paths.</summary>
sealed class StoreBelow(IObjectStore store, string folder) : IObjectStore
{
    public async IAsyncEnumerable<ObjectProperties> ListAsync(string below, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var found in store.ListAsync(below.Length == 0 ? folder : In(below), cancellationToken)) yield return Out(found);
    }

    public IAsyncEnumerable<string> ListFoldersAsync(string below, CancellationToken cancellationToken = default) => store.ListFoldersAsync(below.Length == 0 ? folder : In(below), cancellationToken);

    public async Task<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) =>
        await store.OpenAsync(In(path), cancellationToken) is { } reader ? new Reader(reader, Out(reader.Properties)) : null;

    public async Task<IObjectReader> OpenAsync(ObjectProperties version, CancellationToken cancellationToken = default) =>
        new Reader(await store.OpenAsync(version with { Path = In(version.Path) }, cancellationToken), version);

    public async Task<ObjectProperties> PutAsync(string path, Stream content, PutCondition condition, CancellationToken cancellationToken = default) =>
        Out(await store.PutAsync(In(path), content, condition, cancellationToken));

    public void CheckPath(string path) => store.CheckPath(In(path));

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => store.DeleteAsync(In(path), cancellationToken);

    public Task DeleteVersionAsync(string path, string etag, CancellationToken cancellationToken = default) => store.DeleteVersionAsync(In(path), etag, cancellationToken);

    public Task<IObjectLease?> TryLeaseAsync(string path, CancellationToken cancellationToken = default) => store.TryLeaseAsync(In(path), cancellationToken);

    string In(string path) => $"{folder}/{path}";

    ObjectProperties Out(ObjectProperties found) => found with { Path = found.Path[(folder.Length + 1)..] };

    sealed class Reader(IObjectReader reader, ObjectProperties properties) : IObjectReader
    {
        public ObjectProperties Properties => properties;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default) => reader.ReadAsync(offset, buffer, cancellationToken);

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
