using Fanfold.Storage;
using Fanfold.Workflow.Triggers;

namespace Fanfold.Workflow.Tests.Triggers;

/// <summary>Each call of a store fails once, before its effect or after it: the event is told again, and the end is the same as if nothing had failed.</summary>
public sealed class TriggerFaultTests
{
    public static TheoryData<bool, StorageFailure> Faults => new MatrixTheoryData<bool, StorageFailure>([false, true], [StorageFailure.Unreachable, StorageFailure.Throttled, StorageFailure.AccessDenied]);

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Start_WithAFaultAtEachCall_IsTriedAgainAndOneRun(bool tookEffect, StorageFailure failure)
    {
        var failed = 0;
        for (var (ordinal, reached) = (1, true); reached; ordinal++)
        {
            var stores = new TriggeredStores();
            await TriggeredStores.PutAsync(stores.State, TriggeredStores.Error, "{}");
            await TriggeredStores.PutAsync(stores.State, TriggeredStores.Request, TriggeredStores.Spec);
            reached = await FailsAsync(stores, ordinal, tookEffect, failure);
            if (reached) failed++;
            var id = Assert.IsType<TriggerOutcome.Started>(await stores.RequestAsync()).RunId;
            Assert.Equal([id], await stores.RunsAsync());
            Assert.Contains(id, stores.Driven);
            Assert.Equal([TriggeredStores.Request, TriggeredStores.Mark], await TriggeredStores.PathsAsync(stores.State, RunTrigger.Requests));
        }
        Assert.True(failed >= 6, $"only {failed} calls were made to fail");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Refusal_WithAFaultAtEachCall_IsTriedAgainAndTold(bool tookEffect, StorageFailure failure)
    {
        for (var (ordinal, reached) = (1, true); reached; ordinal++)
        {
            var stores = new TriggeredStores();
            await TriggeredStores.PutAsync(stores.State, TriggeredStores.Request, "{}");
            reached = await FailsAsync(stores, ordinal, tookEffect, failure);
            Assert.True(reached || ordinal > 3);
            Assert.IsType<TriggerOutcome.Refused>(await stores.RequestAsync());
            Assert.NotNull(await TriggeredStores.ReadAsync(stores.State, TriggeredStores.Error));
            Assert.Empty(stores.Driven);
        }
    }

    /// <summary>Handles the request with one call that fails; false when there are not so many.</summary>
    static async Task<bool> FailsAsync(TriggeredStores stores, int ordinal, bool tookEffect, StorageFailure failure)
    {
        var (calls, thrown) = (0, false);
        stores.State.Hook = call =>
        {
            if (call.TookEffect != tookEffect || ++calls != ordinal) return Task.CompletedTask;
            thrown = true;
            throw new StorageException(failure, call.Path, "scripted");
        };
        try
        {
            await stores.RequestAsync();
        }
        catch (StorageException scripted)
        {
            Assert.Equal(failure, scripted.Failure);
        }
        stores.State.Hook = null;
        return thrown;
    }
}
