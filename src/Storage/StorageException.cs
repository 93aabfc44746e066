namespace Fanfold.Storage;

public enum StorageFailure
{
    /// <summary>The path is not one that a store accepts.</summary>
    InvalidPath,
    /// <summary>The store's root, container or account is missing.</summary>
    NotFound,
    /// <summary>The object is no longer the version that was pinned.</summary>
    Changed,
    /// <summary>A put's condition does not hold.</summary>
    Conflict,
    AccessDenied,
    /// <summary>The store asks for less; see <see cref="StorageException.RetryAfter"/>.</summary>
    Throttled,
    /// <summary>The store can't be reached or broke off; another try may work.</summary>
    Unreachable,
    /// <summary>No space is left to write.</summary>
    Full,
    /// <summary>The object is larger than its reader accepts.</summary>
    TooLarge,
}

/// <summary>Any failure of a store, with the path it concerns.</summary>
public sealed class StorageException(StorageFailure failure, string path, string message, Exception? inner = null) : Exception(message, inner)
{
    public StorageFailure Failure { get; } = failure;
    public string Path { get; } = path;
    public TimeSpan? RetryAfter { get; init; }
}
