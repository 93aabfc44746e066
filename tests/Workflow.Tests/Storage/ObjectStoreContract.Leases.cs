using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

public abstract partial class ObjectStoreContract
{
    [Fact]
    public async Task Lease_Held_IsRefusedToOthersUntilFreed()
    {
        await using (var first = await Store.TryLeaseAsync("run/lock", Cancellation))
        {
            Assert.NotNull(first);
            Assert.Null(await Store.TryLeaseAsync("run/lock", Cancellation));
            await using var other = await Store.TryLeaseAsync("run2/lock", Cancellation);
            Assert.NotNull(other);
            Assert.False(first.Lost.IsCancellationRequested);
        }
        await using var second = await Store.TryLeaseAsync("run/lock", Cancellation);
        Assert.NotNull(second);
        Assert.Equal(0, Assert.Single(await ListAsync("run")).Length);
    }

    [Fact]
    public async Task Lease_ManyAtOnce_OneHolderAtATime()
    {
        int holders = 0, taken = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Rounds(20); i++)
            {
                await using var lease = await Store.TryLeaseAsync("run/lock", Cancellation);
                if (lease is null) continue;
                Assert.Equal(1, Interlocked.Increment(ref holders));
                Interlocked.Increment(ref taken);
                await Task.Yield();
                Interlocked.Decrement(ref holders);
            }
        })));
        Assert.InRange(taken, 1, 8 * Rounds(20));
    }

    [Fact]
    public async Task Lease_OfADeletedObject_IsTakenAnew()
    {
        await using (var first = await Store.TryLeaseAsync("run/lock", Cancellation)) Assert.NotNull(first);
        await Store.DeleteAsync("run/lock", Cancellation);
        await using var second = await Store.TryLeaseAsync("run/lock", Cancellation);
        Assert.NotNull(second);
    }
}
