using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Fanfold.Storage;

/// <summary>One put: what fits one block is one request; more is staged in blocks, which the last request makes the object.</summary>
sealed class BlobPut(BlobContainerClient container, string name, string path, PutCondition condition, int blockBytes, BlobFailures failures)
{
    const string MarkName = "fanfoldput";
    const int BlocksInFlight = 3;
    const int Tries = 10;

    static readonly UploadTransferValidationOptions Checked = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 };

    readonly BlockBlobClient _blob = container.GetBlockBlobClient(name);
    readonly Guid _mark = Guid.NewGuid();

    public async Task<ObjectProperties> RunAsync(Stream content, CancellationToken cancellationToken)
    {
        if (condition.ETag is { } etag && !BlobETag.IsOne(etag)) throw Conflict();
        long? start = content.CanSeek ? content.Position : null;
        for (var attempt = 1; ; attempt++)
        {
            if (await TryAsync(content, cancellationToken) is { } put) return put;
            if (start is not { } position || attempt == Tries)
                throw failures.Unreachable(path, "other writers of this path made the service drop what was staged for it");
            content.Position = position;
        }
    }

    /// <summary>Null when another writer's commit discarded the blocks.</summary>
    async Task<ObjectProperties?> TryAsync(Stream content, CancellationToken cancellationToken)
    {
        var first = await BlobBlock.ReadAsync(content, blockBytes, cancellationToken);
        var second = first.IsLast ? null : await BlobBlock.ReadAsync(content, blockBytes, cancellationToken);
        if (second is null or { Length: 0 })
        {
            var put = await FinishAsync(() => _blob.UploadAsync(first.Open(), new BlobUploadOptions
            {
                Conditions = Conditions(),
                Metadata = Mark(),
                TransferValidation = Checked,
            }, cancellationToken), first.Length, cancellationToken);
            first.Release();
            second?.Release();
            return put;
        }
        var (ids, length) = await StageAsync(first, second, content, cancellationToken);
        return await FinishAsync(() => _blob.CommitBlockListAsync(ids, new() { Conditions = Conditions(), Metadata = Mark() }, cancellationToken), length, cancellationToken);
    }

    async Task<(List<string> Ids, long Length)> StageAsync(BlobBlock first, BlobBlock second, Stream content, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        var sending = new List<Task>();
        long length = 0;
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Send(first);
            for (var block = second; ; block = await BlobBlock.ReadAsync(content, blockBytes, cancellationToken))
            {
                Send(block);
                if (block.IsLast) break;
                if (sending.Count < BlocksInFlight) continue;
                var sent = await Task.WhenAny(sending);
                sending.Remove(sent);
                await sent;
            }
            await Task.WhenAll(sending);
            return (ids, length);
        }
        finally
        {
            await abandon.CancelAsync();
            await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        void Send(BlobBlock block)
        {
            length += block.Length;
            if (block.Length == 0) return;
            ids.Add(BlockId());
            sending.Add(StageAsync(ids[^1], block, abandon.Token));
        }
    }

    Task StageAsync(string id, BlobBlock block, CancellationToken cancellationToken) =>
        failures.GuardAsync(path, async () =>
        {
            var staged = await SendAsync(() => _blob.StageBlockAsync(id, block.Open(), new() { TransferValidation = Checked }, cancellationToken), cancellationToken);
            block.Release();
            return staged;
        }, cancellationToken);

    /// <summary>Sends the request that makes the object; null when blocks of it are gone.</summary>
    Task<ObjectProperties?> FinishAsync(Func<Task<Response<BlobContentInfo>>> request, long length, CancellationToken cancellationToken) =>
        failures.GuardAsync<ObjectProperties?>(path, async () =>
        {
            var lost = new LostReplies();
            try
            {
                using (lost.Watch()) return new(path, length, BlobETag.Of((await SendAsync(request, cancellationToken)).ETag));
            }
            catch (RequestFailedException e) when (IsConditional && IsRefused(e))
            {
                if (await FindOwnAsync(cancellationToken) is { } own) return own;
                // Whoever came in between may have replaced what this put had written already.
                if (lost.Any && condition.ETag is not null) throw failures.Unreachable(path, "the reply to a put was lost, and another writer came before it was sent again");
                throw Conflict();
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.InvalidBlockList)
            {
                return null;
            }
        }, cancellationToken);

    /// <summary>Sends again what arrived damaged, and what found no container once there is one.</summary>
    async Task<T> SendAsync<T>(Func<Task<Response<T>>> request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await request()).Value;
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.Md5Mismatch && attempt < Tries) { }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound && condition.ETag is null && attempt < Tries)
            {
                await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            }
        }
    }

    async Task<ObjectProperties?> FindOwnAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = (await _blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            return found.Metadata.TryGetValue(MarkName, out var mark) && mark == _mark.ToString("N") ? new(path, found.ContentLength, BlobETag.Of(found.ETag)) : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    bool IsConditional => condition.MustBeAbsent || condition.ETag is not null;

    bool IsRefused(RequestFailedException e) => e.Status switch
    {
        404 => condition.ETag is not null,
        409 => e.ErrorCode is null or "" || e.ErrorCode == BlobErrorCode.BlobAlreadyExists,
        412 => true,
        _ => e.ErrorCode == BlobErrorCode.InvalidBlockList,
    };

    StorageException Conflict() => new(StorageFailure.Conflict, path, condition.MustBeAbsent
        ? $"'{path}' exists already and is written only once."
        : $"'{path}' is not the expected version {condition.ETag}: another writer was here.");

    BlobRequestConditions Conditions() => new()
    {
        IfNoneMatch = condition.MustBeAbsent ? ETag.All : null,
        IfMatch = condition.ETag is { } etag ? BlobETag.ToHeader(etag) : null,
    };

    Dictionary<string, string> Mark() => new() { [MarkName] = _mark.ToString("N") };

    // Ids of one length, as the service demands, and of one block alone: blocks of two writers under one id would mix. Nothing checks the list of them on
    // its way, so ids are far from each other: one that arrives damaged names no block.
    static string BlockId() => Convert.ToBase64String(Guid.NewGuid().ToByteArray());
}
