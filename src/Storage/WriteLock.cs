using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace Fanfold.Storage;

/// <summary>
/// Lets one writer at a time, of this process or any other, check a version and replace it: no file system does both in one step.
/// It is an operating-system lock on a file in the store's root, so the death of its holder frees it.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore holds nothing to free until its wait handle is asked for.")]
sealed class WriteLock(string root)
{
    public const string FileName = ".fanfold.lock";

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    readonly SemaphoreSlim _here = new(1, 1);

    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _here.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                if (FileLease.TryOpen(Path.Join(root, FileName)) is { } handle) return new Holder(handle, _here);
                await Task.Delay(Pause, cancellationToken);
            }
        }
        catch
        {
            _here.Release();
            throw;
        }
    }

    sealed class Holder(SafeFileHandle handle, SemaphoreSlim here) : IDisposable
    {
        public void Dispose()
        {
            handle.Dispose();
            here.Release();
        }
    }
}
