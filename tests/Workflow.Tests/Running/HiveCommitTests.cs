using System.Text.Json;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Results of many files: the manifest says which, and no other file stays.</summary>
public class HiveCommitTests
{
    const string Folder = "results/trips";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunSpec Spec(string aggregate = "sum(amount)", params int[] values)
    {
        var spec = RunHarness.Spec(aggregate: aggregate, output: $$"""{ "path": "{{Folder}}", "layout": "hive" }""");
        return values.Length == 0 ? spec : spec with { PartitionBy = spec.PartitionBy with { Values = [.. values.Select(value => PartitionValue.Number($"{value}"))] } };
    }

    static async Task<Manifest?> ManifestAsync(RunHarness harness) =>
        await harness.ReadAsync(RunPaths.Manifest(Folder)) is { } json ? JsonSerializer.Deserialize(json, WorkflowJson.Default.Manifest) : null;

    /// <summary>Below the folder lies what the manifest names, with the bytes that it names, and nothing else.</summary>
    static async Task<List<string>> AssertWholeAsync(RunHarness harness)
    {
        var manifest = (await ManifestAsync(harness))!;
        var paths = await harness.PathsAsync(Folder);
        Assert.Equal(manifest.Result.Files!.Select(file => $"{Folder}/{file.Path}").Order(StringComparer.Ordinal), paths.Order(StringComparer.Ordinal));
        foreach (var file in manifest.Result.Files!)
        {
            var reader = (await harness.Store.OpenAsync($"{Folder}/{file.Path}", Cancellation))!;
            Assert.Equal((file.ETag, file.Hash), (reader.Properties.ETag, await PartWriter.HashAsync(reader, HashKind.Sha256, Cancellation)));
        }
        Assert.Null(await harness.ReadAsync(RunPaths.OutputIntent(Folder)));
        return paths;
    }

