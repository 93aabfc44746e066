using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;
using Microsoft.Extensions.Time.Testing;

namespace Fanfold.Workflow.Tests.Durable;

public class StatusFileTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunProgress Progress(int done) => new("running", 10, done, 0, 0, 0);

    /// <summary>Lets a second pass and waits for what the writer does then.</summary>
    static async Task TickAsync(RunHarness harness, FakeTimeProvider time)
    {
        var put = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        harness.Store.Hook = call =>
        {
            if (call.Operation == StoreOperation.Put) put.TrySetResult();
            return Task.CompletedTask;
        };
        time.Advance(TimeSpan.FromSeconds(1));
        await put.Task.WaitAsync(Cancellation);
        harness.Store.Hook = null;
    }

    [Fact]
    public async Task Progress_EachSecond_IsOnRecord()
    {
        var (harness, time) = (new RunHarness(), new FakeTimeProvider());
        await harness.StartAsync("r", RunHarness.Spec());
        Assert.Equal(RunStatus.Pending, (await RunStarter.ReadRecordAsync(harness.Store, "r", Cancellation))!.Status);
        await using (var status = new StatusFile(harness.Store, new RunPaths("r"), time))
        {
            Assert.Null(await status.BeginAsync(Cancellation));
            Assert.Equal(RunStatus.Running, (await RunStarter.ReadRecordAsync(harness.Store, "r", Cancellation))!.Status);
            status.Report(Progress(3));
            await TickAsync(harness, time);
        }
        Assert.Equal(Progress(3), (await RunStarter.ReadRecordAsync(harness.Store, "r", Cancellation))!.Progress);
    }

    [Fact]
    public async Task Progress_AfterTheEndIsOnRecord_DoesNotOverwriteIt()
    {
        var (harness, time) = (new RunHarness(), new FakeTimeProvider());
        await harness.WriteDataAsync(1);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        await using (var status = new StatusFile(harness.Store, new RunPaths("r"), time))
        {
            await status.BeginAsync(Cancellation);
            await harness.Activities.CombinePartsAsync(finish, Cancellation);
            await harness.Activities.CommitRunAsync(finish, Cancellation);
            status.Report(Progress(3));
            await TickAsync(harness, time);
        }
        Assert.Equal(RunStatus.Succeeded, (await RunStarter.ReadRecordAsync(harness.Store, "r", Cancellation))!.Status);
        await using var late = new StatusFile(harness.Store, new RunPaths("r"), time);
        Assert.Equal(RunStatus.Succeeded, (await late.BeginAsync(Cancellation))!.Status);
    }
}
