using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Proof, combine and commit.</summary>
public class RunCommitTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static async Task<string> ReceiptAsync(RunHarness harness, string runId) => new RunPaths(runId).Receipt((await harness.SlicesAsync(runId))[1].TaskId);

    static async Task CombineAsync(RunHarness harness, FinishRequest finish, int failed = 0) =>
        Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().CombinePartsAsync(new CombineRequest(finish.RunId, failed, 1), Cancellation)).Outcome);

    static async Task<RunSummary> CommitAsync(RunHarness harness, FinishRequest finish) =>
        await harness.SummaryAsync(finish.RunId, await harness.CreateActivities().CommitRunAsync(finish, Cancellation));

    static async Task FailsAsync(RunHarness harness, FinishRequest finish, string code)
    {
        var (_, summary) = await harness.FinishAsync(finish);
        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.Contains(summary.Errors!, error => error.Code == code);
        Assert.Empty(await harness.PathsAsync("results"));
    }

    /// <summary>Nothing is committed before this task has run again, and all of it afterwards.</summary>
    static async Task MendsAsync(RunHarness harness, FinishRequest finish, int task)
    {
        var combined = await harness.CreateActivities().CombinePartsAsync(new CombineRequest("r", 0, 1), Cancellation);
        Assert.Equal((TaskOutcome.InputChanged, task), (combined.Outcome, Assert.Single(combined.Lost!)));
        Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().ReduceTaskAsync(new TaskRequest("r", task, 1), Cancellation)).Outcome);
        Assert.Equal(RunStatus.Succeeded, (await harness.FinishAsync(finish)).Summary.Status);
    }

    [Theory]
    [InlineData("inputs")]
    [InlineData("rows")]
    [InlineData("partition")]
    [InlineData("task")]
    [InlineData("outcome")]
    [InlineData("part of another task")]
    [InlineData("no part")]
    [InlineData("part of no rows")]
    public async Task Combine_TamperedReceipt_RunsTheTaskAgain(string what)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());

        await harness.TamperAsync(await ReceiptAsync(harness, "r"), receipt => what switch
        {
            "inputs" => receipt with { InputsHash = new string('0', 64) },
            "rows" => receipt with { RowsDecoded = receipt.RowsDecoded - 1 },
            "task" => receipt with { TaskId = receipt.TaskId + "0" },
            "outcome" => receipt with { Outcome = TaskOutcome.Transient },
            "part of another task" => receipt with { Part = receipt.Part! with { Path = new RunPaths("r").Part("00000-x") } },
            "no part" => receipt with { Part = null },
            "part of no rows" => receipt with { RowsSelected = 0 },
            _ => receipt with { RowsInPartition = receipt.RowsInPartition + 1 },
        });

        await MendsAsync(harness, finish, 1);
    }

    [Fact]
    public async Task Combine_ReceiptInThePlaceOfAnother_RunsTheTaskAgain()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        var receipts = await harness.PathsAsync("fanfold/runs/r/receipts");

        await harness.Store.PutAsync(receipts[0], (await harness.ReadAsync(receipts[1]))!, PutCondition.None, Cancellation);

        await MendsAsync(harness, finish, (await harness.SlicesAsync("r")).Single(slice => receipts[0] == new RunPaths("r").Receipt(slice.TaskId)).Index);
    }

    /// <summary>A task that failed in one delivery and succeeded in another is in the result, if it did so before the parts are combined.</summary>
    [Theory]
    [InlineData(0, "proof-failed")]
    [InlineData(2, null)]
    public async Task Combine_OtherFailuresOnRecordThanHappened_ProvesWhatIsThere(int failed, string? code)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        var receipt = await ReceiptAsync(harness, "r");
        await harness.Store.PutAsync(receipt.Replace(".json", ".failed.json", StringComparison.Ordinal), (await harness.ReadAsync(receipt))!, PutCondition.None, Cancellation);
        await harness.Store.DeleteAsync(receipt, Cancellation);

        if (code is not null) await FailsAsync(harness, finish with { FailedTasks = failed }, code);
        else Assert.Equal((RunStatus.SucceededWithFailures, 2), ((await harness.FinishAsync(finish with { FailedTasks = failed })).Summary.Status, (await harness.FinishAsync(finish with { FailedTasks = failed })).Summary.Partitions.Succeeded));
    }

    /// <summary>What is given up when the parts are combined stays out of the result, though a late delivery succeeds before the commit.</summary>
    [Fact]
    public async Task Commit_ATaskGivenUpSucceedsMeanwhile_IsLeftOut()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) => ScriptedIsolation.PartitionOf(task) == 1 && attempt == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec("""{ "toleratedFailures": 1 }"""), expected: null) with { FailedTasks = 1 };
        await CombineAsync(harness, finish, failed: 1);
        Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().ReduceTaskAsync(new TaskRequest("r", 1, 1), Cancellation)).Outcome);

        var summary = await CommitAsync(harness, finish);

        Assert.Equal((RunStatus.SucceededWithFailures, 2), (summary.Status, summary.Partitions.Succeeded));
        Assert.Equal("1", Assert.Single(summary.Errors!).Partition);
    }

    /// <summary>The same before they are combined again: the late delivery has removed the record of the failure, and nothing of the task is lost.</summary>
    [Fact]
    public async Task Combine_ATaskGivenUpSucceedsLate_IsNotTakenForLost()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) => ScriptedIsolation.PartitionOf(task) == 1 && attempt == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData)
            : task.TaskId == RunPaths.CombineTask && attempt == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.Transient) : null));
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec("""{ "toleratedFailures": 1 }"""), expected: null) with { FailedTasks = 1 };
        Assert.Equal(TaskOutcome.Transient, (await harness.CreateActivities().CombinePartsAsync(new CombineRequest("r", 1, 1), Cancellation)).Outcome);
        Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().ReduceTaskAsync(new TaskRequest("r", 1, 2), Cancellation)).Outcome);

        await CombineAsync(harness, finish, failed: 1);
        var summary = await CommitAsync(harness, finish);

        Assert.Equal((RunStatus.SucceededWithFailures, 2, 1), (summary.Status, summary.Partitions.Succeeded, summary.Partitions.Failed));
        Assert.Equal(("redrive-needed", "1"), (Assert.Single(summary.Errors!).Code, summary.Errors![0].Partition));
        // A redrive takes it in as it is.
        Assert.NotNull(await harness.ReadAsync(await ReceiptAsync(harness, "r")));
    }

    /// <summary>What the store lost of a task, the task makes again.</summary>
    [Theory]
    [InlineData("receipt")]
    [InlineData("part")]
    [InlineData("part replaced")]
    [InlineData("part rotten")]
    [InlineData("all")]
    public async Task Combine_ReceiptOrPartLost_RunsTheTaskAgain(string lost)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await harness.RunAsync("undisturbed", RunHarness.Spec());
        var expected = await harness.ReadAsync(RunHarness.Output);
        await harness.ReduceAsync("r", RunHarness.Spec());
        var parts = (await harness.SlicesAsync("r")).Select(slice => new RunPaths("r").Part(slice.TaskId)).ToList();
        foreach (var part in lost == "all" ? parts : [parts[1]])
        {
            if (lost == "part rotten")
            {
                harness.Store.Rot(part);
                continue;
            }
            await harness.Store.DeleteAsync(lost == "receipt" ? await ReceiptAsync(harness, "r") : part, Cancellation);
            if (lost == "part replaced") await harness.Store.PutAsync(part, "other"u8.ToArray(), PutCondition.None, Cancellation);
        }

        var (summary, context) = await harness.RunAsync("r", RunHarness.Spec("""{ "retries": 0, "parallel": 1 }"""));

        Assert.Equal(RunStatus.Succeeded, summary.Status);
        Assert.Equal(expected, await harness.ReadAsync(RunHarness.Output));
        Assert.Equal(lost switch { "receipt" => [0, 1, 2], "all" => [0, 1, 2, 0, 1, 2], _ => [0, 1, 2, 1] }, context.Tasks.Select(task => task.Index));
        Assert.Equal((3, 3), (context.Progress[^1].TasksDone, context.Progress[^1].TasksTotal));
        Assert.Empty(await harness.PathsAsync(new RunPaths("r").Parts));
    }

    [Fact]
    public async Task Combine_PartsLostAgainAndAgain_GivesUp()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var spec = RunHarness.Spec("""{ "retries": 1, "parallel": 1 }""");
        await harness.PlanAsync("r", spec);
        var part = new RunPaths("r").Part((await harness.SlicesAsync("r"))[1].TaskId);
        harness.Store.Hook = call => call is { Operation: StoreOperation.Put, TookEffect: true } && call.Path == part ? harness.Store.DeleteAsync(call.Path, Cancellation) : Task.CompletedTask;

        var (summary, context) = await harness.RunAsync("r", spec);

        Assert.Equal((RunStatus.Failed, "part-lost"), (summary.Status, Assert.Single(summary.Errors!).Code));
        Assert.Equal([0, 1, 2, 1, 1], context.Tasks.Select(task => task.Index));
        Assert.Empty(await harness.PathsAsync("results"));
    }

    /// <summary>Nothing of it is ever visible, and a redrive combines again.</summary>
    [Theory]
    [InlineData("perPartition", "gone", "result")]
    [InlineData("perPartition", "rotten", "result")]
    [InlineData("perPartition", "rotten", "result", true)]
    [InlineData("perPartition", "rotten at its end", "result", true)]
    [InlineData("sharedScan", "gone", "result-partitions")]
    [InlineData("sharedScan", "rotten", "result-partitions")]
    public async Task Commit_CombinedPartLost_SaysSoAndIsRedriven(string strategy, string how, string part, bool hive = false)
    {
        var harness = new RunHarness { Host = new HostCapacity(4) { LeastSlice = 1 } };
        await harness.WriteDataAsync(3);
        var spec = RunHarness.SpecOf("""{ "aggregates": { "n": "len()" } }""", output: hive ? """{ "path": "results/out", "layout": "hive" }""" : """{ "path": "results/out.parquet" }""", strategy: strategy);
        var combined = $"{new RunPaths("r").Parts}/{part}";
        harness.Store.Hook = async call =>
        {
            if (call is not { Operation: StoreOperation.Put, TookEffect: true } || call.Path != new RunPaths("r").Receipt("combine")) return;
            if (how == "gone") await harness.Store.DeleteAsync(combined, Cancellation);
            else harness.Store.Rot(combined, how == "rotten" && strategy == "perPartition" ? 0 : ^1);
        };
        var failed = await harness.DriveAsync("r", spec);

        Assert.Equal("part-lost", Assert.Single(failed.Errors!).Code);
        Assert.StartsWith(new RunPaths("r").CombinedPart, failed.Errors![0].File, StringComparison.Ordinal);
        // Files that no manifest names are no result.
        Assert.True(hive ? await harness.ReadAsync("results/out.manifest.json") is null : (await harness.PathsAsync("results")).Count == 0);
        harness.Store.Hook = null;
        var redriven = await harness.GoOnAsync("r", redrives: true);
        Assert.Equal((RunStatus.Succeeded, 3), (redriven!.Status, redriven.Tasks.Reused));
        Assert.Equal(hive ? 4 : 2, (await harness.PathsAsync("results")).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_ReceiptOfTheResultTampered_ProvesNothing(bool path)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        await CombineAsync(harness, finish);

        await harness.TamperAsync(new RunPaths("r").Receipt("combine"), receipt => receipt with { Part = path ? receipt.Part! with { Path = new RunPaths("r").Part("00000-x") } : receipt.Part! with { Rows = 2 } });
        var summary = await CommitAsync(harness, finish);

        Assert.Equal("proof-failed", Assert.Single(summary.Errors!).Code);
        Assert.Empty(await harness.PathsAsync("results"));
    }

    [Fact]
    public async Task Commit_TwoRunsIntoOneOutput_OneConflicts()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var first = await harness.ReduceAsync("first", RunHarness.Spec());
        var second = await harness.ReduceAsync("second", RunHarness.Spec(aggregate: "max(amount)"));
        foreach (var finish in (FinishRequest[])[first, second]) await CombineAsync(harness, finish);

        var won = await CommitAsync(harness, first);
        var result = await harness.ReadAsync(RunHarness.Output);
        var lost = await CommitAsync(harness, second);

        Assert.Equal(RunStatus.Succeeded, won.Status);
        Assert.Equal((RunStatus.Failed, "output-conflict"), (lost.Status, Assert.Single(lost.Errors!).Code));
        Assert.Equal(result, await harness.ReadAsync(RunHarness.Output));
        var (later, _) = await harness.RunAsync("third", RunHarness.Spec(aggregate: "max(amount)"));
        Assert.Equal(RunStatus.Succeeded, later.Status);
        Assert.NotEqual(result, await harness.ReadAsync(RunHarness.Output));
    }

    /// <summary>A run stands still between its result and its manifest, and another one that was planned then gets the lock and goes so far.</summary>
    [Theory]
    [InlineData("result", RunStatus.Succeeded)]
    [InlineData("manifest", RunStatus.Failed)]
    [InlineData("end", RunStatus.Failed)]
    public async Task Commit_StandsStillBetweenResultAndManifest_NoManifestIsThatOfAnother(string until, RunStatus expected)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var late = await harness.ReduceAsync("late", RunHarness.Spec());
        await CombineAsync(harness, late);
        var (first, goOn) = await harness.CommitUntilAsync(late, (_, path) => path == RunPaths.Manifest(RunHarness.Output));
        var other = await harness.ReduceAsync("other", RunHarness.Spec(aggregate: "max(amount)"));
        await CombineAsync(harness, other);
        harness.Store.BreakLease(RunPaths.OutputLock(RunHarness.Output));
        var (second, follow) = await harness.CommitUntilAsync(other, (_, path) => until != "end" && path == (until == "result" ? RunHarness.Output : RunPaths.Manifest(RunHarness.Output)));

        goOn();
        // It learns at its next call that the lock is lost, and tries again.
        await Assert.ThrowsAsync<StorageException>(() => first);
        if (until == "result") harness.Store.BreakLease(RunPaths.OutputLock(RunHarness.Output));
        var again = harness.CreateActivities().CommitRunAsync(late, Cancellation);
        if (until == "result") await again;
        follow();

        Assert.Equal((expected, RunStatus.Succeeded), ((await again).Status, (await EndAsync(second, other)).Status));
        var manifest = System.Text.Json.JsonSerializer.Deserialize(await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)), WorkflowJson.Default.Manifest)!;
        Assert.Equal(("other", manifest.Result.ETag), (manifest.RunId, (await harness.Store.OpenAsync(RunHarness.Output, Cancellation))!.Properties.ETag));
        if (expected == RunStatus.Failed) Assert.Equal("output-conflict", Assert.Single((await harness.SummaryAsync("late", await again)).Errors!).Code);

        async Task<RunEnd> EndAsync(Task<RunEnd> committing, FinishRequest commit)
        {
            try
            {
                return await committing;
            }
            catch (StorageException lost) when (lost.Failure == StorageFailure.Unreachable)
            {
                return await harness.CreateActivities().CommitRunAsync(commit, Cancellation);
            }
        }
    }

    [Fact]
    public async Task EveryActivity_DeliveredTwice_ChangesNothing()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        for (var i = 0; i < 3; i++) Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().ReduceTaskAsync(new TaskRequest("r", i, 1), Cancellation)).Outcome);
        for (var i = 0; i < 2; i++) await CombineAsync(harness, finish);

        var once = await harness.CreateActivities().CommitRunAsync(finish, Cancellation);
        var manifest = await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output));
        var twice = await harness.CreateActivities().CommitRunAsync(finish, Cancellation);

        Assert.Equal(RunStatus.Succeeded, once.Status);
        Assert.Equal(once, twice);
        Assert.Equal(manifest, await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)));
        for (var i = 0; i < 2; i++) await harness.CreateActivities().CleanUpAsync(new RunRequest("r", false), Cancellation);
    }

    [Fact]
    public async Task Commit_ReplyOfTheResultsPutLost_SucceedsOnTheNextDelivery()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec());
        await CombineAsync(harness, finish);
        harness.Store.Hook = call => call is { Operation: StoreOperation.Put, Path: RunHarness.Output, TookEffect: true }
            ? throw new StorageException(StorageFailure.Unreachable, call.Path, "lost")
            : Task.CompletedTask;
        await Assert.ThrowsAsync<StorageException>(() => harness.Activities.CommitRunAsync(finish, Cancellation));

        harness.Store.Hook = null;
        var summary = await CommitAsync(harness, finish);

        Assert.Equal(RunStatus.Succeeded, summary.Status);
    }
}