    static async Task<FinishRequest> CombinedAsync(RunHarness harness, string runId, RunSpec spec)
    {
        var finish = await harness.ReduceAsync(runId, spec);
        Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().CombinePartsAsync(new CombineRequest(runId, 0, 1), Cancellation)).Outcome);
        return finish;
    }

    [Fact]
    public async Task Run_WritesAFileForEachPartition()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);

        var (summary, context) = await harness.RunAsync("r", Spec());

        Assert.Equal((RunStatus.Succeeded, Folder, 3), (summary.Status, summary.Output, summary.RowsOut));
        var paths = await AssertWholeAsync(harness);
        Assert.Equal(["ff=0", "ff=1", "ff=2"], paths.Select(path => path.Split('/')[2]));
        Assert.Single(paths.Select(path => path[^24..]).Distinct());
        Assert.Equal(["0", "1", "2"], (await ManifestAsync(harness))!.Result.Files!.Select(file => file.Partition));
        Assert.InRange(context.LargestPayload, 1, 4096);
        Assert.Empty(await harness.PathsAsync(new RunPaths("r").Parts));
    }

    [Fact]
    public async Task Run_Again_GivesTheSameNamesAndBytes()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await harness.RunAsync("first", Spec());
        var first = (await ManifestAsync(harness))!;

        await harness.RunAsync("second", Spec());

        await AssertWholeAsync(harness);
        var second = (await ManifestAsync(harness))!;
        Assert.Equal(("first", "second"), (first.RunId, second.RunId));
        // Not even written anew.
        Assert.Equal(first.Result.Files, second.Result.Files);
        Assert.Null(second.Superseded);
    }

    [Fact]
    public async Task Run_OverAnOlderResultWithMorePartitions_LeavesNoneOfItsFiles()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(5);
        await harness.RunAsync("first", Spec());
        await harness.Store.PutAsync($"{Folder}/ff=4/mine.txt", "kept"u8.ToArray(), PutCondition.None, Cancellation);
        await harness.Store.PutAsync($"{Folder}/ff=4/part-00004-0123456789abcdef.parquet", "kept"u8.ToArray(), PutCondition.None, Cancellation);

        await harness.RunAsync("second", Spec("max(amount)", 1, 2));

        // What no manifest of ours names is not ours.
        Assert.Equal(["ff=1", "ff=2", "ff=4", "ff=4"], (await harness.PathsAsync(Folder)).Select(path => path.Split('/')[2]));
    }

    [Fact]
    public async Task Run_OfNoRows_RemovesTheOlderFiles()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await harness.RunAsync("first", Spec());

        var (summary, _) = await harness.RunAsync("second", Spec("sum(amount)", 77));

        Assert.Equal((RunStatus.Succeeded, 0), (summary.Status, summary.RowsOut));
        Assert.Empty(await AssertWholeAsync(harness));
    }

    [Fact]
    public async Task Commit_TwoRunsIntoOneFolder_OneConflictsAndLeavesNothing()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var first = await CombinedAsync(harness, "first", Spec());
        var second = await CombinedAsync(harness, "second", Spec("max(amount)"));

        var won = await harness.SummaryAsync("first", await harness.CreateActivities().CommitRunAsync(first, Cancellation));
        var paths = await AssertWholeAsync(harness);
        var lost = await harness.SummaryAsync("second", await harness.CreateActivities().CommitRunAsync(second, Cancellation));

        Assert.Equal(RunStatus.Succeeded, won.Status);
        Assert.Equal((RunStatus.Failed, "output-conflict"), (lost.Status, Assert.Single(lost.Errors!).Code));
        Assert.Equal(paths, await AssertWholeAsync(harness));
    }

    [Fact]
    public async Task Commit_TwoRunsAtOnce_OneWins()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finishes = new[] { await CombinedAsync(harness, "first", Spec()), await CombinedAsync(harness, "second", Spec("max(amount)")) };

        var ends = await Task.WhenAll(finishes.Select(finish => Task.Run(() => harness.CreateActivities().CommitRunAsync(finish, Cancellation))));

        Assert.Equal([RunStatus.Succeeded, RunStatus.Failed], ends.Select(end => end.Status).Order());
        await AssertWholeAsync(harness);
    }

    [Fact]
    public async Task Commit_DeliveredTwiceAtOnce_EndsOnce()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finish = await CombinedAsync(harness, "r", Spec());

        var ends = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => harness.CreateActivities().CommitRunAsync(finish, Cancellation))));

        Assert.Single(ends.Distinct());
        Assert.Equal(RunStatus.Succeeded, ends[0].Status);
        await AssertWholeAsync(harness);
    }

    /// <summary>Every call that the commit makes is the last one of a process: then the same run goes on.</summary>
    [Fact]
    public async Task Commit_KilledAtAnyCall_TheSameRunFinishes()
    {
        for (var kill = 1; ; kill++)
        {
            var harness = new RunHarness();
            await harness.WriteDataAsync(4);
            await harness.RunAsync("older", Spec("max(amount)"));
            var finish = await CombinedAsync(harness, "r", Spec("sum(amount)", 1, 2));
            var died = await KilledAsync(harness, finish, kill);

            // Readers of the manifest see one result or the other, whole.
            foreach (var file in (await ManifestAsync(harness))!.Result.Files!) Assert.NotNull(await harness.ReadAsync($"{Folder}/{file.Path}"));
            var end = await harness.CreateActivities().CommitRunAsync(finish, Cancellation);

            Assert.Equal(RunStatus.Succeeded, end.Status);
            Assert.Equal(2, (await AssertWholeAsync(harness)).Count);
            if (!died) break;
        }
    }

    /// <summary>The same, and the run never comes back: the next one removes what it left.</summary>
    [Fact]
    public async Task Commit_KilledAtAnyCallForGood_TheNextRunLeavesNothingOfIt()
    {
        for (var kill = 1; ; kill++)
        {
            var harness = new RunHarness();
            await harness.WriteDataAsync(4);
            await harness.RunAsync("older", Spec("max(amount)"));
            var died = await KilledAsync(harness, await CombinedAsync(harness, "r", Spec("sum(amount)", 1, 2)), kill);

            var (summary, _) = await harness.RunAsync("next", Spec("min(amount)", 0));

            Assert.Equal(RunStatus.Succeeded, summary.Status);
            Assert.Single(await AssertWholeAsync(harness));
            if (!died) break;
        }
    }

    /// <summary>Commits until a call before or after whose effect the process dies; false when there were not so many calls.</summary>
    static async Task<bool> KilledAsync(RunHarness harness, FinishRequest finish, int kill)
    {
        var calls = 0;
        var dead = false;
        harness.Store.Hook = call =>
        {
            if (Interlocked.Increment(ref calls) >= kill) dead = true;
            return dead ? throw new StorageException(StorageFailure.Unreachable, call.Path, "killed") : Task.CompletedTask;
        };
        try
        {
            await harness.CreateActivities().CommitRunAsync(finish, Cancellation);
        }
        catch (StorageException) when (dead) { }
        harness.Store.Hook = null;
        harness.Store.BreakLease(RunPaths.OutputLock(Folder));
        return dead;
    }

    /// <summary>A commit stands still before it puts its manifest until another has got its lock and to any call of its own; then it goes on first.</summary>
    [Fact]
    public async Task Commit_StandsStillBeforeItsManifest_NoVisibleFileGoes()
    {
        for (var call = 1; ; call++)
        {
            var harness = new RunHarness();
            await harness.WriteDataAsync(2);
            await harness.RunAsync("older", Spec("max(amount)"));
            var (late, other) = (await CombinedAsync(harness, "late", Spec("sum(amount)", 1)), await CombinedAsync(harness, "other", Spec("min(amount)", 0)));
            var (first, goesOn) = await harness.CommitUntilAsync(late, (_, path) => path == RunPaths.Manifest(Folder));
            harness.Store.BreakLease(RunPaths.OutputLock(Folder));
            var (second, follows) = await harness.CommitUntilAsync(other, (number, _) => number == call);
            var isThrough = second.IsCompleted;

            goesOn();
            var firstEnded = await TryEndAsync(first);
            await AssertVisibleAsync(harness);
            follows();
            if (!await TryEndAsync(second)) await harness.CreateActivities().CommitRunAsync(other, Cancellation);
            if (!firstEnded) await harness.CreateActivities().CommitRunAsync(late, Cancellation);

            await AssertVisibleAsync(harness);
            var statuses = await Task.WhenAll(((FinishRequest[])[late, other]).Select(async run => (await RunEnding.ReadAsync(harness.Store, run.Paths, Cancellation))!.Status));
            Assert.Equal([RunStatus.Succeeded, RunStatus.Failed], statuses.Order());
            Assert.Equal(statuses[0] == RunStatus.Succeeded ? "late" : "other", (await ManifestAsync(harness))!.RunId);
            if (isThrough) break;
        }

        static async Task<bool> TryEndAsync(Task<RunEnd> committing)
        {
            try
            {
                await committing;
                return true;
            }
            catch (StorageException lost) when (lost.Failure == StorageFailure.Unreachable)
            {
                return false;
            }
        }
    }

    static async Task AssertVisibleAsync(RunHarness harness)
    {
        foreach (var file in (await ManifestAsync(harness))!.Result.Files!) Assert.Equal(file.ETag, (await harness.Store.OpenAsync($"{Folder}/{file.Path}", Cancellation))?.Properties.ETag);
    }

    [Fact]
    public async Task Commit_FileOfTheSameNameDamaged_IsWrittenAnew()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        await harness.RunAsync("first", Spec());
        var paths = await harness.PathsAsync(Folder);
        await harness.Store.PutAsync(paths[1], "damage"u8.ToArray(), PutCondition.None, Cancellation);

        await harness.RunAsync("second", Spec());

        Assert.Equal(paths, await AssertWholeAsync(harness));
    }

    [Fact]
    public async Task Commit_PutRefusedForGood_LeavesTheOlderResultAloneAndTheRestToTheNextRun()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await harness.RunAsync("older", Spec("max(amount)"));
        var paths = await harness.PathsAsync(Folder);
        var finish = await CombinedAsync(harness, "r", Spec());
        harness.Store.Hook = call => call is { Operation: StoreOperation.Put, TookEffect: false } && call.Path.StartsWith($"{Folder}/ff=2/", StringComparison.Ordinal)
            ? throw new StorageException(StorageFailure.AccessDenied, call.Path, "denied")
            : Task.CompletedTask;

        var summary = await harness.SummaryAsync("r", await harness.CreateActivities().CommitRunAsync(finish, Cancellation));

        Assert.Equal((RunStatus.Failed, "access-denied"), (summary.Status, Assert.Single(summary.Errors!).Code));
        Assert.Empty(paths.Except(await harness.PathsAsync(Folder)));

        harness.Store.Hook = null;
        Assert.Equal(RunStatus.Succeeded, (await harness.RunAsync("next", Spec("min(amount)"))).Summary.Status);
        await AssertWholeAsync(harness);
    }

    [Theory]
    [InlineData("""{ "version": 99, "result": 7 }""")]
    [InlineData("not json")]
    public async Task Plan_ManifestThatCannotBeRead_IsAConflict(string manifest)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(1);
        await harness.Store.PutAsync(RunPaths.Manifest(Folder), System.Text.Encoding.UTF8.GetBytes(manifest), PutCondition.None, Cancellation);

        var (summary, _) = await harness.RunAsync("r", Spec());

        Assert.Equal((RunStatus.Failed, "output-conflict"), (summary.Status, Assert.Single(summary.Errors!).Code));
    }

    [Theory]
    [InlineData("lake")]
    [InlineData("lake/out")]
    [InlineData("")]
    public async Task Plan_FolderThatTheNextRunWouldRead_IsRefused(string below)
    {
        var harness = new RunHarness();
        var spec = Spec();
        var (source, output) = below.Length > 0 ? ("lake", below) : ("lake/ff=0", "lake");

        await harness.StartAsync("r", spec with { Source = spec.Source with { Path = source }, Output = spec.Output with { Path = output } });

        var plan = await harness.CreateActivities(data: "/state").PlanRunAsync(new PlanRequest("r", 1), Cancellation);

        Assert.Equal(("conflict", "/output/path"), (Assert.Single(plan.Errors!).Code, plan.Errors![0].Pointer));
    }

    [Fact]
    public async Task Manifest_ThatNamesOtherPaths_DeletesNoneOfThem()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        await harness.RunAsync("first", Spec());
        var manifest = (await ManifestAsync(harness))!;
        var hostile = manifest with { Result = manifest.Result with { Files = [.. manifest.Result.Files!, .. new[] { "../../lake/a.parquet", "ff=0/../../../lake/a.parquet", "x.parquet" }.Select(path => manifest.Result.Files![0] with { Path = path })] } };
        await harness.Store.PutAsync(RunPaths.Manifest(Folder), JsonSerializer.SerializeToUtf8Bytes(hostile, WorkflowJson.Default.Manifest), PutCondition.None, Cancellation);

        var (summary, _) = await harness.RunAsync("second", Spec("max(amount)"));

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.NotNull(await harness.ReadAsync("lake/a.parquet"));
        Assert.Equal(2, (await AssertWholeAsync(harness)).Count);
    }

    [Theory]
    [InlineData(100, 1)]
    [InlineData(7, 3)]
    public async Task Combine_PartitionOfManyRows_GetsSeveralFiles(long maxRows, int files)
    {
        var harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
            task.Combine is { } combine && combine.MaxFileRows != maxRows ? await inner.RunAsync(task with { Combine = combine with { MaxFileRows = maxRows } }, TimeSpan.FromMinutes(1), static _ => { }, Cancellation) : null));
        await harness.WriteDataAsync(2, rows: 20);
        var spec = Spec() with { Reduce = new ReduceSpec { Select = ["amount"] } };

        var (summary, _) = await harness.RunAsync("r", spec);

        Assert.Equal(40, summary.RowsOut);
        var paths = await AssertWholeAsync(harness);
        Assert.Equal(2 * files, paths.Count);
        var rows = new List<string>();
        foreach (var path in paths)
        {
            var source = new ObjectSource((await harness.Store.OpenAsync(path, Cancellation))!, new Traffic());
            var footer = await FooterReader.ReadAsync(source, Cancellation);
            Assert.Equal("amount", Assert.Single(footer.Columns).Name);
            await using var reader = new ColumnBatchReader(source, footer, new Schema([new Field("amount", DataType.Int64)]), new Engine.Buffers(new Engine.MemoryAccount(1 << 24)));
            await foreach (var batch in reader.ReadAsync(100, Cancellation)) rows.AddRange(Enumerable.Range(0, batch.Rows).Select(row => $"{path.Split('/')[2]} {batch.Columns[0][row]}"));
        }
        Assert.Equal(Enumerable.Range(0, 40).Select(row => $"ff={row / 20} {row % 20}"), rows);
    }

    [Fact]
    public async Task History_OfManyFiles_HasNoPayloadAboveFourKilobytes()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2_000, rows: 1);

        var (summary, context) = await harness.RunAsync("r", Spec());

        Assert.Equal((RunStatus.Succeeded, 2_000), (summary.Status, summary.RowsOut));
        Assert.InRange(context.LargestPayload, 1, 4096);
        Assert.InRange((await harness.ReadAsync(new RunPaths("r").Receipt("combine")))!.Length, 1, 1024);
        Assert.Equal(2_000, (await ManifestAsync(harness))!.Result.Files!.Count);
    }
}
