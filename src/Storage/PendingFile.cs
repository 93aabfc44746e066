using System.Globalization;
using System.IO.Enumeration;

namespace Fanfold.Storage;

/// <summary>
/// A put that is written and synced under a temporary name beside its place; disposing removes that name and, after a failure, empty folders. The file
/// stays open, and so locked, for as long as it has that name: what is not locked was left by a writer that died.
/// </summary>
sealed class PendingFile(FileStream content, string temporary, string file, string root, ObjectProperties properties) : IAsyncDisposable
{
    const string Suffix = ".tmp";
    const int CreateTries = 1000;

    static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0 };

    public ObjectProperties Properties { get; } = properties;

    public static bool IsTemporary(ReadOnlySpan<char> name) =>
        name.Length == 1 + 32 + Suffix.Length && name[0] == '.' && name.EndsWith(Suffix, StringComparison.Ordinal)
        && Guid.TryParseExact(name.Slice(1, 32), "N", out _);

    public static async Task<PendingFile> WriteAsync(string path, string file, string root, Stream content, bool isSynced, CancellationToken cancellationToken)
    {
        var target = Create(path, file, root, out var temporary);
        try
        {
            await content.CopyToAsync(target, cancellationToken);
            // The kernel's own stamps advance in steps of some milliseconds, in which a replaced file's inode may already be used again.
            File.SetLastWriteTimeUtc(target.SafeFileHandle, DateTime.UtcNow);
            target.Flush(flushToDisk: isSynced);
            var version = FileVersion.Of(target.SafeFileHandle);
            return new PendingFile(target, temporary, file, root, new(path, version.Length, version.ETag));
        }
        catch
        {
            await target.DisposeAsync();
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

    public async ValueTask DisposeAsync()
    {
        Remove(temporary, root);
        await content.DisposeAsync();
    }

    /// <summary>Removes from a folder what writers that died left there, as far as the rights go.</summary>
    public static void Sweep(string folder)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var temporary in new FileSystemEnumerable<string>(folder, (ref entry) => entry.ToFullPath(), Everything) { ShouldIncludePredicate = (ref entry) => IsTemporary(entry.FileName) })
        {
            try
            {
                RemoveAbandoned(temporary);
            }
            catch (UnauthorizedAccessException) { }
        }
    }

    static void RemoveAbandoned(string temporary)
    {
        // When its object has appeared the name is needed no more, and locking it would keep readers from the object.
        var appeared = OperatingSystem.IsLinux() && Linux.StatusOf(temporary) is { Links: > 1 };
        using var abandoned = appeared ? null : FileLease.TryOpen(temporary, FileMode.Open);
        if (appeared || abandoned is not null) Folders.DeleteFile(temporary);
    }

    static void Remove(string temporary, string root)
    {
        Folders.DeleteFile(temporary);
        Folders.Tidy(temporary, root);
    }

    static FileStream Create(string path, string file, string root, out string temporary)
    {
        var folder = Path.GetDirectoryName(file)!;
        for (var attempt = 1; ; attempt++)
        {
            for (var above = folder; above.Length > root.Length; above = Path.GetDirectoryName(above)!)
            {
                if (FileVersion.Of(above) is { IsFolder: false }) throw ObjectPath.Invalid(path, $"'{above}' is a file, so nothing can lie below it");
            }
            temporary = Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $".{Guid.NewGuid():N}{Suffix}"));
            try
            {
                Folders.Create(folder);
                // A shared lock, since the file keeps it when it has its own name and is read. Network file systems give one to readers only.
                var content = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0);
                // A sweep may have met the file before it was locked.
                if (FileVersion.Of(temporary)?.Identity == FileVersion.Of(content.SafeFileHandle).Identity) return content;
                content.Dispose();
            }
            // A delete tidied the folder away, which the temporary file keeps from here on; or a sweep has the file.
            catch (Exception e) when ((e is FileNotFoundException or DirectoryNotFoundException || FileLease.IsHeld(e)) && attempt < CreateTries) { }
        }
    }
}
