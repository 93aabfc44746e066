using System.Globalization;
using Azure;

namespace Fanfold.Storage;

/// <summary>Turns what Azure's client throws into a store's failures.</summary>
/// <param name="service">The account's address, as messages show it.</param>
/// <remarks>The service's own text is left out, and so is the exception that holds it: it may repeat parts of the request, such as what was signed.</remarks>
sealed class BlobFailures(string service)
{
    const int MaxCode = 64;

    readonly bool _isAzurite = service.StartsWith("http://", StringComparison.Ordinal);

    public async Task<T> GuardAsync<T>(string path, Func<Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action();
        }
        // Running out of memory has an outcome of its own.
        catch (Exception e) when (e is not (StorageException or OutOfMemoryException) && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw ToStorage(e, path);
        }
    }

    public static StorageException Changed(string path) => new(StorageFailure.Changed, path,
        $"'{path}' was changed or deleted after it was opened or planned. Let its writer finish, then start again.");

    public StorageException Unreachable(string path, string reason, Exception? inner = null) => new(StorageFailure.Unreachable, path,
        $"'{path}' can't be reached in {service}: {reason}. {(_isAzurite ? "Is Azurite running there?" : "Check the network and the account's name, and try again.")}", inner);

    public StorageException ToStorage(Exception exception, string path) => exception switch
    {
        // What all tries threw; the last one stands for them.
        AggregateException { InnerExceptions: [.., var last] } => ToStorage(last, path),
        RequestFailedException { Status: 0, InnerException: { } inner } => ToStorage(inner, path),
        RequestFailedException { Status: > 0 } refused => OfStatus(refused, path),
        NoTokenException => new(StorageFailure.AccessDenied, path,
            $"No access token for {service} could be got: {FirstLine(exception.Message)}. Sign in, or give this machine an identity with access.", exception.InnerException),
        NoHostException => Unreachable(path, $"its host is not known ({FirstLine(exception.Message)})", exception.InnerException),
        OperationCanceledException => Unreachable(path, "no answer came in time"),
        _ => Unreachable(path, FirstLine(exception.Message), exception),
    };

    StorageException OfStatus(RequestFailedException e, string path)
    {
        var code = Code(e);
        return (e.Status, e.ErrorCode) switch
        {
            (409, "BlobArchived" or "BlobBeingRehydrated") => new(StorageFailure.AccessDenied, path,
                $"'{path}' is in the archive tier ({code}), where nothing can be read. Move it to another tier first."),
            (409, "ContainerBeingDeleted") => new(StorageFailure.Unreachable, path,
                $"The container of '{path}' is being deleted in {service} ({code}). Try again in a minute."),
            (401 or 403, _) => new(StorageFailure.AccessDenied, path,
                $"Access to '{path}' in {service} is denied ({code}). Give the identity that runs this the role Storage Blob Data Contributor, " +
                "or Storage Blob Data Reader where it only reads, and look whether the account's network rules let it in."),
            (404, _) => new(StorageFailure.NotFound, path,
                $"{service} has no place for '{path}' ({code}). Check the names of account and container."),
            (409 or 412, _) => new(StorageFailure.Conflict, path,
                $"'{path}' can't be written now ({code}): another holds its lease or was faster."),
            (429 or 503, _) => new(StorageFailure.Throttled, path,
                $"{service} asks for fewer requests ({code}) at '{path}'. Try again later, or run fewer tasks at once.") { RetryAfter = e.GetRawResponse() is { } answer ? RetryAfter(answer) : null },
            (400, "InvalidHeaderValue" or "UnsupportedHeader") => new(StorageFailure.Unreachable, path,
                $"{service} does not know a header of the request for '{path}' ({code}). An Azurite older than this client is the likely cause: update it, or start it with --skipApiVersionCheck."),
            (400, "InvalidUri" or "InvalidResourceName" or "OutOfRangeInput") => ObjectPath.Invalid(path, $"{service} refuses it ({code})"),
            _ => Unreachable(path, $"it answers {code}"),
        };
    }

    // A code is a word; anything else that stands in its place may be an echo.
    static string Code(RequestFailedException e) =>
        e.ErrorCode is { Length: > 0 and <= MaxCode } code && code.All(char.IsAsciiLetterOrDigit)
            ? string.Create(CultureInfo.InvariantCulture, $"{e.Status} {code}")
            : e.Status.ToString(CultureInfo.InvariantCulture);

    /// <summary>How long the service asks to be left alone.</summary>
    public static TimeSpan? RetryAfter(Response answer)
    {
        var headers = answer.Headers;
        if ((headers.TryGetValue("retry-after-ms", out var text) || headers.TryGetValue("x-ms-retry-after-ms", out text)) && IsCount(text, out var count))
            return TimeSpan.FromMilliseconds(count);
        return headers.TryGetValue("Retry-After", out text) && IsCount(text, out count) ? TimeSpan.FromSeconds(count) : null;
    }

    static bool IsCount(string? text, out int count) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    static string FirstLine(string text) => text.Trim().Split('\n')[0].TrimEnd('\r', '.');
}
