using System.IO.Compression;
using System.Text.Json;
using Fanfold.Engine.Tests;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Durable;

/// <summary>
/// Histories of runs as they were once recorded, replayed against the code of today: a run that an older build began must go on with a newer one. A change that breaks
/// one needs a new name for its workflow, not a new recording, once a version has been released. <c>FANFOLD_RECORD_HISTORIES=1</c> records those that are missing.
/// </summary>
public class HistoryTests
{
    /// <summary>What Durable engines and their stores pass on without spilling.</summary>
    const int MostBytesOfAnEvent = 4096;

    static readonly string Folder = Path.Combine(Repository.Root, "tests", "Workflow.Tests", "Durable", "Histories");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly Dictionary<string, Func<Task<RunHarness>>> Scenarios = new()
    {
        ["success-1"] = () => RunAsync(1),
        ["success-64"] = () => RunAsync(64),
        ["success-2000"] = () => RunAsync(2000, rows: 1),
        ["retries-then-success"] = () => RunAsync(3, (task, attempt) => ScriptedIsolation.PartitionOf(task) == 1 && attempt < 3 ? ScriptedIsolation.Failed(task, TaskOutcome.Throttled) with { RetryAfterSeconds = 0.5 } : null),
        ["failure"] = () => RunAsync(5, (task, _) => ScriptedIsolation.PartitionOf(task) == 3 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null),
        ["failure-tolerated"] = () => RunAsync(5, (task, _) => ScriptedIsolation.PartitionOf(task) == 3 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null, limits: """{ "parallel": 2, "toleratedFailures": 1 }"""),
        ["failure-refused"] = () => RunAsync(2, reduce: """{ "aggregates": { "total": "sum(nothing)" } }"""),
        ["cancel"] = CancelAsync,
        ["split"] = SplitAsync,
        ["redrive"] = RedriveAsync,
    };

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.jsonl*").Select(Path.GetFileName).Order(StringComparer.Ordinal).Select(name => name!)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Replay_OfARecordedHistory_TakesTheSameWay(string file)
    {
        var lines = await ReadAsync(file);
        using var about = JsonDocument.Parse(lines[0]);
        var orchestration = new Orchestration("r", about.RootElement.GetProperty("workflow").GetString()!);
        var events = lines.Skip(1).Select(line => JsonSerializer.Deserialize(line, JournalJson.Default.HistoryEvent)!).ToList();

        foreach (var recorded in events) orchestration.Apply(recorded);

        Assert.NotNull(orchestration.End);
        Assert.Empty(orchestration.Unrecorded);
        Assert.All(lines, line => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(line), 1, MostBytesOfAnEvent));
    }

    /// <summary>The test above can fail: any other decision, or any other order of them, is seen.</summary>
    [Fact]
    public async Task Replay_OfAHistoryThatTookAnotherWay_IsSeen()
    {
        var lines = await ReadAsync("success-64.jsonl");
        var events = lines.Skip(1).Select(line => JsonSerializer.Deserialize(line, JournalJson.Default.HistoryEvent)!).ToList();
        var decisions = events.Index().Where(at => at.Item.IsDecision).Select(at => at.Index).ToList();
        foreach (var at in decisions)
        {
            var changed = events.ToList();
            changed[at] = changed[at] with { Name = "Another", Payload = JsonSerializer.SerializeToElement(1) };
            var orchestration = new Orchestration("r", "Run");
            Assert.Throws<RunStateException>(() =>
            {
                foreach (var recorded in changed) orchestration.Apply(recorded);
            });
        }
    }

    [Fact]
    public async Task Histories_OfAllScenarios_AreThere()
    {
        if (Environment.GetEnvironmentVariable("FANFOLD_RECORD_HISTORIES") == "1")
        {
            foreach (var (name, record) in Scenarios.Where(scenario => !Files.Any(file => file.Data.StartsWith(scenario.Key + ".", StringComparison.Ordinal)))) await RecordAsync(name, await record());
        }
        Assert.Equal(Scenarios.Keys.Order(StringComparer.Ordinal), Directory.GetFiles(Folder).Select(file => Path.GetFileName(file).Split('.')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    static async Task<RunHarness> RunAsync(int partitions, Func<WorkerTask, int, TaskReceipt?>? script = null, string limits = """{ "parallel": 4 }""", string reduce = """{ "aggregates": { "total": "sum(amount)" } }""", int rows = 10)
    {
        var harness = new RunHarness(script is null ? null : ScriptedIsolation.Of(script));
        await harness.WriteDataAsync(partitions, rows);
        await harness.DriveOnceAsync("r", RunHarness.SpecOf(reduce, limits));
        return harness;
    }

    static async Task<RunHarness> CancelAsync()
    {
        var store = new MemoryObjectStore();
        var harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            if (ScriptedIsolation.PartitionOf(task) != 2) return null;
            await CancelSignal.SetAsync(store, new RunPaths("r"), TimeProvider.System, Cancellation);
            return ScriptedIsolation.Failed(task, TaskOutcome.Cancelled);
        }), store: store);
        await harness.WriteDataAsync(5);
        await harness.DriveOnceAsync("r", RunHarness.Spec("""{ "parallel": 2 }"""));
        return harness;
    }

    static async Task<RunHarness> SplitAsync()
    {
        var store = new MemoryObjectStore();
        var harness = new RunHarness(inner => new HungryIsolation(store, inner, (task, _) => ScriptedIsolation.PartitionOf(task) == 1 && HungryIsolation.Describe(task) is "whole" or "3-4" ? HungryIsolation.Memory(task) : null), store: store);
        await harness.WriteDataAsync(2, rowGroups: 2);
        await harness.DriveOnceAsync("r", RunHarness.SpecOf("""{ "groupBy": ["amount"], "aggregates": { "n": "len()" } }"""));
        return harness;
    }

    static async Task<RunHarness> RedriveAsync()
    {
        var fails = true;
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => fails && ScriptedIsolation.PartitionOf(task) is 1 or 3 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(5);
        await harness.DriveOnceAsync("r", RunHarness.Spec("""{ "parallel": 2 }"""));
        fails = false;
        await harness.GoOnAsync("r", redrives: true);
        return harness;
    }

    /// <summary>Every journal of the run as a file: a line that names the workflow, then its events.</summary>
    static async Task RecordAsync(string name, RunHarness harness)
    {
        var segments = (await harness.PathsAsync("fanfold/runs/r")).Where(path => path.EndsWith(".jsonl", StringComparison.Ordinal) && path.Contains("/journal", StringComparison.Ordinal));
        foreach (var journal in segments.GroupBy(path => path[..path.LastIndexOf('/')]))
        {
            var instance = journal.Key["fanfold/runs/r/".Length..].Replace('/', '-').Replace("journal-", "", StringComparison.Ordinal).Replace("-journal", "", StringComparison.Ordinal);
            var lines = new List<string> { $$"""{"workflow":"{{(journal.Key.Contains("/journal-", StringComparison.Ordinal) ? nameof(RunOrchestration.RunTasks) : nameof(RunOrchestration.Run))}}"}""" };
            foreach (var segment in journal) lines.AddRange(System.Text.Encoding.UTF8.GetString((await harness.ReadAsync(segment))!).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1));
            var file = Path.Combine(Folder, $"{name}{(instance == "journal" ? "" : "." + instance)}.jsonl");
            var text = string.Concat(lines.Select(line => line + "\n"));
            if (text.Length < 100_000)
            {
                await File.WriteAllTextAsync(file, text, Cancellation);
                continue;
            }
            await using var packed = new GZipStream(File.Create(file + ".gz"), CompressionLevel.SmallestSize);
            await packed.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), Cancellation);
        }
    }

    static async Task<List<string>> ReadAsync(string name)
    {
        await using var file = File.OpenRead(Path.Combine(Folder, name));
        using var reader = new StreamReader(name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        return [.. (await reader.ReadToEndAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
