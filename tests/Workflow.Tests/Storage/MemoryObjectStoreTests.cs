using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

public class MemoryObjectStoreTests : FolderStoreContract
{
    readonly MemoryObjectStore _store = new();

    protected override IObjectStore Store => _store;

    [Fact]
    public async Task Hook_ThrowsBeforeTheEffect_NothingHappened()
    {
        _store.Hook = call => call is { Operation: StoreOperation.Put, TookEffect: false } ? throw Lost(call) : Task.CompletedTask;
        await FailsAsync(StorageFailure.Unreachable, () => _store.PutAsync("a", Bytes(1), PutCondition.IfAbsent, Cancellation));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task Hook_ThrowsAfterTheEffect_TheReplyIsLost()
    {
        _store.Hook = call => call is { Ordinal: 1, TookEffect: true } ? throw Lost(call) : Task.CompletedTask;
        await FailsAsync(StorageFailure.Unreachable, () => _store.PutAsync("a", Bytes(1), PutCondition.IfAbsent, Cancellation));
        await FailsAsync(StorageFailure.Conflict, () => _store.PutAsync("a", Bytes(1), PutCondition.IfAbsent, Cancellation));
    }

    [Fact]
    public async Task Hook_Waits_TheCallWaits()
    {
        var release = new TaskCompletionSource();
        _store.Hook = call => call.TookEffect ? Task.CompletedTask : release.Task;
        var put = _store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
        Assert.False(put.IsCompleted);
        release.SetResult();
        await put;
    }

    [Fact]
    public async Task Hook_EveryOperation_IsSeenTwiceInOrder()
    {
        var calls = new List<StoreCall>();
        _store.Hook = call =>
        {
            calls.Add(call);
            return Task.CompletedTask;
        };
        await _store.PutAsync("a", Bytes(2), PutCondition.None, Cancellation);
        await using var reader = await OpenAsync("a");
        await reader.ReadAsync(0, new byte[2], Cancellation);
        await ListAsync("a");
        await _store.DeleteAsync("a", Cancellation);
        StoreOperation[] operations = [StoreOperation.Put, StoreOperation.Open, StoreOperation.Read, StoreOperation.List, StoreOperation.Delete];
        Assert.Equal(operations.SelectMany((o, i) => new[] { new StoreCall(o, "a", i + 1, false), new StoreCall(o, "a", i + 1, true) }), calls);
    }

    [Fact]
    public async Task ReadAll_ReplacedAfterItWasOpened_ReadsTheNewer()
    {
        await _store.PutAsync("a", Bytes(2), PutCondition.None, Cancellation);
        _store.Hook = async call =>
        {
            if (call is { Operation: StoreOperation.Open, Ordinal: 2, TookEffect: true }) await _store.PutAsync("a", Bytes(3), PutCondition.None, Cancellation);
        };
        Assert.Equal(Bytes(3), await _store.ReadAllAsync("a", 10, Cancellation));
    }

    static StorageException Lost(StoreCall call) => new(StorageFailure.Unreachable, call.Path, "injected");
}
