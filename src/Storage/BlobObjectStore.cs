using System.Net;
using Azure;
using Azure.Core;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Fanfold.Storage;

/// <summary>
/// Objects as the blobs of a storage account. A path is <c>container/name</c>; a put makes a missing container, and what is missing is absent to the rest.
/// </summary>
/// <remarks>
/// <para>Requests are tried 6 times, and as long as <see cref="BlobRequestOptions.Patience"/> lasts: a service that says nothing more is given up within a minute. A put is exact even so: it is marked, and one that is refused because its own lost try came before it has succeeded.
/// Only when a put-if-match lost a reply and another writer came in between can no one tell; that is <see cref="StorageFailure.Unreachable"/>.</para>
/// <para>What is written carries an MD5 that the service checks. Of what is read, small objects are checked against their stored MD5; longer reads rely on TLS, or where
/// there is none on an MD5 of each range, which Azurite makes in any case.</para>
/// <para>The folder markers of hierarchical accounts and of tools (empty, and named with a final <c>/</c> or marked <c>hdi_isfolder</c>) are no objects.</para>
/// </remarks>
public sealed partial class BlobObjectStore : IObjectStore
{
    /// <summary>Where Azurite's blob service listens unless it is told otherwise.</summary>
    public static readonly Uri AzuriteEndpoint = new("http://127.0.0.1:10000/devstoreaccount1");

    // Old enough for every Azurite still in use (the client's default is refused by the newest one), new enough for all that is used here:
    // blocks beyond 100 MiB and, since 2021-02-12, names that XML can't hold in listings.
    const BlobClientOptions.ServiceVersion Version = BlobClientOptions.ServiceVersion.V2021_12_02;

    const string DevelopmentAccount = "devstoreaccount1";
    // Public: every Azurite has this key.
    const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    const int LeaseTries = 5;

    readonly BlobServiceClient _service;
    readonly BlobFailures _failures;
    readonly TimeProvider _time;
    readonly int _blockBytes;
    readonly bool _checksReads;
    readonly TimeSpan _silence;

    /// <param name="service">As in <c>https://ACCOUNT.blob.core.windows.net</c>.</param>
    /// <param name="credential">Asked for a token when one is needed.</param>
    /// <param name="options">Null for those that suit Azure.</param>
    public BlobObjectStore(Uri service, TokenCredential credential, BlobRequestOptions? options = null)
        : this(service, options ??= new(), Uri.UriSchemeHttps, client => new BlobServiceClient(service, new BlobCredential(credential, token => options.FindHost(service.Host, token)), client))
    {
    }

    BlobObjectStore(Uri service, BlobRequestOptions options, string scheme, Func<BlobClientOptions, BlobServiceClient> connect)
    {
        if (!service.IsAbsoluteUri || service.Scheme != scheme || service.Query.Length > 0 || service.UserInfo.Length > 0)
            throw new ArgumentException($"An account's address is a plain {scheme} URL without a query.", nameof(service));
        _service = connect(ClientOptions(options));
        _failures = new(service.GetLeftPart(UriPartial.Path).TrimEnd('/'));
        _time = options.Time;
        _blockBytes = options.BlockBytes;
        _checksReads = scheme == Uri.UriSchemeHttp;
        _silence = options.Patience + options.NetworkTimeout;
    }

