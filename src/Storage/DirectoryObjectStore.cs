using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fanfold.Storage;

/// <summary>
/// Objects as the files below a folder of this machine. An ETag is made of length, modification time and inode, so a file that
/// anyone replaces, appends to or touches is another version.
/// </summary>
/// <remarks>
/// <para>Symbolic links are followed, out of the root too: whoever can make one here has the right to read what it leads to. A link back to
/// a folder that it lies in is not followed; one that leads nowhere is listed, without bytes, so that what it stood for is missed. Deleting or overwriting a linked file replaces the link, never what it leads to.</para>
/// <para>Puts go to a temporary file, are synced, and appear in one step. Put-if-match, plain puts and deletes exclude each other by a lock on
/// <c>.fanfold.lock</c> in the root; a program that writes there without this lock may be overwritten by a put-if-match. Deletes are not
/// synced: after a power cut the object may be back. A writer that is killed leaves its temporary file, until <see cref="SweepAsync"/> finds it.</para>
/// <para>The names of the lock and of temporary files (<c>.{32 hex digits}.tmp</c>) are never listed and are no objects; names have at most 255 bytes.
/// A missing root is <see cref="StorageFailure.NotFound"/> for a list, an absent object for the rest; the first put makes it.</para>
/// </remarks>
public sealed partial class DirectoryObjectStore(string root) : IObjectStore
{
    const int LeaseTries = 100;

    const int MaxNameBytes = 255;

    readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
    readonly WriteLock _lock = new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)));

    public Task<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        var file = Resolve(path);
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<IObjectReader?>(cancellationToken)
            : Guarded(path, file, () => Task.FromResult<IObjectReader?>(Open(path, file, null)));
    }

    public async Task<IObjectReader> OpenAsync(ObjectProperties version, CancellationToken cancellationToken = default)
    {
        var file = Resolve(version.Path);
        cancellationToken.ThrowIfCancellationRequested();
        return await Guarded(version.Path, file, () => Task.FromResult(Open(version.Path, file, version.ETag))) ?? throw Changed(version.Path);
    }

    public Task<ObjectProperties> PutAsync(string path, Stream content, PutCondition condition, CancellationToken cancellationToken = default)
    {
        var file = Resolve(path);
        return Guarded(path, file, async () =>
        {
            Require(condition, path, file);
            await using var put = await PendingFile.WriteAsync(path, file, _root, content, isSynced: !condition.IsVolatile, cancellationToken);
            if (!condition.MustBeAbsent || !put.TryAppear())
            {
                using var entered = await _lock.EnterAsync(cancellationToken);
                Require(condition, path, file);
                put.Replace();
            }
            if (!condition.IsVolatile) put.Sync();
            return put.Properties;
        });
    }

    public void CheckPath(string path) => Resolve(path);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => DeleteAsync(path, null, cancellationToken);

    public Task DeleteVersionAsync(string path, string etag, CancellationToken cancellationToken = default) => DeleteAsync(path, etag, cancellationToken);

    Task DeleteAsync(string path, string? etag, CancellationToken cancellationToken)
    {
        var file = Resolve(path);
        return Guarded(path, file, async () =>
        {
            if (FileVersion.Of(file) is var there && there is { IsFile: false } || there is null && !IsLink(file)) return false;
            using (await _lock.EnterAsync(cancellationToken))
            {
                if (etag is not null && FileVersion.Of(file)?.ETag != etag) return false;
                Folders.DeleteFile(file);
            }
            Folders.Tidy(file, _root);
            return true;
        });
    }

    public Task<IObjectLease?> TryLeaseAsync(string path, CancellationToken cancellationToken = default)
    {
        var file = Resolve(path);
        return Guarded(path, file, () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    Folders.Create(Path.GetDirectoryName(file)!);
                    return Task.FromResult<IObjectLease?>(FileLease.TryTake(file));
                }
                // Another tidied it away between the two.
                catch (DirectoryNotFoundException) when (attempt < LeaseTries) { }
            }
        });
    }

    public Task SweepAsync(string folder, CancellationToken cancellationToken = default)
    {
        var at = Path.Join(_root, ObjectPath.ValidateFolder(folder));
        return Guarded(folder, at, () => Task.Run(() =>
        {
            PendingFile.Sweep(at);
            return true;
        }, cancellationToken));
    }

    public Task TidyAsync(string folder, CancellationToken cancellationToken = default)
    {
        var at = Path.Join(_root, ObjectPath.ValidateFolder(folder));
        return Guarded(folder, at, () => Task.Run(() =>
        {
            foreach (var below in Folders.Below(at))
            {
                cancellationToken.ThrowIfCancellationRequested();
                PendingFile.Sweep(below);
                Folders.Tidy(Path.Join(below, "."), _root);
            }
            return true;
        }, cancellationToken));
    }

    /// <summary>Whether a file with content of its own is at a path of this machine: no folder, pipe or device.</summary>
    public static bool IsFile(string path) => FileVersion.Of(path) is { IsFile: true };

    internal static StorageException Changed(string path) => new(StorageFailure.Changed, path,
        $"'{path}' was changed or deleted after it was opened or planned. Let its writer finish, then start again.");

    internal static bool IsReserved(string name) =>
        name == WriteLock.FileName || PendingFile.IsTemporary(name);

    static bool IsLink(string file) => new FileInfo(file).LinkTarget is not null;

    static FileObjectReader? Open(string path, string file, string? etag)
    {
        // Opening a pipe would wait for its writer for ever, so look first.
        if (FileVersion.Of(file) is not { IsFile: true }) return null;
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        var version = FileVersion.Of(handle);
        if (etag is null || etag == version.ETag) return new FileObjectReader(handle, file, new(path, version.Length, version.ETag));
        handle.Dispose();
        throw Changed(path);
    }

    static void Require(PutCondition condition, string path, string file)
    {
        var version = FileVersion.Of(file);
        if (version is { IsFile: false }) throw ObjectPath.Invalid(path, "something that is no file has that name");
        if (condition.MustBeAbsent && version is not null) throw PendingFile.Exists(path);
        if (condition.ETag is { } etag && etag != version?.ETag)
            throw new StorageException(StorageFailure.Conflict, path, $"'{path}' is not the expected version {etag} but {version?.ETag ?? "absent"}: another writer was here.");
    }

    string Resolve(string path)
    {
        foreach (var name in ObjectPath.Validate(path).Split('/'))
        {
            if (Encoding.UTF8.GetByteCount(name) > MaxNameBytes) throw ObjectPath.Invalid(path, $"a name in it is longer than {MaxNameBytes} bytes");
            if (IsReserved(name)) throw ObjectPath.Invalid(path, $"the store keeps the name '{name}' for itself");
        }
        return Path.Join(_root, path);
    }

    static async Task<T> Guarded<T>(string path, string file, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception e) when (Errno.ToStorage(e, path, file) is { } failure)
        {
            throw failure;
        }
    }
}
