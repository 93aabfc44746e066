using Azure.Storage.Blobs.Specialized;
using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

public sealed class BlobLeaseTests(Azurite azurite) : BlobStoreTest(azurite)
{
    static readonly TimeSpan Tick = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Never = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Renewals_Granted_KeepItBeyondItsTime()
    {
        await using var lease = await TakeAsync();
        for (var renewals = 1; renewals <= 6; renewals++)
        {
            Time.Advance(Tick);
            await GrantedAsync(renewals);
        }
        Assert.False(lease.Lost.IsCancellationRequested);
        Assert.Null(await Plain.TryLeaseAsync(In("lock"), Cancellation));
    }

    [Fact]
    public async Task Renewal_RefusedAsAnotherHasIt_IsLost()
    {
        await using var lease = await TakeAsync();
        await BreakAsync();
        await using var other = await Plain.TryLeaseAsync(In("lock"), Cancellation);
        Assert.NotNull(other);
        Assert.False(lease.Lost.IsCancellationRequested);
        Time.Advance(Tick);
        await LostAsync(lease);
        await lease.DisposeAsync();
        Assert.Null(await Plain.TryLeaseAsync(In("lock"), Cancellation));
    }

    [Theory]
    [InlineData(Fault.Reset)]
    [InlineData(Fault.Hang)]
    [InlineData(Fault.Busy)]
    public async Task Renewals_Failing_AreLostAfterItsTimeAndNotBefore(Fault fault)
    {
        await using var lease = await TakeAsync();
        Faults.Fail(fault, BlobCall.Lease, int.MaxValue);
        Time.Advance(Tick);
        await SentAsync(2);
        Time.Advance(2 * Tick - TimeSpan.FromMilliseconds(1));
        Assert.False(lease.Lost.IsCancellationRequested);
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await LostAsync(lease);
    }

    [Fact]
    public async Task Renewal_FailingOnce_IsMadeUpForByTheNext()
    {
        await using var lease = await TakeAsync();
        Faults.Fail(Fault.Busy, BlobCall.Lease, times: 6);
        Time.Advance(Tick);
        await SentAsync(7);
        for (var renewals = 1; renewals <= 3; renewals++)
        {
            Time.Advance(Tick);
            await GrantedAsync(renewals, failed: 1);
        }
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Renewal_WithoutAnAnswer_IsSentAgain()
    {
        await using var lease = await TakeAsync();
        Faults.Fail(Fault.Hang, BlobCall.Lease);
        Time.Advance(Tick);
        await SentAsync(2);
        Time.Advance(Tick);
        await GrantedAsync(1, failed: 1);
        Time.Advance(2 * Tick);
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Dispose_WhenTheServiceIsAway_Ends()
    {
        var lease = await TakeAsync();
        Faults.Fail(Fault.Reset, BlobCall.Lease, int.MaxValue);
        await lease.DisposeAsync();
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task HeldBlob_IsNeitherWrittenNorDeletedByOthers()
    {
        await using var lease = await TakeAsync();
        await FailsAsync(StorageFailure.Conflict, () => Plain.PutAsync(In("lock"), Bytes(1), PutCondition.None, Cancellation));
        await FailsAsync(StorageFailure.Conflict, () => Plain.DeleteAsync(In("lock"), Cancellation));
    }

    async Task<IObjectLease> TakeAsync()
    {
        await Plain.PutAsync(In("lock"), Bytes(0), PutCondition.None, Cancellation);
        var lease = await Store.TryLeaseAsync(In("lock"), Cancellation);
        Assert.NotNull(lease);
        return lease;
    }

    async Task BreakAsync() =>
        await Foreign(Endpoint!, Container).GetBlobClient("lock").GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancellation);

    Task SentAsync(int count) => UntilAsync(() => Faults.Count(BlobCall.Lease) >= count);

    // One timer is for the ticks, each renewal starts one for its answer, and each grant one for its end.
    Task GrantedAsync(int renewals, int failed = 0) => UntilAsync(() => Time.Timers >= 2 + 2 * renewals + failed);

    static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(Never);
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    static async Task LostAsync(IObjectLease lease)
    {
        var lost = new TaskCompletionSource();
        await using var registered = lease.Lost.Register(lost.SetResult);
        await lost.Task.WaitAsync(Never, Cancellation);
    }
}
