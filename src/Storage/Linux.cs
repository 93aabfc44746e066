using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Fanfold.Storage;

/// <summary>System calls that .NET has no call for: times in nanoseconds, links that never overwrite, handles of folders.</summary>
[SupportedOSPlatform("linux")]
static partial class Linux
{
    const int CurrentFolder = -100;
    const int EmptyPath = 0x1000;
    const uint TypeLinksTimeInodeAndSize = 0x1 | 0x4 | 0x40 | 0x100 | 0x200;
    const int CloseOnExec = 0x80000;

    /// <summary>What is at <paramref name="path"/>, links followed; null when nothing is.</summary>
    public static Status? StatusOf(string path) =>
        StatX(CurrentFolder, path, 0, TypeLinksTimeInodeAndSize, out var status) == 0 ? status : AbsentOrThrow(path);

    public static Status? StatusOf(SafeFileHandle file) =>
        StatXOfHandle(file, "", EmptyPath, TypeLinksTimeInodeAndSize, out var status) == 0 ? status : AbsentOrThrow("an open file");

    /// <summary>Gives a file a second name, unless that name is taken.</summary>
    /// <returns>False when the file system has no such links.</returns>
    /// <exception cref="IOException">With <see cref="Errno.Exists"/> as its code when the name is taken.</exception>
    public static bool TryLink(string existing, string name)
    {
        if (Link(existing, name) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NotPermitted or Errno.NotImplemented or Errno.NotSupported ? false : throw Errno.Exception(error, name);
    }

    public static void SyncFolder(string folder)
    {
        using var handle = Open(folder, CloseOnExec);
        if (handle.IsInvalid) throw Errno.Exception(Marshal.GetLastPInvokeError(), folder);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Removes an empty folder, never a link to one.</summary>
    public static bool TryRemoveFolder(string folder) => RemoveFolder(folder) == 0;

    static Status? AbsentOrThrow(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NoEntry or Errno.NotAFolder or Errno.TooManyLinks ? null : throw Errno.Exception(error, what);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatXOfHandle(SafeFileHandle file, string path, int flags, uint mask, out Status status);

    /// <summary>Has the system read a range ahead; false where it can't.</summary>
    public static bool WillNeed(SafeFileHandle file, long offset, long length) => Advise(file, offset, length, AdviceWillNeed) == 0;

    const int AdviceWillNeed = 3;

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "rmdir", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RemoveFolder(string folder);

    /// <summary>The fields used of the kernel's <c>struct statx</c>, whose layout is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal readonly struct Status
    {
        [FieldOffset(16)] public readonly uint Links;
        [FieldOffset(28)] public readonly ushort Mode;
        [FieldOffset(32)] public readonly ulong Inode;
        [FieldOffset(40)] public readonly long Length;
        [FieldOffset(112)] public readonly long ModifiedSeconds;
        [FieldOffset(120)] public readonly uint ModifiedNanoseconds;
        [FieldOffset(136)] public readonly uint DeviceMajor;
        [FieldOffset(140)] public readonly uint DeviceMinor;

        public bool IsFile => (Mode & 0xF000) == 0x8000;
        public bool IsFolder => (Mode & 0xF000) == 0x4000;
    }
}
