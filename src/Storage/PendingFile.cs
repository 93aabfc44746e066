using System.Globalization;

namespace Fanfold.Storage;

/// <summary>A put that is written and synced under a temporary name beside its place; disposing removes that name and, after a failure, empty folders.</summary>
sealed class PendingFile(string temporary, string file, string root, ObjectProperties properties) : IAsyncDisposable
{
    const string Suffix = ".tmp";
    const int CreateTries = 1000;

    public ObjectProperties Properties { get; } = properties;

    public static bool IsTemporary(string name) =>
        name.Length == 1 + 32 + Suffix.Length && name[0] == '.' && name.EndsWith(Suffix, StringComparison.Ordinal)
        && Guid.TryParseExact(name.AsSpan(1, 32), "N", out _);

    public static async Task<PendingFile> WriteAsync(string path, string file, string root, Stream content, CancellationToken cancellationToken)
    {
        await using var target = Create(path, file, root, out var temporary);
        try
        {
            await content.CopyToAsync(target, cancellationToken);
            // The kernel's own stamps advance in steps of some milliseconds, in which a replaced file's inode may already be used again.
            File.SetLastWriteTimeUtc(target.SafeFileHandle, DateTime.UtcNow);
            target.Flush(flushToDisk: true);
            var version = FileVersion.Of(target.SafeFileHandle);
            return new PendingFile(temporary, file, root, new(path, version.Length, version.ETag));
        }
        catch
        {
            Remove(temporary, root);
            throw;
        }
    }

    public static StorageException Exists(string path) => new(StorageFailure.Conflict, path, $"'{path}' exists already and is written only once.");

    /// <summary>Moves the file to its place if nothing is there.</summary>
    /// <returns>False when the file system has no means for that but a lock.</returns>
    /// <exception cref="StorageException"><see cref="StorageFailure.Conflict"/> when the place is taken.</exception>
    public bool TryAppear()
    {
        try
        {
            // On Linux File.Move falls back to a copy, which others see while it grows.
            if (OperatingSystem.IsLinux()) return Linux.TryLink(temporary, file);
            File.Move(temporary, file, overwrite: false);
            return true;
        }
        catch (IOException e) when (e.HResult == Errno.Exists || File.Exists(file))
        {
            throw Directory.Exists(file) ? ObjectPath.Invalid(Properties.Path, "something that is no file has that name") : Exists(Properties.Path);
        }
    }

    public void Replace() => File.Move(temporary, file, overwrite: true);

    /// <summary>Makes the file's name survive a power cut.</summary>
    public void Sync() => Folders.Sync(Path.GetDirectoryName(file)!);

    public ValueTask DisposeAsync()
    {
        Remove(temporary, root);
        return ValueTask.CompletedTask;
    }

    static void Remove(string temporary, string root)
    {
        Folders.DeleteFile(temporary);
        Folders.Tidy(temporary, root);
    }

    static FileStream Create(string path, string file, string root, out string temporary)
    {
        var folder = Path.GetDirectoryName(file)!;
        temporary = Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $".{Guid.NewGuid():N}{Suffix}"));
        for (var attempt = 1; ; attempt++)
        {
            for (var above = folder; above.Length > root.Length; above = Path.GetDirectoryName(above)!)
            {
                if (FileVersion.Of(above) is { IsFolder: false }) throw ObjectPath.Invalid(path, $"'{above}' is a file, so nothing can lie below it");
            }
            try
            {
                Folders.Create(folder);
                return new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            }
            // A delete tidied the folder away; from here on the temporary file would keep it.
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException && attempt < CreateTries) { }
        }
    }
}
