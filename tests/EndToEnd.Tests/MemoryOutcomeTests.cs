using System.Reflection;
using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>What becomes of tasks that need more memory than they may have, and of the runs that they belong to.</summary>
public sealed class MemoryOutcomeTests : IDisposable
{
    const string Result = "results/out.parquet";

    static readonly string Misbehaving = typeof(MemoryOutcomeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "PluginWorker").Value! + ".dll";

    // Its worker can be given to a script.
    readonly Fanfold _fanfold = new(Executable.FromSource);

    public void Dispose() => _fanfold.Dispose();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    JsonNode Manifest => JsonNode.Parse(File.ReadAllText(_fanfold.PathOf(Result + ".manifest.json")))!;

    /// <summary>A worker that lacks memory for every partition, until it is given pieces, or, where it wants them, buckets. All else is done by the real one.</summary>
    string WriteHungryWorker(bool wantsBuckets)
    {
        var path = Path.Combine(_fanfold.Folder, "hungry-worker");
        var enough = wantsBuckets ? "\"buckets\":4," : "\"piece\":";
        var worker = $"'{Executable.DotNet}' exec '{Path.Combine(AppContext.BaseDirectory, "Worker.dll")}'";
        File.WriteAllText(path, $$$"""
            #!/bin/sh
            IFS= read -r task
            case "$task" in
              *'"taskId":"discovery"'*|*'"merge":'*|*'"combine":'*|*'{{{enough}}}'*) (printf '%s\n' "$task"; cat) | {{{worker}}};;
              *) echo '{"receipt":{"version":1,"taskId":"hungry","outcome":"Memory","failure":{"code":"memory","message":"the task needs more memory than its cap"} } }';;
            esac
            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>Two values of ff in each of four row groups.</summary>
    void WriteTrips()
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake/trips")).FullName;
        for (var file = 0; file < 2; file++)
        {
            Duck.Execute($"""
                copy (select (i % 2)::int as ff, i as id, 'c' || (i * 31 % 97) as category, ((i * 104729) % 9973) / 4.0 as amount from range({file * 4096}, {(file + 1) * 4096}) t(i))
                to '{folder}/trips-{file}.parquet' (format parquet, row_group_size 2048)
                """);
        }
    }

    [Theory]
    [InlineData(true, 16, """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)", "average": "mean(amount)", "ids": "n_unique(id)", "middle": "median(amount)", "one": "first(id)", "end": "last(id)" } }""")]
    [InlineData(false, 2, """{ "groupBy": ["category"], "aggregates": { "n": "len()", "spread": "std(amount)", "one": "first(id)" }, "sort": ["-n"], "limit": 40 }""")]
    [InlineData(false, 2, """{ "aggregates": { "n": "len()", "middle": "median(amount)", "end": "last(category)" } }""")]
    [InlineData(false, 2, """{ "select": ["id", "category"] }""")]
    [InlineData(false, 2, """{ "select": ["id", "category", "amount"], "sort": ["-amount"], "limit": 100 }""")]
    public async Task Run_TaskBeyondItsCap_IsSplitAndGivesTheSameBytes(bool wantsBuckets, int pieces, string reduce)
    {
        WriteTrips();
        var spec = Fanfold.Spec("lake/trips", "ff", reduce, Result, """{ "limits": { "retries": 0 } }""");
        (await _fanfold.RunAsync(spec, "--run-id", "whole")).Exits(0);
        var expected = Fanfold.Sha256(_fanfold.PathOf(Result));
        Assert.All(Manifest["partitions"]!.AsArray(), partition => Assert.Null(partition!["pieces"]));
        File.Delete(_fanfold.PathOf(Result));
        File.Delete(_fanfold.PathOf(Result + ".manifest.json"));

        var run = (await _fanfold.RunAsync(spec, "--run-id", "split", "--worker", WriteHungryWorker(wantsBuckets))).Exits(0);

        Assert.Equal(("succeeded", 2, 0), ((string?)run.Json["status"], (int)run.Json["tasks"]!["succeeded"]!, (int)run.Json["tasks"]!["failed"]!));
        Assert.Empty(run.Errors);
        Assert.Equal(expected, Fanfold.Sha256(_fanfold.PathOf(Result)));
        Assert.All(Manifest["partitions"]!.AsArray(), partition => Assert.Equal(pieces, (int)partition!["pieces"]!));
        Assert.All(Manifest["partitions"]!.AsArray(), partition => Assert.InRange((long)partition!["peakMemory"]!, 1, (long)run.Json["peakWorkerMemory"]!));
        Assert.All(Manifest["partitions"]!.AsArray(), partition => Assert.InRange((long)partition!["forecastMemory"]!, 1, (long)run.Json["forecastWorkerMemory"]!));
        Assert.Equal("complete", (string?)Manifest["proof"]!["scope"]);
        Assert.False(Directory.Exists(_fanfold.PathOf("fanfold/runs/split/parts")));
        Assert.Empty(Directory.GetFiles(_fanfold.PathOf("fanfold/runs/split/receipts"), "*.failed.json"));
    }

    [Fact]
    public async Task Run_PluginBeyondTheLargestCap_FailsOnceItRanAloneAndSaysWhatItHad()
    {
        SeedData.WriteEven(_fanfold, "lake/trips");
        var spec = Fanfold.Spec("lake/trips", "ff", """{ "plugin": "leaks" }""", Result, """{ "partitionBy": { "column": "ff", "values": [1] }, "limits": { "memory": "256MiB" } }""");

        var run = (await _fanfold.RunAsync(spec, "--worker", Misbehaving, "--max-memory", "300MiB")).Exits(1);

        Assert.Equal(("failed", 1), ((string?)run.Json["status"], (int)run.Json["tasks"]!["failed"]!));
        Assert.Equal(("memory", "1"), ((string?)run.Error["code"], (string?)run.Error["partition"]));
        Assert.Matches("""^partition 1: the task needs more memory than its cap \(.+\).*; a task with a plug-in can't be split; alone it had 300 MiB, the most that this host gives a worker; """
            + """raise "limits.memory" above 300 MiB, or narrow the partition with "where"$""", (string)run.Error["message"]!);
        // Asked twice for the plug-in, and tried twice.
        Assert.Equal(4, _fanfold.Workers.Count);
        Assert.False(Directory.Exists(_fanfold.PathOf("results")));
    }

    /// <summary>A sort holds all its rows: the pieces' do fit, and those of all of them together do not.</summary>
    [Fact]
    public async Task Run_ScratchSpaceThatIsTooSmall_FailsWithItsOwnWords()
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake/trips")).FullName;
        Duck.Execute($"copy (select 1 as ff, i as id, (i * 7919 % 1000003) / 8.0 as amount from range(6000000) t(i)) to '{folder}/a.parquet' (format parquet, row_group_size 100000)");
        var scratch = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "scratch")).FullName;
        var spec = Fanfold.Spec("lake/trips", "ff", """{ "select": ["id", "amount"], "sort": ["amount"] }""", Result, """{ "limits": { "memory": "128MiB", "retries": 0, "parallel": 1 } }""");

        var run = (await _fanfold.RunAsync(spec, "--max-memory", "128MiB", "--scratch", scratch, "--scratch-size", "8MiB")).Exits(1);

        Assert.Equal(("failed", 1), ((string?)run.Json["status"], (int)run.Json["tasks"]!["failed"]!));
        Assert.Equal(("scratch-full", "1"), ((string?)run.Error["code"], (string?)run.Error["partition"]));
        Assert.Matches("""^partition 1: the scratch space is full: [0-9,.]+ bytes are needed beside the [0-9,.]+ there, the budget is 8.?388.?608; give the run more of it, or raise "limits.memory"$""", (string)run.Error["message"]!);
        Assert.InRange((long)run.Json["peakWorkerMemory"]!, 1, 128L << 20);
        Assert.Empty(Directory.GetFileSystemEntries(scratch));
        Assert.False(Directory.Exists(_fanfold.PathOf("results")));
    }

    [Fact]
    public async Task Run_CapThatIsTooSmallForTheWorker_IsRefusedBeforeAnythingIsRead()
    {
        var spec = Fanfold.Spec("no/such/folder", "ff", """{ "aggregates": { "n": "len()" } }""", Result, """{ "limits": { "memory": "100MiB" } }""");

        var run = (await _fanfold.RunAsync(spec)).Exits(2);
        var plan = (await _fanfold.CallAsync("plan", "spec.json", "--store", _fanfold.Store, "--json")).Exits(2);

        foreach (var refused in (Outcome[])[run, plan])
        {
            Assert.Equal(("cap-too-small", "/limits/memory"), ((string?)refused.Error["code"], (string?)refused.Error["pointer"]));
            Assert.Equal("\"limits.memory\" is 100MiB, and this host's worker can't work with less than 128MiB; raise it to that.", (string?)refused.Error["message"]);
        }
        Assert.Empty(_fanfold.Workers);
        Assert.False(Directory.Exists(_fanfold.PathOf("results")));
    }

    [Theory]
    [InlineData("--max-memory", "lots", "--max-memory 'lots': write a size with its unit, such as 4GiB.")]
    [InlineData("--scratch-size", "100", "--scratch-size '100': write a size with its unit, such as 4GiB.")]
    [InlineData("--scratch", "no-such-folder", "--scratch 'no-such-folder': there is no such folder; make it, or name another.")]
    public async Task Run_OptionThatIsNoSizeOrFolder_IsRefused(string option, string value, string message)
    {
        var run = (await _fanfold.RunAsync(Fanfold.Spec("lake/trips", "ff", """{ "aggregates": { "n": "len()" } }""", Result), option, value)).Exits(2);

        Assert.Equal(message, (string?)run.Error["message"]);
    }
}
