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
        Assert.Equal(RunStatus.Pending, (await RunStarter.ReadRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Status);
        await using (var status = new StatusFile(harness.Store, new RunPaths("r"), time))
        {
            Assert.Null((await status.BeginAsync(null, Cancellation)).Summary);
            Assert.Equal(RunStatus.Running, (await RunStarter.ReadRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Status);
            status.Report(Progress(3));
            await TickAsync(harness, time);
        }
        Assert.Equal(Progress(3), (await RunStarter.ReadRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Progress);
    }

    /// <summary>A driver that has nothing new to tell still shows that it lives; when it no longer does, the run is stalled, and running all the same.</summary>
    [Fact]
    public async Task Heartbeat_WithoutProgress_IsOnRecordUntilTheDriverIsGone()
    {
        var (harness, time) = (new RunHarness(), new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        await harness.StartAsync("r", RunHarness.Spec());
        await using (var status = new StatusFile(harness.Store, new RunPaths("r"), time))
        {
            await status.BeginAsync(null, Cancellation);
            var began = time.GetUtcNow();
            for (var beat = 0; beat < 12; beat++)
            {
                time.Advance(RunRecord.HeartbeatInterval);
                while ((await RunStarter.ReadRecordAsync(harness.Store, "r", time, Cancellation))!.HeartbeatAt < time.GetUtcNow()) await Task.Yield();
            }
            Assert.Equal(began + 12 * RunRecord.HeartbeatInterval, time.GetUtcNow());
            Assert.False((await RunStarter.ReadRecordAsync(harness.Store, "r", time, Cancellation))!.Stalled);
        }

        time.Advance(TimeSpan.FromSeconds(61));

        var record = (await RunStarter.ReadRecordAsync(harness.Store, "r", time, Cancellation))!;
        Assert.Equal((RunStatus.Running, true), (record.Status, record.Stalled));
        Assert.DoesNotContain("stalled", System.Text.Encoding.UTF8.GetString((await harness.ReadAsync(new RunPaths("r").Status))!), StringComparison.Ordinal);
    }

    /// <summary>A run up to its clean-up: the outcome is known, and not yet in its status.</summary>
    static async Task<(RunHarness Harness, RunRecord Outcome)> CreateCommittedAsync()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(1);
        await harness.FinishAsync(await harness.ReduceAsync("r", RunHarness.Spec()));
        var end = (await RunEnding.ReadAsync(harness.Store, new RunPaths("r"), Cancellation))!;
        return (harness, await RunEnding.ReadRecordAsync(harness.Store, new RunPaths("r"), end, Cancellation));
    }

    [Fact]
    public async Task End_AnotherWroteMeanwhile_IsOnRecordOnce()
    {
        var (harness, outcome) = await CreateCommittedAsync();
        await using var first = new StatusFile(harness.Store, new RunPaths("r"), new FakeTimeProvider());
        await using var second = new StatusFile(harness.Store, new RunPaths("r"), new FakeTimeProvider());
        await first.BeginAsync(null, Cancellation);
        await second.BeginAsync(null, Cancellation);

        var end = await first.EndAsync(outcome, Cancellation);
        var again = await second.EndAsync(outcome with { Summary = outcome.Summary! with { RowsOut = -1 } }, Cancellation);

        Assert.Equal((1, 1), (end.RowsOut, again.RowsOut));
        Assert.Equal(1, (await RunStarter.ReadRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Summary!.RowsOut);
    }

    [Fact]
    public async Task End_PutThatComesLate_DoesNotOverwriteAnothers()
    {
        var (harness, outcome) = await CreateCommittedAsync();
        await using var late = new StatusFile(harness.Store, new RunPaths("r"), new FakeTimeProvider());
        await late.BeginAsync(null, Cancellation);
        var first = true;
        harness.Store.Hook = async call =>
        {
            if (!first || call is not { Operation: StoreOperation.Put, TookEffect: false }) return;
            first = false;
            await using var successor = new StatusFile(harness.Store, new RunPaths("r"), new FakeTimeProvider());
            await successor.EndAsync(outcome, Cancellation);
        };

        var end = await late.EndAsync(outcome with { Summary = outcome.Summary! with { RowsOut = -1 } }, Cancellation);

        Assert.Equal(1, end.RowsOut);
    }

    [Fact]
    public async Task Progress_AfterTheEndIsOnRecord_DoesNotOverwriteIt()
    {
        var time = new FakeTimeProvider();
        var (harness, outcome) = await CreateCommittedAsync();
        await using (var status = new StatusFile(harness.Store, new RunPaths("r"), time))
        {
            await status.BeginAsync(null, Cancellation);
            await using (var other = new StatusFile(harness.Store, new RunPaths("r"), new FakeTimeProvider())) await other.EndAsync(outcome, Cancellation);
            status.Report(Progress(3));
            await TickAsync(harness, time);
        }
        Assert.Equal(RunStatus.Succeeded, (await RunStarter.ReadRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Status);
        await using var late = new StatusFile(harness.Store, new RunPaths("r"), time);
        Assert.Equal(RunStatus.Succeeded, (await late.BeginAsync(null, Cancellation)).Status);
    }
}
