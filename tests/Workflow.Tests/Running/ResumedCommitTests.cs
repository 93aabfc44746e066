using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Commits that go on where another delivery, another build or an earlier drive left off.</summary>
public class ResumedCommitTests
{
    const string Tolerant = """{ "toleratedFailures": 1 }""";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The host dies between the manifest and the run's outcome, and what goes on would write the manifest a little otherwise.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_ItsManifestIsThereAndDiffersInWhatIsIncidental_IsNoConflict(bool ofAnOlderBuild)
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) with { PeakMemory = 5 << 20 } : null));
        await harness.WriteDataAsync(3);
        var finish = await harness.ReduceAsync("r", RunHarness.Spec(Tolerant), null) with { FailedTasks = 1 };
        Assert.Equal(TaskOutcome.Done, (await harness.CreateActivities().CombinePartsAsync(new CombineRequest("r", 1, 1), Cancellation)).Outcome);
        Assert.Equal(RunStatus.SucceededWithFailures, (await harness.CreateActivities().CommitRunAsync(finish, Cancellation)).Status);
        var paths = new RunPaths("r");
        await harness.Store.DeleteAsync(paths.Ending, Cancellation);
        await harness.Store.DeleteAsync(paths.Committed, Cancellation);
        if (ofAnOlderBuild)
        {
            var manifest = JsonNode.Parse((await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)))!)!.AsObject();
            Assert.True(manifest.Remove("cost"));
            await harness.Store.PutAsync(RunPaths.Manifest(RunHarness.Output), Encoding.UTF8.GetBytes(manifest.ToJsonString()), PutCondition.None, Cancellation);
        }
        else await harness.Store.DeleteAsync(paths.Failure((await harness.SlicesAsync("r"))[1].TaskId), Cancellation);

        Assert.Equal(RunStatus.SucceededWithFailures, (await harness.CreateActivities().CommitRunAsync(finish, Cancellation)).Status);
    }

    [Fact]
    public async Task Redrive_OfAPartitionThatTurnsOutEmpty_LeavesAManifestThatSaysSo()
    {
        var fails = true;
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => fails && ScriptedIsolation.PartitionOf(task) == 77 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        var spec = RunHarness.Spec(Tolerant, output: """{ "path": "results/trips", "layout": "hive" }""");
        spec = spec with { PartitionBy = spec.PartitionBy with { Values = [PartitionValue.Number("1"), PartitionValue.Number("77")] } };
        await harness.WriteFileAsync("lake/a.parquet", [1, 2]);
        await harness.DriveOnceAsync("r", spec);
        Assert.Equal(RunStatus.SucceededWithFailures, (await ManifestAsync()).Status);
        fails = false;

        Assert.Equal(RunStatus.Succeeded, (await harness.GoOnAsync("r", redrives: true))!.Status);

        var manifest = await ManifestAsync();
        Assert.Equal((RunStatus.Succeeded, "partial by request"), (manifest.Status, manifest.Proof.Scope));

        async Task<Manifest> ManifestAsync() => JsonSerializer.Deserialize((await harness.ReadAsync(RunPaths.Manifest("results/trips")))!, WorkflowJson.Default.Manifest)!;
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{")]
    public async Task Run_TheTasksThatItGaveUpCantBeRead_SaysSo(string json)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        await harness.ReduceAsync("r", RunHarness.Spec());
        await harness.Store.PutAsync(new RunPaths("r").GivenUp, Encoding.UTF8.GetBytes(json), PutCondition.None, Cancellation);

        await Assert.ThrowsAsync<RunStateException>(() => harness.DriveOnceAsync("r", RunHarness.Spec()));
    }
}
