using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;
using Fanfold.Worker;

namespace Fanfold.Workflow.Tests.Durable;

/// <summary>Redrives of runs with tolerated failures, whose first result is there already, into every form of result.</summary>
public class RedriveLayoutTests
{
    static async Task<Dictionary<string, byte[]>> ResultsAsync(RunHarness harness)
    {
        var results = new Dictionary<string, byte[]>();
        foreach (var path in (await harness.PathsAsync("results")).Where(path => !path.EndsWith(".manifest.json", StringComparison.Ordinal))) results.Add(path, (await harness.ReadAsync(path))!);
        return results;
    }

    [Theory]
    [InlineData("""{ "path": "results/out.parquet" }""")]
    [InlineData("""{ "path": "results/out.csv" }""")]
    [InlineData("""{ "path": "results/out", "layout": "hive" }""")]
    public async Task Redrive_OfToleratedFailures_ReplacesTheResult(string output)
    {
        var (fails, workers) = (true, new List<string>());
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) =>
        {
            lock (workers) workers.Add(ScriptedIsolation.PartitionOf(task)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? task.TaskId);
            return fails && ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null;
        }));
        await harness.WriteDataAsync(4);
        var spec = RunHarness.Spec("""{ "toleratedFailures": 1 }""", output: output);
        await harness.DriveOnceAsync("r", spec);
        var partial = await ResultsAsync(harness);
        Assert.DoesNotContain(await harness.PathsAsync(new RunPaths("r").Parts), path => path == new RunPaths("r").CombinedPart);
        (fails, workers) = (false, []);

        var summary = (await harness.GoOnAsync("r", redrives: true))!;

        Assert.Equal((RunStatus.Succeeded, 3), (summary.Status, summary.Tasks.Reused));
        Assert.Equal(["1", "combine"], workers.Order());
        var whole = await ResultsAsync(harness);
        var undisturbed = new RunHarness();
        await undisturbed.WriteDataAsync(4);
        await undisturbed.DriveOnceAsync("another", spec);
        var expected = await ResultsAsync(undisturbed);
        Assert.Equal(expected.Values.Order(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))), whole.Values.Order(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))));
        Assert.NotEqual(partial.Values.Sum(content => content.Length), whole.Values.Sum(content => content.Length));
        Assert.Empty(await harness.PathsAsync(new RunPaths("r").Parts));
    }
}
