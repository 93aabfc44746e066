using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.Extensions.Time.Testing;

namespace Fanfold.Workflow.Tests.Running;

public class RunPurgeTests
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static FakeTimeProvider In(TimeSpan time) => new(TimeProvider.System.GetUtcNow() + time);

    static async Task<RunHarness> CreateAsync(params string[] runIds)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        foreach (var runId in runIds) await harness.DriveOnceAsync(runId, RunHarness.Spec(output: $$"""{ "path": "results/{{runId}}.parquet" }"""));
        return harness;
    }

    static Task<RunPurge> PurgeAsync(RunHarness harness, TimeProvider time, TimeSpan? within = null) => RunPurge.RunAsync(harness.Store, time, Hour, within ?? TimeSpan.MaxValue, Cancellation);

    [Fact]
    public async Task Purge_OldRuns_RemovesTheirStateAndKeepsResults()
    {
        var harness = await CreateAsync("a", "b");

        var purge = await PurgeAsync(harness, In(2 * Hour));

        Assert.Equal(["a", "b"], purge.Purged);
        Assert.Equal((0, true), (purge.Kept, purge.IsComplete));
        Assert.Empty(await harness.PathsAsync("fanfold/runs"));
        Assert.Equal(["results/a.parquet", "results/a.parquet.manifest.json", "results/b.parquet", "results/b.parquet.manifest.json"], await harness.PathsAsync("results"));
        Assert.NotNull(await harness.ReadAsync("lake/a.parquet"));
    }

    [Fact]
    public async Task Purge_YoungRuns_KeepsThem()
    {
        var harness = await CreateAsync("a");
        var before = await harness.PathsAsync("");

        var purge = await PurgeAsync(harness, In(0.5 * Hour));

        Assert.Equal((0, 1, true), (purge.Purged.Count, purge.Kept, purge.IsComplete));
        Assert.Equal(before, await harness.PathsAsync(""));
    }

    /// <summary>What a dry run left that was killed; one that may be under way is not touched, however young a run may be.</summary>
    [Fact]
    public async Task Purge_StateOfADryRun_GoesByItsName()
    {
        var harness = await CreateAsync();
        var time = new FakeTimeProvider(new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero));
        foreach (var id in (string[])["plan-20240506-060809-aaaaaa", "plan-20240506-060810-bbbbbb"]) await harness.Store.PutAsync($"fanfold/runs/{id}/plan/partitions-x.parquet", "x"u8.ToArray(), PutCondition.None, Cancellation);

        var purge = await RunPurge.RunAsync(harness.Store, time, TimeSpan.Zero, TimeSpan.MaxValue, Cancellation);

        Assert.Equal(["plan-20240506-060809-aaaaaa"], purge.Purged);
        Assert.Equal(1, purge.Kept);
        Assert.Equal(["fanfold/runs/plan-20240506-060810-bbbbbb/plan/partitions-x.parquet"], await harness.PathsAsync("fanfold/runs"));
    }

    /// <summary>Whatever its record says: a run that is driven is not touched.</summary>
    [Fact]
    public async Task Purge_ARunThatIsDriven_IsNotTouched()
    {
        var harness = await CreateAsync("a");
        await using var lease = await harness.Store.TryLeaseAsync(new RunPaths("a").DriverLock, Cancellation);
        var before = await harness.PathsAsync("");

        var purge = await PurgeAsync(harness, In(2 * Hour));

        Assert.Equal((0, 1), (purge.Purged.Count, purge.Kept));
        Assert.Equal(before, await harness.PathsAsync(""));
    }

    /// <summary>A run that no one went on with is removed when it was last driven long ago.</summary>
    [Fact]
    public async Task Purge_AnUnfinishedRun_GoesByItsLastHeartbeat()
    {
        var harness = await CreateAsync();
        await harness.StartAsync("a", RunHarness.Spec());

        Assert.Empty((await PurgeAsync(harness, In(0.5 * Hour))).Purged);
        Assert.Equal(["a"], (await PurgeAsync(harness, In(2 * Hour))).Purged);
    }

    /// <summary>Its spec is there, and its record will be in a moment.</summary>
    [Fact]
    public async Task Purge_ARunThatIsBeingStarted_IsNotTouched()
    {
        var harness = await CreateAsync();
        await harness.StartAsync("a", RunHarness.Spec());
        await harness.Store.DeleteAsync(new RunPaths("a").Status, Cancellation);

        Assert.Empty((await PurgeAsync(harness, In(2 * Hour))).Purged);
        Assert.NotNull(await harness.ReadAsync(new RunPaths("a").Spec));
    }

    /// <summary>It ages from when it is first seen without one, or by its end where that is known.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Purge_ARunWhoseRecordIsLost_IsRemovedInTheEnd(bool ended)
    {
        var harness = await CreateAsync(ended ? ["a"] : []);
        if (!ended) await harness.StartAsync("a", RunHarness.Spec());
        await harness.Store.DeleteAsync(new RunPaths("a").Status, Cancellation);

        Assert.Equal(ended ? ["a"] : [], (await PurgeAsync(harness, In(2 * Hour))).Purged);
        Assert.Equal(ended ? [] : ["a"], (await PurgeAsync(harness, In(4 * Hour))).Purged);
        Assert.Empty(await harness.PathsAsync("fanfold/runs"));
    }

    [Fact]
    public async Task Purge_InADirectory_LeavesNothingOnDisk()
    {
        var root = Directory.CreateTempSubdirectory("purge");
        try
        {
            var (store, paths) = (new DirectoryObjectStore(root.FullName), new RunPaths("a", 1));
            await RunStarter.StartAsync(store, "a", RunHarness.Spec(), fresh: false, RunOrigin.Command, TimeProvider.System, Cancellation);
            foreach (var folder in paths.Folders.Append(paths.JournalOf("tasks-0000")).Append($"{paths.Root}/empty/below"))
            {
                Directory.CreateDirectory(Path.Join(root.FullName, folder));
                if (!folder.EndsWith("below", StringComparison.Ordinal)) await File.WriteAllTextAsync(Path.Join(root.FullName, folder, $".{Guid.NewGuid():N}.tmp"), "half", Cancellation);
            }

            Assert.Equal(["a"], (await RunPurge.RunAsync(store, In(2 * Hour), Hour, TimeSpan.MaxValue, Cancellation)).Purged);

            Assert.False(Directory.Exists(Path.Join(root.FullName, paths.Root)));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Purge_TimeIsUp_LeavesTheRestToTheNext()
    {
        var harness = await CreateAsync("a", "b", "c");
        var time = In(2 * Hour);
        harness.Store.Hook = call =>
        {
            if (call is { Operation: StoreOperation.Delete, TookEffect: true } && call.Path == new RunPaths("a").DriverLock) time.Advance(TimeSpan.FromMinutes(5));
            return Task.CompletedTask;
        };

        var first = await PurgeAsync(harness, time, TimeSpan.FromMinutes(5));
        var second = await PurgeAsync(harness, time);

        Assert.Equal(["a"], first.Purged);
        Assert.Equal(["b", "c"], second.Purged);
        Assert.Equal((false, true), (first.IsComplete, second.IsComplete));
    }

    /// <summary>A purge that dies at any of its calls leaves a run that the next one finds.</summary>
    [Fact]
    public async Task Purge_DiesAtAnyCall_TheNextRemovesTheRest()
    {
        for (var fatal = 1; ; fatal++)
        {
            var harness = await CreateAsync("a");
            var calls = 0;
            harness.Store.Hook = call => call.TookEffect && call.Operation == StoreOperation.Delete && ++calls == fatal ? throw new IOException("the process is dead") : Task.CompletedTask;
            try
            {
                await PurgeAsync(harness, In(2 * Hour));
                Assert.True(fatal > 5, $"{calls} deletes");
                return;
            }
            catch (IOException)
            {
                harness.Store.Hook = null;
                harness.Store.BreakLease(new RunPaths("a").DriverLock);
                var rest = (await harness.PathsAsync("fanfold/runs")).Count > 0 ? 1 : 0;
                Assert.Equal(rest, (await PurgeAsync(harness, In(2 * Hour))).Purged.Count);
                Assert.Empty(await harness.PathsAsync("fanfold/runs"));
            }
        }
    }

    /// <summary>A redrive that is asked for while the run is purged finds none, and what was purged stays away.</summary>
    [Fact]
    public async Task Purge_RedriveIsAskedForMeanwhile_ThereIsNoRun()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.Failed(task, Fanfold.Worker.TaskOutcome.BadData)));
        await harness.WriteDataAsync(3);
        await harness.DriveOnceAsync("a", RunHarness.Spec("""{ "retries": 0 }"""));
        Task<RunRecord?>? redrive = null;
        harness.Store.Hook = async call =>
        {
            if (redrive is not null || call is not { Operation: StoreOperation.Delete, TookEffect: false }) return;
            var asked = new TaskCompletionSource();
            redrive = asked.Task.ContinueWith(_ => RunRedrive.BeginAsync(harness.Store, "a", TimeProvider.System, Cancellation), Cancellation, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
            asked.SetResult();
            // It has seen the run, and that it can't have it now.
            await Task.WhenAny(redrive, SeenAsync(harness, new RunPaths("a").DriverLock));
        };

        Assert.Equal(["a"], (await PurgeAsync(harness, In(2 * Hour))).Purged);

        Assert.Null(await redrive!);
        Assert.Empty(await harness.PathsAsync("fanfold/runs"));
    }

    /// <summary>Waits until somebody asks for a lease.</summary>
    static Task SeenAsync(RunHarness harness, string path)
    {
        var seen = new TaskCompletionSource();
        var before = harness.Store.Hook;
        harness.Store.Hook = call =>
        {
            if (call.Path == path) seen.TrySetResult();
            return before!(call);
        };
        return seen.Task;
    }

    /// <summary>Between the purge of the spec and that of the record, which is another run's then.</summary>
    [Fact]
    public async Task Purge_AnotherSpecIsStartedUnderTheIdMeanwhile_ItIsARunOfItsOwn()
    {
        var harness = await CreateAsync("a");
        var path = new RunPaths("a").Status;
        RunStart? started = null;
        harness.Store.Hook = async call =>
        {
            if (call is not { Operation: StoreOperation.Delete, TookEffect: false } || call.Path != path) return;
            harness.Store.Hook = null;
            started = await RunStarter.StartAsync(harness.Store, "a", RunHarness.Spec(aggregate: "max(amount)"), fresh: false, RunOrigin.Command, TimeProvider.System, Cancellation);
        };

        await PurgeAsync(harness, In(2 * Hour));

        Assert.Equal(RunStatus.Pending, Assert.IsType<RunStart.Ready>(started).Status);
        await harness.DriveOnceAsync("a", RunHarness.Spec(aggregate: "max(amount)"));
        Assert.Equal(RunStatus.Succeeded, (await RunStarter.ReadRecordAsync(harness.Store, "a", TimeProvider.System, Cancellation))!.Status);
    }

    /// <summary>A record that a newer build wrote, or that is damaged, keeps no other run from being purged.</summary>
    [Theory]
    [InlineData("", 1)]
    [InlineData("""{"version":99}""", 1)]
    [InlineData(" ", 17 << 20)]
    public async Task Purge_ARecordThatCantBeRead_KeepsThatRunAndPurgesTheOthers(string record, int times)
    {
        var harness = await CreateAsync("a", "b", "c");
        await harness.Store.PutAsync(new RunPaths("b").Status, System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(record, times))), PutCondition.None, Cancellation);

        var purge = await PurgeAsync(harness, In(2 * Hour));

        Assert.Equal(["a", "c"], purge.Purged);
        Assert.Equal((1, true), (purge.Kept, purge.IsComplete));
        Assert.NotNull(await harness.ReadAsync(new RunPaths("b").Spec));
    }

    [Fact]
    public async Task Purge_ARedrivenRun_RemovesItsDrivesToo()
    {
        var fails = true;
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => fails && ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, Fanfold.Worker.TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(3);
        await harness.DriveOnceAsync("a", RunHarness.Spec());
        fails = false;
        await harness.GoOnAsync("a", redrives: true);

        await PurgeAsync(harness, In(2 * Hour));

        Assert.Empty(await harness.PathsAsync("fanfold/runs"));
    }
}
