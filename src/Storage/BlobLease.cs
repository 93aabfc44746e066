using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Fanfold.Storage;

/// <summary>A lease of 15 s on a blob, renewed until it is disposed or can't be.</summary>
sealed class BlobLease : IObjectLease
{
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(5);

    readonly BlockBlobClient _blob;
    readonly BlobLeaseClient _lease;
    readonly string _path;
    readonly BlobFailures _failures;
    readonly TimeProvider _time;
    readonly CancellationTokenSource _lost = new();
    readonly CancellationTokenSource _freed = new();
    readonly Task _renewing;

    BlobLease(BlockBlobClient blob, BlobLeaseClient lease, string path, BlobFailures failures, long taken, TimeProvider time)
    {
        (_blob, _lease, _path, _failures, _time) = (blob, lease, path, failures, time);
        _renewing = RenewAsync(taken);
    }

    public CancellationToken Lost => _lost.Token;

    /// <summary>Null when another holds it.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.NotFound"/> when there is no blob to lease.</exception>
    public static Task<BlobLease?> TryTakeAsync(BlockBlobClient blob, string path, TimeProvider time, BlobFailures failures, CancellationToken cancellationToken) =>
        failures.GuardAsync(path, async () =>
        {
            var lease = blob.GetBlobLeaseClient();
            var asked = time.GetTimestamp();
            try
            {
                await lease.AcquireAsync(Duration, cancellationToken: cancellationToken);
                return new BlobLease(blob, lease, path, failures, asked, time);
            }
            catch (RequestFailedException e) when (e.Status == 409)
            {
                return null;
            }
        }, cancellationToken);

    public async Task DeleteAsync(CancellationToken cancellationToken = default)
    {
        await _freed.CancelAsync();
        await _renewing;
        await _failures.GuardAsync(_path, async () =>
        {
            try
            {
                return await _blob.DeleteIfExistsAsync(conditions: new BlobRequestConditions { LeaseId = _lease.LeaseId }, cancellationToken: cancellationToken);
            }
            // It was lost, and is another's by now, or nobody's.
            catch (RequestFailedException e) when (e.Status is 409 or 412)
            {
                return null;
            }
        }, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_freed.IsCancellationRequested) return;
        await _freed.CancelAsync();
        await _renewing;
        // When no word of it reaches the service, the lease ends by itself in this time.
        using var end = new CancellationTokenSource(Duration, _time);
        try
        {
            if (!_lost.IsCancellationRequested) await _lease.ReleaseAsync(cancellationToken: end.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException) { }
    }

    async Task RenewAsync(long renewed)
    {
        using var timer = new PeriodicTimer(RenewEvery, _time);
        while (await TryRenewAsync(timer, renewed) is { } granted) renewed = granted;
        if (!_freed.IsCancellationRequested) await _lost.CancelAsync();
    }

    /// <param name="timer">Ticks when a renewal is due.</param>
    /// <param name="renewed">When the request was sent that was granted last; the lease holds at least as long as counted from there.</param>
    /// <returns>When the request was sent that was granted now; null when the lease is lost or freed.</returns>
    async Task<long?> TryRenewAsync(PeriodicTimer timer, long renewed)
    {
        var left = Duration - _time.GetElapsedTime(renewed);
        using var end = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(end.Token, _freed.Token);
        while (true)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop.Token);
                var asked = _time.GetTimestamp();
                // One that gets no answer must leave time for the next.
                using var late = new CancellationTokenSource(RenewEvery, _time);
                using var one = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, late.Token);
                await _lease.RenewAsync(cancellationToken: one.Token);
                return asked;
            }
            // Broken, taken by another, or its blob is gone.
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
            {
                return null;
            }
            // Whatever else failed may work at the next tick, as long as the lease still holds.
            catch (Exception)
            {
                if (stop.IsCancellationRequested) return null;
            }
        }
    }
}
