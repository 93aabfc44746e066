using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Fanfold.Storage;

/// <summary>One pinned version of a blob.</summary>
/// <param name="prefix">Its first bytes, which came when it was opened.</param>
/// <param name="checks">Whether each range is checked against an MD5 that the service makes of it.</param>
/// <param name="silence">How long no byte may come of an answer, however often the client asks for the rest of it meanwhile.</param>
sealed class BlobObjectReader(BlockBlobClient blob, ObjectProperties properties, ReadOnlyMemory<byte> prefix, bool checks, TimeSpan silence, BlobFailures failures) : IObjectReader
{
    // What small objects have in all; the request that pins a version brings it along.
    const int PrefixBytes = 64 * 1024;
    // Of longer ranges the service makes no MD5.
    const int MaxCheckedBytes = 4 * 1024 * 1024;
    const int Tries = 5;

    // The client's own check would buffer the range once more.
    static readonly DownloadTransferValidationOptions Md5 = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5, AutoValidateChecksum = false };

    public ObjectProperties Properties { get; } = properties;

    /// <summary>Opens the newest version; null when there is none.</summary>
    public static Task<BlobObjectReader?> OpenAsync(BlockBlobClient blob, string path, bool checks, TimeSpan silence, BlobFailures failures, CancellationToken cancellationToken) =>
        failures.GuardAsync(path, async () =>
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    using var silent = Silent(silence, cancellationToken);
                    using var answer = (await blob.DownloadStreamingAsync(new() { Range = new(0, PrefixBytes), TransferValidation = checks ? Md5 : null }, silent.Token)).Value;
                    var length = Range(answer.Details)?.Length ?? throw failures.Unreachable(path, "its answer tells no length");
                    var prefix = new byte[Math.Min(length, PrefixBytes)];
                    if (await ReadAsync(answer.Content, prefix, silent, silence) < prefix.Length) throw new EndOfStreamException();
                    if (IsIntact(prefix, answer.Details.ContentHash) && (length > PrefixBytes || IsIntact(prefix, answer.Details.BlobContentHash)))
                        return new BlobObjectReader(blob, new(path, length, BlobETag.Of(answer.Details.ETag)), prefix, checks, silence, failures);
                    if (attempt == Tries) throw failures.Unreachable(path, "its bytes don't match the MD5 that comes with them");
                }
                catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.NotFound)
                {
                    return null;
                }
                catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.RequestedRangeNotSatisfiable)
                {
                    return await OpenEmptyAsync(blob, path, silence, failures, cancellationToken);
                }
                // Replaced or cut off while its first bytes came.
                catch (Exception e) when (e is RequestFailedException { Status: (int)HttpStatusCode.PreconditionFailed } or EndOfStreamException && attempt < Tries) { }
            }
        }, cancellationToken);

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Properties.Length - buffer.Length);
        cancellationToken.ThrowIfCancellationRequested();
        if (offset < prefix.Length)
        {
            var known = prefix[(int)offset..];
            if (known.Length > buffer.Length) known = known[..buffer.Length];
            known.CopyTo(buffer);
            offset += known.Length;
            buffer = buffer[known.Length..];
        }
        if (buffer.IsEmpty) return;
        await failures.GuardAsync(Properties.Path, () => FetchAsync(offset, buffer, cancellationToken), cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async Task<bool> FetchAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!BlobETag.IsOne(Properties.ETag)) throw BlobFailures.Changed(Properties.Path);
        try
        {
            while (!buffer.IsEmpty)
            {
                var range = checks && buffer.Length > MaxCheckedBytes ? buffer[..MaxCheckedBytes] : buffer;
                await FetchRangeAsync(offset, range, cancellationToken);
                offset += range.Length;
                buffer = buffer[range.Length..];
            }
            return true;
        }
        catch (RequestFailedException e) when (e.Status is (int)HttpStatusCode.NotFound or (int)HttpStatusCode.PreconditionFailed or (int)HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            throw BlobFailures.Changed(Properties.Path);
        }
    }

    async Task FetchRangeAsync(long offset, Memory<byte> range, CancellationToken cancellationToken)
    {
        for (var attempt = 1; await FetchOnceAsync(offset, range, cancellationToken) is { } defect; attempt++)
        {
            if (attempt == Tries) throw failures.Unreachable(Properties.Path, defect);
        }
    }

    /// <summary>Null, or what is wrong with the bytes that came.</summary>
    async Task<string?> FetchOnceAsync(long offset, Memory<byte> range, CancellationToken cancellationToken)
    {
        var request = new BlobDownloadOptions
        {
            Range = new(offset, range.Length),
            Conditions = new() { IfMatch = BlobETag.ToHeader(Properties.ETag) },
            TransferValidation = checks ? Md5 : null,
        };
        using var silent = Silent(silence, cancellationToken);
        using var answer = (await blob.DownloadStreamingAsync(request, silent.Token)).Value;
        // Something between here and the service may have ignored the condition or the range.
        if (BlobETag.Of(answer.Details.ETag) != Properties.ETag) throw BlobFailures.Changed(Properties.Path);
        if (Range(answer.Details) is not { From: { } from, To: { } to } || from != offset || to != offset + range.Length - 1)
            throw failures.Unreachable(Properties.Path, "it answers with another range");
        if (await ReadAsync(answer.Content, range, silent, silence) < range.Length) return "its bytes ended early";
        return !checks || IsIntact(range.Span, answer.Details.ContentHash) ? null : "its bytes don't match the MD5 that comes with them";
    }

    static CancellationTokenSource Silent(TimeSpan silence, CancellationToken cancellationToken)
    {
        var silent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silent.CancelAfter(silence);
        return silent;
    }

    /// <summary>Fills the buffer unless the content ends before; returns how many bytes came.</summary>
    static async Task<int> ReadAsync(Stream content, Memory<byte> buffer, CancellationTokenSource silent, TimeSpan silence)
    {
        for (var read = 0; ;)
        {
            if (read == buffer.Length || await content.ReadAsync(buffer[read..], silent.Token) is not (> 0 and var more)) return read;
            read += more;
            silent.CancelAfter(silence);
        }
    }

    // Nothing lies in any range of an empty blob, so the answer to the first request was an error that names no version.
    static async Task<BlobObjectReader?> OpenEmptyAsync(BlockBlobClient blob, string path, TimeSpan silence, BlobFailures failures, CancellationToken cancellationToken)
    {
        try
        {
            var found = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            if (found.ContentLength == 0 && BlobObjectStore.IsMarkedFolder(found.Metadata)) return null;
            return new(blob, new(path, found.ContentLength, BlobETag.Of(found.ETag)), ReadOnlyMemory<byte>.Empty, checks: false, silence, failures);
        }
        catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    static ContentRangeHeaderValue? Range(BlobDownloadDetails details) => ContentRangeHeaderValue.TryParse(details.ContentRange, out var range) ? range : null;

    static bool IsIntact(ReadOnlySpan<byte> content, byte[]? md5) => md5 is not { Length: MD5.HashSizeInBytes } || md5.AsSpan().SequenceEqual(MD5.HashData(content));
}
