using System.Runtime.CompilerServices;

namespace Fanfold.Storage;

/// <summary>
/// Named, immutable-once-read objects under <c>/</c>-separated paths, over Blob Storage, a directory, or memory. All
/// failures are <see cref="StorageException"/>. A path is relative, has no empty, <c>.</c> or <c>..</c> segment, no
/// backslash, no control character, no half of a surrogate pair and at most 1024 UTF-8 bytes; anything else is refused as
/// <see cref="StorageFailure.InvalidPath"/> before any I/O.
/// </summary>
/// <remarks>
/// No object should have the path of another's folder. Stores with real folders refuse the put as <see cref="StorageFailure.InvalidPath"/>; Blob Storage,
/// where a folder is only the beginning of names, can't tell in one step and holds both.
/// </remarks>
public interface IObjectStore
{
    /// <summary>
    /// Objects whose path begins with the folder <paramref name="folder"/> + <c>/</c> (or all, for an empty one), in ascending order of the path's
    /// UTF-8 bytes. An object of exactly the path <paramref name="folder"/> is listed too, so that a source may be a single file.
    /// </summary>
    IAsyncEnumerable<ObjectProperties> ListAsync(string folder, CancellationToken cancellationToken = default);

    /// <summary>
    /// The names of the folders directly below <paramref name="folder"/>, each once, in the order in which <see cref="ListAsync"/> has what they hold. A store with real folders names those too that
    /// hold nothing.
    /// </summary>
    async IAsyncEnumerable<string> ListFoldersAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var start = folder.Length == 0 ? 0 : folder.Length + 1;
        string? last = null;
        await foreach (var entry in ListAsync(folder, cancellationToken))
        {
            if (entry.Path.Length <= start || entry.Path.IndexOf('/', start) is not (>= 0 and var end) || last is not null && entry.Path.AsSpan(start, end - start).SequenceEqual(last)) continue;
            yield return last = entry.Path[start..end];
        }
    }

    /// <summary>Opens the newest version of an object for ranged reads and pins it; null when there is none.</summary>
    Task<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Opens the very version that a listing, a put or a plan named. A store may leave the check to the first read.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.Changed"/> when the object is gone or another version.</exception>
    Task<IObjectReader> OpenAsync(ObjectProperties version, CancellationToken cancellationToken = default);

    /// <summary>Writes an object whole: it appears complete or not at all. Returns its properties.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.Conflict"/> when <paramref name="condition"/> does not hold; nothing was written then.</exception>
    Task<ObjectProperties> PutAsync(string path, Stream content, PutCondition condition, CancellationToken cancellationToken = default);

    /// <summary>Refuses a path that no put here can succeed with, as far as the path alone tells.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.InvalidPath"/>.</exception>
    void CheckPath(string path);

    /// <summary>Deletes an object; deleting what is not there succeeds.</summary>
    Task DeleteAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Deletes an object while it is the version <paramref name="etag"/>; any other version stays, which is no failure.</summary>
    Task DeleteVersionAsync(string path, string etag, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes the lease of <paramref name="path"/>, which has one holder at a time among all processes; null when another has it. The object at that
    /// path, made empty when it is absent, belongs to the lease and is not written otherwise.
    /// </summary>
    /// <remarks>The death of the holder frees it: at once in a directory, after at most 15 s in a blob store.</remarks>
    Task<IObjectLease?> TryLeaseAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Removes what writers that died left in a folder, the folders below it excepted. What living ones write stays, and so do all objects.</summary>
    Task SweepAsync(string folder, CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <summary>Sweeps a folder and all below it, and removes those of them that hold nothing then.</summary>
    Task TidyAsync(string folder, CancellationToken cancellationToken = default) => Task.CompletedTask;
}

/// <summary>A lease that is held. Disposing frees it for the next.</summary>
public interface IObjectLease : IAsyncDisposable
{
    /// <summary>Cancelled when the lease could not be kept: another may hold it from here on.</summary>
    CancellationToken Lost { get; }

    /// <summary>Deletes the lease's object, and the lease with it; whoever asks for it from here on gets a new one.</summary>
    Task DeleteAsync(CancellationToken cancellationToken = default);
}

/// <summary>
/// One pinned version of an object. Reads fail with <see cref="StorageFailure.Changed"/> once the object is another version, except that a store may
/// give the first 64 KiB as they were when it was opened.
/// </summary>
public interface IObjectReader : IAsyncDisposable
{
    ObjectProperties Properties { get; }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/>; a range outside the object is an <see cref="ArgumentOutOfRangeException"/>. Safe to call concurrently.</summary>
    ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Says that a range will be read soon. True when the system fetches it from now on, so that reading it later hardly waits; false when only a read begins the fetch.</summary>
    bool WillNeed(long offset, long length) => false;
}

/// <param name="Length">In bytes.</param>
/// <param name="ETag">Opaque; equal ETags mean equal content. Without quotes.</param>
public sealed record ObjectProperties(string Path, long Length, string ETag);

/// <summary>What must hold for a put to happen.</summary>
public readonly record struct PutCondition
{
    /// <summary>Writes in any case.</summary>
    public static PutCondition None => default;

    /// <summary>Writes only when no object is there (<c>If-None-Match: *</c>).</summary>
    public static PutCondition IfAbsent => new() { MustBeAbsent = true };

    /// <summary>Writes only over the version <paramref name="etag"/> (<c>If-Match</c>).</summary>
    public static PutCondition IfMatch(string etag) => new() { ETag = etag };

    /// <summary>Writes only over what was there: the version <paramref name="etag"/>, or nothing when it is null.</summary>
    public static PutCondition Over(string? etag) => etag is null ? IfAbsent : IfMatch(etag);

    public bool MustBeAbsent { get; private init; }
    public string? ETag { get; private init; }

    /// <summary>Whether the object may be lost when the whole system goes down, so that a directory need not sync it.</summary>
    public bool IsVolatile { get; init; }
}
