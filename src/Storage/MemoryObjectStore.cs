using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fanfold.Storage;

public enum StoreOperation { List, Open, Read, Put, Delete }

/// <summary>One call of a store, as a fault hook sees it.</summary>
/// <param name="Ordinal">Counts the calls of a store from 1, in the order in which they began.</param>
/// <param name="TookEffect">False before the effect, true after it: failing then is a reply that was lost.</param>
public readonly record struct StoreCall(StoreOperation Operation, string Path, int Ordinal, bool TookEffect);

/// <summary>A store that lives as long as its process: for tests, and the reference for what the others must do.</summary>
public sealed class MemoryObjectStore : IObjectStore
{
    readonly Lock _lock = new();
    readonly Dictionary<string, Stored> _objects = [];
    readonly Dictionary<string, int> _folders = [];
    readonly Dictionary<string, Lease> _leases = [];
    long _versions;
    int _calls;

    /// <summary>
    /// Awaited twice in each call, before its effect and after it. It fails the call by throwing and delays it by waiting. A list takes effect when it
    /// has given its last object, so failing then tears it. A call that the store itself refuses has no second time.
    /// </summary>
    public Func<StoreCall, Task>? Hook { get; set; }

    public async IAsyncEnumerable<ObjectProperties> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var prefix = ObjectPath.ValidateFolder(folder).Length == 0 ? "" : folder + "/";
        var call = await BeginAsync(StoreOperation.List, folder, cancellationToken);
        List<ObjectProperties> found;
        lock (_lock) found = [.. _objects.Where(o => o.Key == folder || o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => o.Value.Properties)];
        found.Sort((left, right) => ObjectPath.Order.Compare(left.Path, right.Path));
        foreach (var properties in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return properties;
        }
        await EndAsync(call);
    }

    public Task<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) =>
        CallAsync<IObjectReader?>(StoreOperation.Open, path, () => _objects.TryGetValue(path, out var stored) ? new Reader(this, stored) : null, cancellationToken);

    public Task<IObjectReader> OpenAsync(ObjectProperties version, CancellationToken cancellationToken = default) =>
        CallAsync<IObjectReader>(StoreOperation.Open, version.Path, () =>
            _objects.TryGetValue(version.Path, out var stored) && stored.Properties.ETag == version.ETag ? new Reader(this, stored) : throw Changed(version.Path), cancellationToken);

    public async Task<ObjectProperties> PutAsync(string path, Stream content, PutCondition condition, CancellationToken cancellationToken = default)
    {
        ObjectPath.Validate(path);
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, cancellationToken);
        return await CallAsync(StoreOperation.Put, path, () =>
        {
            if (_folders.ContainsKey(path) || FoldersOf(path).Any(_objects.ContainsKey))
                throw ObjectPath.Invalid(path, "it is a folder of another object, or lies below an object");
            var current = _objects.GetValueOrDefault(path)?.Properties.ETag;
            if (condition.MustBeAbsent ? current is not null : condition.ETag is not null && condition.ETag != current)
                throw new StorageException(StorageFailure.Conflict, path, $"'{path}' is {current ?? "absent"}, which the put's condition excludes.");
            if (current is null) foreach (var folder in FoldersOf(path)) _folders[folder] = _folders.GetValueOrDefault(folder) + 1;
            var version = (++_versions).ToString(CultureInfo.InvariantCulture);
            var stored = new Stored(copy.ToArray(), new(path, copy.Length, version));
            _objects[path] = stored;
            return stored.Properties;
        }, cancellationToken);
    }

    public void CheckPath(string path) => ObjectPath.Validate(path);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => DeleteAsync(path, null, cancellationToken);

    public Task DeleteVersionAsync(string path, string etag, CancellationToken cancellationToken = default) => DeleteAsync(path, etag, cancellationToken);

    Task DeleteAsync(string path, string? etag, CancellationToken cancellationToken) =>
        CallAsync(StoreOperation.Delete, path, () =>
        {
            if (etag is not null && _objects.GetValueOrDefault(path)?.Properties.ETag != etag || !_objects.Remove(path)) return false;
            foreach (var folder in FoldersOf(path))
            {
                if (--_folders[folder] == 0) _folders.Remove(folder);
            }
            return true;
        }, cancellationToken);

    public async Task<IObjectLease?> TryLeaseAsync(string path, CancellationToken cancellationToken = default)
    {
        try
        {
            await this.PutAsync(path, ReadOnlyMemory<byte>.Empty, PutCondition.IfAbsent, cancellationToken);
        }
        catch (StorageException e) when (e.Failure == StorageFailure.Conflict) { }
        lock (_lock)
        {
            if (_leases.ContainsKey(path)) return null;
            return _leases[path] = new Lease(this, path);
        }
    }

    /// <summary>Takes a lease from its holder, who learns of it, as when a process was stopped for longer than its lease lasts.</summary>
    public void BreakLease(string path)
    {
        Lease? held;
        lock (_lock) _leases.Remove(path, out held);
        held?.Lose();
    }

    /// <summary>Flips a bit of an object that stays the same version, as a medium that rots does.</summary>
    /// <param name="at">The byte; null for the last one.</param>
    public void Rot(string path, Index? at = null)
    {
        lock (_lock) _objects[path].Content[at ?? ^1] ^= 1;
    }

    static IEnumerable<string> FoldersOf(string path)
    {
        for (var end = path.IndexOf('/'); end >= 0; end = path.IndexOf('/', end + 1)) yield return path[..end];
    }

    static StorageException Changed(string path) => new(StorageFailure.Changed, path, $"'{path}' changed after it was opened or planned.");

    async Task<T> CallAsync<T>(StoreOperation operation, string path, Func<T> effect, CancellationToken cancellationToken)
    {
        ObjectPath.Validate(path);
        var call = await BeginAsync(operation, path, cancellationToken);
        T result;
        lock (_lock) result = effect();
        await EndAsync(call);
        return result;
    }

    async Task<StoreCall> BeginAsync(StoreOperation operation, string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new StoreCall(operation, path, Interlocked.Increment(ref _calls), TookEffect: false);
        if (Hook is { } hook) await hook(call);
        return call;
    }

    Task EndAsync(StoreCall call) => Hook?.Invoke(call with { TookEffect = true }) ?? Task.CompletedTask;

    sealed record Stored(byte[] Content, ObjectProperties Properties);

    sealed class Lease(MemoryObjectStore store, string path) : IObjectLease
    {
        readonly CancellationTokenSource _lost = new();

        public CancellationToken Lost => _lost.Token;

        public void Lose() => _lost.Cancel();

        public async Task DeleteAsync(CancellationToken cancellationToken = default)
        {
            await store.DeleteAsync(path, cancellationToken);
            await DisposeAsync();
        }

        public ValueTask DisposeAsync()
        {
            lock (store._lock)
            {
                if (store._leases.GetValueOrDefault(path) == this) store._leases.Remove(path);
            }
            return ValueTask.CompletedTask;
        }
    }

    sealed class Reader(MemoryObjectStore store, Stored stored) : IObjectReader
    {
        public ObjectProperties Properties => stored.Properties;

        public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Properties.Length - buffer.Length);
            await store.CallAsync(StoreOperation.Read, Properties.Path, () =>
            {
                if (store._objects.GetValueOrDefault(Properties.Path) != stored) throw Changed(Properties.Path);
                stored.Content.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
                return true;
            }, cancellationToken);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
