using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Fanfold.Storage;

/// <summary>What a file system tells of one version of a file or folder.</summary>
/// <param name="Modified">In ns on Linux, in ticks of 100 ns elsewhere.</param>
/// <param name="Identity">The inode on Linux, the time of creation elsewhere.</param>
/// <param name="Device">0 where the system has no inodes; folder links are not followed there.</param>
readonly record struct FileVersion(bool IsFile, bool IsFolder, long Length, long Modified, ulong Identity, ulong Device)
{
    /// <summary>A link that leads nowhere: the version that nothing has.</summary>
    public static FileVersion Nothing => new(true, false, 0, 0, 0, 0);

    public string ETag => $"{Length:x}-{Modified:x}-{Identity:x}";

    /// <summary>What is at <paramref name="path"/>, links followed; null when nothing is.</summary>
    public static FileVersion? Of(string path)
    {
        if (OperatingSystem.IsLinux()) return Linux.StatusOf(path) is { } status ? From(status) : null;
        var folder = new DirectoryInfo(path);
        if (folder.Exists) return new(false, folder.LinkTarget is null, 0, folder.LastWriteTimeUtc.Ticks, (ulong)folder.CreationTimeUtc.Ticks, 0);
        var file = new FileInfo(path);
        return file.Exists ? new(true, false, file.Length, file.LastWriteTimeUtc.Ticks, (ulong)file.CreationTimeUtc.Ticks, 0) : null;
    }

    public static FileVersion Of(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux()) return From(Linux.StatusOf(file)!.Value);
        return new(true, false, RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file).Ticks, (ulong)File.GetCreationTimeUtc(file).Ticks, 0);
    }

    public bool IsSameFolder(FileVersion other) => Device != 0 && Device == other.Device && Identity == other.Identity;

    [SupportedOSPlatform("linux")]
    static FileVersion From(Linux.Status status) => new(
        status.IsFile, status.IsFolder, status.Length, status.ModifiedSeconds * 1_000_000_000 + status.ModifiedNanoseconds,
        status.Inode, ((ulong)status.DeviceMajor << 32) | status.DeviceMinor);
}
