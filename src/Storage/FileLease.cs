using Microsoft.Win32.SafeHandles;

namespace Fanfold.Storage;

/// <summary>An operating-system lock on a file, which ends with the process that holds it.</summary>
sealed class FileLease(SafeFileHandle handle, string file) : IObjectLease
{
    /// <summary>Nothing takes such a lock from a living holder.</summary>
    public CancellationToken Lost => CancellationToken.None;

    /// <summary>Null when another holds it.</summary>
    public static FileLease? TryTake(string file)
    {
        while (true)
        {
            if (TryOpen(file) is not { } handle) return null;
            // Whoever cleans up may have deleted the file between opening and locking; the next one locks a new file.
            if (FileVersion.Of(file) is { } there && there.Identity == FileVersion.Of(handle).Identity) return new FileLease(handle, file);
            handle.Dispose();
        }
    }

    /// <summary>Opens a file that no one else may open meanwhile, by <c>flock</c> on Linux; null when another has it, or when it is absent and must not be.</summary>
    public static SafeFileHandle? TryOpen(string file, FileMode mode = FileMode.OpenOrCreate)
    {
        try
        {
            return File.OpenHandle(file, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (IsHeld(e) || e is FileNotFoundException or DirectoryNotFoundException && mode == FileMode.Open)
        {
            return null;
        }
    }

    /// <summary>Whether a file could not be opened because another has it.</summary>
    public static bool IsHeld(Exception exception) => exception is IOException { HResult: Errno.WouldBlock or Errno.WouldBlockOnMac or Errno.WindowsSharingViolation };

    public Task DeleteAsync(CancellationToken cancellationToken = default)
    {
        // Windows does not delete what is open; there the next one that takes it may come between, and holds what is deleted later.
        if (OperatingSystem.IsWindows()) handle.Dispose();
        File.Delete(file);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        handle.Dispose();
        return ValueTask.CompletedTask;
    }
}
