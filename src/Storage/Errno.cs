using System.Runtime.InteropServices;

namespace Fanfold.Storage;

/// <summary>Linux error numbers; on Unix .NET carries them in <see cref="Exception.HResult"/>.</summary>
static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int WouldBlock = 11;
    public const int Access = 13;
    public const int Exists = 17;
    public const int NotAFolder = 20;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int WouldBlockOnMac = 35;
    public const int NameTooLong = 36;
    public const int NotImplemented = 38;
    public const int TooManyLinks = 40;
    public const int NotSupported = 95;
    public const int Quota = 122;

    public const int WindowsSharingViolation = unchecked((int)0x80070020);
    public const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>The exception that .NET's own file calls throw for <paramref name="error"/>.</summary>
    public static Exception Exception(int error, string path)
    {
        var message = $"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'";
        return error switch
        {
            NoEntry => new DirectoryNotFoundException(message),
            NotPermitted or Access => new UnauthorizedAccessException(message),
            _ => new IOException(message, error),
        };
    }

    /// <summary>A file system's failure as a store's; null when <paramref name="exception"/> is none.</summary>
    /// <param name="path">The object's or folder's path in the store.</param>
    /// <param name="file">Where it lies on this machine.</param>
    public static StorageException? ToStorage(Exception exception, string path, string file)
    {
        var (failure, message) = exception switch
        {
            UnauthorizedAccessException or IOException { HResult: ReadOnly } => (StorageFailure.AccessDenied,
                $"Access to '{file}' is denied. Give the account that runs this the right to it, or name another store."),
            IOException { HResult: NoSpace or Quota or WindowsDiskFull } => (StorageFailure.Full,
                $"No space is left to write '{file}'. Free some, or raise the quota, and try again."),
            PathTooLongException or IOException { HResult: NameTooLong } => (StorageFailure.InvalidPath,
                $"'{file}' is longer than the file system allows. Use a shorter path, or a store nearer to the file system's root."),
            IOException => (StorageFailure.Unreachable,
                $"'{file}' can't be used: {exception.Message.TrimEnd('.')}. Check that its disk or network share is there, and try again."),
            _ => default,
        };
        return message is null ? null : new StorageException(failure, path, message, exception);
    }
}
