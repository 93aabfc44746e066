using System.Text.Json;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Durable;

public class RunDriverTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunPaths Paths { get; } = new("r");

    static Task<RunStart> RunAsync(RunHarness harness, Func<RunRequest, CancellationToken, Task<RunEnd>> drive, Action? onFollow = null) =>
        new RunDriver(harness.Store, TimeProvider.System, (request, _, token) => drive(request, token))
            .RunAsync("r", RunHarness.Spec(), fresh: false, onFollow ?? (static () => { }), static _ => { }, Cancellation);

    static Task<RunEnd> DriveAsync(RunHarness harness, RunRequest request, CancellationToken cancellationToken) =>
        LocalEngine.RunAsync(harness.DriveOf(request), request, cancellationToken);

    static string Summary(RunStart start) => JsonSerializer.Serialize(Assert.IsType<RunStart.Finished>(start).Summary, WorkflowJson.Default.RunSummary);

    [Fact]
    public async Task Run_EightAtOnce_OneDrivesAndAllEndAlike()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(6);
        var following = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int drives = 0, followers = 0;

        var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RunAsync(harness, async (request, token) =>
        {
            Interlocked.Increment(ref drives);
            await following.Task.WaitAsync(token);
            return await DriveAsync(harness, request, token);
        }, () =>
        {
            if (Interlocked.Increment(ref followers) == 7) following.SetResult();
        })));

        Assert.Equal(1, drives);
        Assert.Single(ends.Select(Summary).Distinct());
    }

    [Fact]
    public async Task Run_DriverFails_AFollowerTakesOver()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(6);
        var following = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = RunAsync(harness, async (_, token) =>
        {
            await following.Task.WaitAsync(token);
            throw new StorageException(StorageFailure.Unreachable, "x", "the disk is gone");
        });

        var second = RunAsync(harness, (request, token) => DriveAsync(harness, request, token), following.SetResult);

        await Assert.ThrowsAsync<StorageException>(() => first);
        Assert.Equal(RunStatus.Succeeded, Assert.IsType<RunStart.Finished>(await second).Summary.Status);
    }

    [Fact]
    public async Task Run_LeaseLost_GoesOnUnderANewOne()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(6);
        var drives = 0;

        var end = await RunAsync(harness, async (request, token) =>
        {
            if (Interlocked.Increment(ref drives) == 1)
            {
                harness.Store.BreakLease(Paths.DriverLock);
                await Task.Delay(Timeout.Infinite, token);
            }
            return await DriveAsync(harness, request, token);
        });

        Assert.Equal(2, drives);
        Assert.Equal(RunStatus.Succeeded, Assert.IsType<RunStart.Finished>(end).Summary.Status);
    }

    [Fact]
    public async Task Run_Interrupted_StaysRunning()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(6);
        await Assert.ThrowsAsync<TaskCanceledException>(() => RunAsync(harness, (_, _) => Task.FromCanceled<RunEnd>(new CancellationToken(canceled: true))));

        Assert.Equal(RunStatus.Running, (await RunStarter.ReadRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Status);
        Assert.Equal(RunStatus.Succeeded, Assert.IsType<RunStart.Finished>(await RunAsync(harness, (request, token) => DriveAsync(harness, request, token))).Summary.Status);
    }

    [Fact]
    public async Task Run_Ended_IsNotDrivenAgain()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        var first = await RunAsync(harness, (request, token) => DriveAsync(harness, request, token));

        var second = await RunAsync(harness, (_, _) => throw new InvalidOperationException("driven again"));

        Assert.Equal(Summary(first), Summary(second));
    }

    /// <summary>The outcome is on record only when nothing is left to do; a drive that dies before is gone on with.</summary>
    [Theory]
    [InlineData("/parts/")]
    [InlineData("/journal/")]
    [InlineData("/status.json")]
    public async Task Run_DiesAfterItsCommit_TheNextCleansUpAndEndsAlike(string fatal)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(6);
        harness.Store.Hook = call => call.Path.Contains(fatal, StringComparison.Ordinal) && call is { Operation: StoreOperation.Put or StoreOperation.Delete, TookEffect: false }
            && harness.ReadAsync(Paths.Ending).Result is not null
                ? throw new IOException("the process is dead")
                : Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => RunAsync(harness, (request, token) => DriveAsync(harness, request, token)));
        Assert.Equal(RunStatus.Running, (await RunStarter.ReadRecordAsync(harness.Store, "r", TimeProvider.System, Cancellation))!.Status);
        var outcome = await harness.ReadAsync(Paths.Ending);

        harness.Store.Hook = null;
        var end = await RunAsync(harness, (request, token) => DriveAsync(harness, request, token));

        Assert.Equal(RunStatus.Succeeded, Assert.IsType<RunStart.Finished>(end).Summary.Status);
        Assert.Equal(outcome, await harness.ReadAsync(Paths.Status));
        Assert.Empty(await harness.PathsAsync(Paths.Parts));
        Assert.Equal(1, (await JournalText.ReadAsync(harness.Store, "r")).Count("\"type\":\"ExecutionCompleted\""));
    }

    /// <summary>Whoever waits for a run may find, when it is his turn, that the run was purged, and that another has its id.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_PurgedWhileAnotherWaited_IsBegunAnewOrIsAConflict(bool isAnothers)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        var following = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<RunStart> waiting;
        await using (await harness.Store.TryLeaseAsync(Paths.DriverLock, Cancellation))
        {
            waiting = RunAsync(harness, (request, token) => DriveAsync(harness, request, token), following.SetResult);
            await following.Task.WaitAsync(Cancellation);
            foreach (var path in (string[])[Paths.Spec, Paths.Status]) await harness.Store.DeleteAsync(path, Cancellation);
            if (isAnothers) Assert.IsType<RunStart.Ready>(await RunStarter.StartAsync(harness.Store, "r", RunHarness.Spec(aggregate: "max(amount)"), fresh: false, RunOrigin.Command, TimeProvider.System, Cancellation));
        }

        if (isAnothers) Assert.Equal("run-id-conflict", Assert.IsType<RunStart.Conflict>(await waiting).Error.Code);
        else Assert.Equal(RunStatus.Succeeded, Assert.IsType<RunStart.Finished>(await waiting).Summary.Status);
    }

    /// <summary>A purge may come between any two steps of a start.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_PurgedWhileItIsStarted_IsBegunAnew(bool afterItsSpecWasRead)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        await harness.StartAsync("r", RunHarness.Spec());
        harness.Store.Hook = async call =>
        {
            if (call.Path != Paths.Spec || call.Operation == StoreOperation.Put || call.TookEffect != afterItsSpecWasRead || afterItsSpecWasRead && call.Operation != StoreOperation.Read) return;
            harness.Store.Hook = null;
            foreach (var path in (string[])[Paths.Spec, Paths.Status]) await harness.Store.DeleteAsync(path, Cancellation);
        };

        Assert.Equal(RunStatus.Succeeded, Assert.IsType<RunStart.Finished>(await RunAsync(harness, (request, token) => DriveAsync(harness, request, token))).Summary.Status);
        Assert.Null(harness.Store.Hook);
    }

    [Fact]
    public async Task Purge_CutOffInARunThatHasNotEnded_LeavesItFitToGoOn()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(6);
        await harness.StartAsync("r", RunHarness.Spec());
        harness.Store.Hook = call => call is { Operation: StoreOperation.Put, TookEffect: false } && call.Path == Paths.Receipt("combine") ? throw new StorageException(StorageFailure.Unreachable, call.Path, "scripted") : Task.CompletedTask;
        await Assert.ThrowsAsync<StorageException>(() => harness.GoOnAsync("r", redrives: false));
        var deletes = 0;
        harness.Store.Hook = call => call is { Operation: StoreOperation.Delete, TookEffect: false } && ++deletes > 3 ? throw new StorageException(StorageFailure.Unreachable, call.Path, "the purge dies") : Task.CompletedTask;
        var later = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(2));
        await Assert.ThrowsAsync<StorageException>(() => RunPurge.RunAsync(harness.Store, later, TimeSpan.FromHours(1), TimeSpan.MaxValue, Cancellation));

        harness.Store.Hook = null;
        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: false))!.Status);
    }

    [Fact]
    public async Task Run_RecordLostAfterItsEnd_IsThereAgain()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        var first = await RunAsync(harness, (request, token) => DriveAsync(harness, request, token));
        await harness.Store.DeleteAsync(Paths.Status, Cancellation);

        var second = await RunAsync(harness, (request, token) => DriveAsync(harness, request, token));

        Assert.Equal(Summary(first), Summary(second));
        Assert.Equal(await harness.ReadAsync(Paths.Ending), await harness.ReadAsync(Paths.Status));
    }

    [Fact]
    public async Task Run_OverADirectory_SweepsWhatADeadDriverLeft()
    {
        var root = Directory.CreateTempSubdirectory("fanfold-driver-").FullName;
        try
        {
            const string leftover = ".0123456789abcdef0123456789abcdef.tmp";
            string[] folders = ["results", .. Paths.Folders];
            foreach (var folder in folders) File.WriteAllText(Path.Join(Directory.CreateDirectory(Path.Join(root, folder)).FullName, leftover), "half");

            await Assert.ThrowsAsync<TaskCanceledException>(() => new RunDriver(new DirectoryObjectStore(root), TimeProvider.System, (_, _, _) => Task.FromCanceled<RunEnd>(new CancellationToken(canceled: true)))
                .RunAsync("r", RunHarness.Spec(), fresh: false, static () => { }, static _ => { }, Cancellation));

            Assert.Empty(Directory.GetFiles(root, leftover, SearchOption.AllDirectories));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