    /// <summary>A store in Azurite under its well-known account.</summary>
    /// <summary>The service of a connection string that means Azurite on this machine; null when it means anything else.</summary>
    public static Uri? AzuriteOf(string connectionString)
    {
        var parts = connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static part => part.Split('=', 2)).ToLookup(static part => part[0], static part => part[^1], StringComparer.OrdinalIgnoreCase);
        if (string.Equals(parts["UseDevelopmentStorage"].FirstOrDefault(), "true", StringComparison.OrdinalIgnoreCase)) return AzuriteEndpoint;
        return parts["AccountName"].FirstOrDefault() == DevelopmentAccount && Uri.TryCreate(parts["BlobEndpoint"].FirstOrDefault(), UriKind.Absolute, out var service) && service.IsLoopback ? service : null;
    }

    /// <param name="service">On this machine; null for <see cref="AzuriteEndpoint"/>.</param>
    /// <param name="options">Null for those that suit Azure.</param>
    public static BlobObjectStore InAzurite(Uri? service = null, BlobRequestOptions? options = null)
    {
        service ??= AzuriteEndpoint;
        if (!service.IsLoopback) throw new ArgumentException("Azurite's account has no secret key, so it is used on this machine only.", nameof(service));
        return new(service, options ?? new(), Uri.UriSchemeHttp, client => new BlobServiceClient(service, new StorageSharedKeyCredential(DevelopmentAccount, DevelopmentKey), client));
    }

    public async Task<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        var at = BlobPath.Of(path);
        cancellationToken.ThrowIfCancellationRequested();
        return at.Name.Length == 0 ? null : await BlobObjectReader.OpenAsync(Blob(at), path, _checksReads, _silence, _failures, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Makes no request: the first read tells whether it is still that version.</remarks>
    public Task<IObjectReader> OpenAsync(ObjectProperties version, CancellationToken cancellationToken = default)
    {
        var at = BlobPath.OfBlob(version.Path);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IObjectReader>(new BlobObjectReader(Blob(at), version, ReadOnlyMemory<byte>.Empty, _checksReads, _silence, _failures));
    }

    public Task<ObjectProperties> PutAsync(string path, Stream content, PutCondition condition, CancellationToken cancellationToken = default)
    {
        var at = BlobPath.OfBlob(path);
        cancellationToken.ThrowIfCancellationRequested();
        return new BlobPut(Container(at), at.Name, path, condition, _blockBytes, _failures).RunAsync(content, cancellationToken);
    }

    public void CheckPath(string path) => BlobPath.OfBlob(path);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => DeleteAsync(path, null, cancellationToken);

    public Task DeleteVersionAsync(string path, string etag, CancellationToken cancellationToken = default) => DeleteAsync(path, new BlobRequestConditions { IfMatch = new ETag(etag) }, cancellationToken);

    Task DeleteAsync(string path, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        var at = BlobPath.Of(path);
        cancellationToken.ThrowIfCancellationRequested();
        return at.Name.Length == 0 ? Task.CompletedTask : _failures.GuardAsync(path, async () =>
        {
            try
            {
                return await Blob(at).DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions, cancellationToken);
            }
            catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.NotFound || e.ErrorCode == BlobErrorCode.ConditionNotMet)
            {
                return null;
            }
        }, cancellationToken);
    }

    public async Task<IObjectLease?> TryLeaseAsync(string path, CancellationToken cancellationToken = default)
    {
        var at = BlobPath.OfBlob(path);
        cancellationToken.ThrowIfCancellationRequested();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await BlobLease.TryTakeAsync(Blob(at), path, _time, _failures, cancellationToken);
            }
            // Never made, or deleted a moment ago.
            catch (StorageException e) when (e.Failure == StorageFailure.NotFound && attempt < LeaseTries)
            {
                await MakeLeaseAsync(path, cancellationToken);
            }
        }
    }

    async Task MakeLeaseAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await this.PutAsync(path, ReadOnlyMemory<byte>.Empty, PutCondition.IfAbsent, cancellationToken);
        }
        catch (StorageException e) when (e.Failure == StorageFailure.Conflict) { }
    }

    BlobContainerClient Container(BlobPath at) => _service.GetBlobContainerClient(at.Container);

    BlockBlobClient Blob(BlobPath at) => Container(at).GetBlockBlobClient(at.Name);

    static BlobClientOptions ClientOptions(BlobRequestOptions options)
    {
        var client = new BlobClientOptions(Version)
        {
            Retry = { NetworkTimeout = options.NetworkTimeout },
            RetryPolicy = new PatientRetries(options),
        };
        if (options.Transport is { } transport) client.Transport = transport;
        client.AddPolicy(LostReplies.Policy, HttpPipelinePosition.PerRetry);
        client.AddPolicy(WholeErrors.Policy, HttpPipelinePosition.PerRetry);
        return client;
    }
}
