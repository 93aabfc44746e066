using Fanfold.LocalHost.Serving;
using Fanfold.Storage;
using Fanfold.Workflow.Triggers;
using Microsoft.Extensions.Time.Testing;

namespace Fanfold.Workflow.Tests.Triggers;

public sealed class TriggerWatchTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly TriggeredStores _stores = new();
    readonly FakeTimeProvider _time = new();
    readonly List<string> _handed = [];
    readonly List<string> _log = [];

    TriggerWatch Watch(Func<string, CancellationToken, Task<TriggerOutcome>>? handle = null) =>
        new(_stores.State, RunTrigger.Requests, RunTrigger.OfState, async (path, token) =>
        {
            _handed.Add(path);
            return await (handle ?? _stores.Triggers.OnStateAsync)(path, token);
        }, _time, _log.Add);

    Task PutAsync(string content) => TriggeredStores.PutAsync(_stores.State, TriggeredStores.Request, content);

    [Fact]
    public async Task Look_ObjectStillBeingWritten_Waits()
    {
        var watch = Watch();
        foreach (var content in new[] { "", "{ \"ver", TriggeredStores.Spec })
        {
            await PutAsync(content);
            await watch.LookAsync(Cancellation);
        }
        Assert.Empty(_handed);
        await watch.LookAsync(Cancellation);
        Assert.Equal([TriggeredStores.Request], _handed);
        Assert.Single(_stores.Driven);
        Assert.Contains("started run nightly-", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Look_AnObjectThatWasHanded_IsNotHandedAgainUntilItIsPutAgain()
    {
        var watch = Watch();
        await PutAsync("{}");
        for (var look = 0; look < 5; look++) await watch.LookAsync(Cancellation);
        Assert.Single(_handed);
        Assert.Contains(TriggeredStores.Error, Assert.Single(_log), StringComparison.Ordinal);
        await PutAsync("{}");
        for (var look = 0; look < 5; look++) await watch.LookAsync(Cancellation);
        Assert.Equal(2, _handed.Count);
    }

    [Fact]
    public async Task Look_FromAnotherProcess_StartsNothingAgain()
    {
        await PutAsync(TriggeredStores.Spec);
        for (var process = 0; process < 3; process++)
        {
            var watch = Watch();
            for (var look = 0; look < 3; look++) await watch.LookAsync(Cancellation);
        }
        Assert.Equal(3, _handed.Count);
        Assert.Single(_stores.Driven);
        Assert.Single(await _stores.RunsAsync());
    }

    [Fact]
    public async Task Look_StoreThatFailsWhileItStarts_IsTriedAgainAndSaidOnce()
    {
        var isDown = true;
        var watch = Watch((path, token) => isDown ? throw new StorageException(StorageFailure.Unreachable, path, "scripted") : _stores.Triggers.OnStateAsync(path, token));
        await PutAsync(TriggeredStores.Spec);
        for (var look = 0; look < 4; look++) await watch.LookAsync(Cancellation);
        Assert.Equal(3, _handed.Count);
        Assert.Contains("scripted", Assert.Single(_log), StringComparison.Ordinal);
        isDown = false;
        await watch.LookAsync(Cancellation);
        Assert.Single(_stores.Driven);
    }

    [Fact]
    public async Task Look_StoreThatCanNotBeListed_ForgetsNothing()
    {
        var watch = Watch();
        await PutAsync(TriggeredStores.Spec);
        for (var look = 0; look < 3; look++) await watch.LookAsync(Cancellation);
        _stores.State.Hook = call => call.Operation == StoreOperation.List ? throw new StorageException(StorageFailure.Unreachable, call.Path, "scripted") : Task.CompletedTask;
        for (var look = 0; look < 3; look++) await watch.LookAsync(Cancellation);
        _stores.State.Hook = null;
        for (var look = 0; look < 3; look++) await watch.LookAsync(Cancellation);
        Assert.Single(_handed);
        Assert.Equal(2, _log.Count);
    }

    /// <summary>Folders that no run is for are never opened; a spec that comes later, and whole, is found.</summary>
    [Fact]
    public async Task Look_AFolderWhoseSpecComesLater_IsHandedOnceThatIsWhole()
    {
        var watch = new TriggerWatch(_stores.Data, "", RunTrigger.OfData, async (path, token) =>
        {
            _handed.Add(path);
            return await _stores.Triggers.OnDataAsync(path, token);
        }, _time, _log.Add);
        await TriggeredStores.PutAsync(_stores.Data, "lake/plain/_SUCCESS", "");
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_SUCCESS", "");
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/part.parquet", "");
        for (var look = 0; look < 4; look++) await watch.LookAsync(Cancellation);
        Assert.Empty(_handed);
        foreach (var content in new[] { "{ \"ver", TriggeredStores.Spec })
        {
            await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_run.json", content);
            await watch.LookAsync(Cancellation);
        }
        Assert.Empty(_handed);
        for (var look = 0; look < 3; look++) await watch.LookAsync(Cancellation);
        Assert.Equal(["lake/trips/_SUCCESS"], _handed);
        Assert.Single(_stores.Driven);
        // Another spec is no other request without another _SUCCESS.
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_run.json", TriggeredStores.Spec + " ");
        for (var look = 0; look < 3; look++) await watch.LookAsync(Cancellation);
        Assert.Single(_handed);
    }

    [Fact]
    public async Task Look_ADefect_IsSaidAndDoesNotStopTheOthers()
    {
        var watch = Watch((path, token) => path == TriggeredStores.Request ? throw new InvalidOperationException("defect") : _stores.Triggers.OnStateAsync(path, token));
        await PutAsync(TriggeredStores.Spec);
        await TriggeredStores.PutAsync(_stores.State, "requests/other.run.json", TriggeredStores.Spec);
        for (var look = 0; look < 3; look++) await watch.LookAsync(Cancellation);
        Assert.Equal(2, _handed.Count);
        Assert.Contains("other-", Assert.Single(_stores.Driven), StringComparison.Ordinal);
        Assert.Contains(_log, line => line.Contains("defect", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watch_LooksAtEachIntervalUntilItIsStopped()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await PutAsync(TriggeredStores.Spec);
        var watching = Watch().WatchAsync(TimeSpan.FromSeconds(2), stopping.Token);
        Assert.Empty(_handed);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_handed);
        while (_stores.Driven.IsEmpty) _time.Advance(TimeSpan.FromSeconds(1));
        await stopping.CancelAsync();
        await watching;
        Assert.Single(_handed);
    }
}
