using System.Diagnostics;

namespace Fanfold.Engine.Spill;

/// <summary>The scratch space that a task may use is used up, or its disk is: the outcome <c>memory</c>, since less at once would do.</summary>
public sealed class ScratchFullException(string message) : MemoryExceededException(message);

/// <summary>
/// The files of one task for what does not fit in memory, within a budget. On Unix they have no name from the moment that they are there, so their space is
/// freed however the process ends.
/// </summary>
/// <remarks>Not for concurrent use.</remarks>
/// <param name="folder">Null for the system's folder for temporary files. It is made when it is missing.</param>
/// <param name="budget">In bytes, for all files together.</param>
public sealed class ScratchSpace(string? folder, long budget)
{
    const string Prefix = "fanfold-scratch-";

    static readonly TimeSpan LongestCreation = TimeSpan.FromMinutes(1);

    const int NoSpace = 28;
    const int Quota = 122;
    const int WindowsDiskFull = unchecked((int)0x80070070);

    bool _isSwept;

    string Folder => folder ?? Path.GetTempPath();

    /// <summary>Bytes that lie in files.</summary>
    public long Held { get; private set; }

    /// <summary>The largest <see cref="Held"/> so far.</summary>
    public long Peak { get; private set; }

    /// <summary>A new file, empty.</summary>
    /// <exception cref="ScratchFullException">The disk has no room for it.</exception>
    public ScratchFile Create()
    {
        try
        {
            Directory.CreateDirectory(Folder);
            if (!_isSwept) Sweep();
            var path = Path.Combine(Folder, Prefix + Guid.NewGuid().ToString("n"));
            var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
            });
            if (!OperatingSystem.IsWindows()) File.Delete(path);
            return new ScratchFile(this, stream);
        }
        catch (IOException failure) when (IsFull(failure))
        {
            throw Full(failure);
        }
    }

    internal void Take(long bytes)
    {
        Debug.Assert(bytes >= 0);
        if (Held + bytes > budget)
            throw new ScratchFullException($"the scratch space is full: {bytes:N0} bytes are needed beside the {Held:N0} there, the budget is {budget:N0}");
        Held += bytes;
        Peak = Math.Max(Peak, Held);
    }

    internal void Give(long bytes) => Held -= bytes;

    internal static bool IsFull(IOException failure) => failure.HResult is NoSpace or Quota or WindowsDiskFull;

    internal ScratchFullException Full(IOException failure) => new($"the scratch space is full: no space is left on the disk of '{Folder}', where {Held:N0} bytes of the task lie ({failure.Message.TrimEnd('.')})");

    /// <summary>Removes what a worker left that was killed between making a file and taking its name away, which no living one takes a minute for. A file in use is locked.</summary>
    void Sweep()
    {
        _isSwept = true;
        foreach (var path in Directory.EnumerateFiles(Folder, Prefix + "*"))
        {
            if (File.GetLastWriteTimeUtc(path) > DateTime.UtcNow - LongestCreation) continue;
            try
            {
                using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) File.Delete(path);
            }
            catch (Exception inUse) when (inUse is IOException or UnauthorizedAccessException)
            {
                // Another's, or gone by now.
            }
        }
    }
}
