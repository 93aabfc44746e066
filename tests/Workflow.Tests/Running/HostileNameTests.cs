using System.Text;
using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Fanfold.Engine.Tests;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Names from specs and data over a directory: whatever they are, a run writes below its own prefix and to its output, or is refused typed.</summary>
public sealed class HostileNameTests : IDisposable
{
    const string Aggregates = """{ "aggregates": { "n": "len()" } }""";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // The store lies deep, so that what leaves it is still found.
    readonly string _sandbox = Directory.CreateTempSubdirectory("fanfold-hostile-").FullName;
    readonly string _root;
    readonly DirectoryObjectStore _store;
    readonly HashSet<string> _outputs = new(StringComparer.Ordinal);
    int _runs, _succeeded;

    public HostileNameTests()
    {
        _root = Directory.CreateDirectory(Path.Join(_sandbox, "a", "b", "c", "store")).FullName;
        _store = new DirectoryObjectStore(_root);
    }

    public void Dispose() => Directory.Delete(_sandbox, recursive: true);

    static void Execute(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Those that get a run each; a quarter of them at a time is enough for every day. <c>FANFOLD_SOAK=1</c> takes all, <c>FANFOLD_SEED</c> the same ones.</summary>
    static List<string> Some(IReadOnlyList<string> names)
    {
        var step = Soak.Cases(1) > 1 ? 1 : 4;
        var seed = Environment.GetEnvironmentVariable("FANFOLD_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Random.Shared.Next(1 << 30);
        TestContext.Current.TestOutputHelper!.WriteLine($"FANFOLD_SEED={seed}");
        return [.. names.Where((_, i) => i % step == seed % step)];
    }

    static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal).Replace("\0", "' || chr(0) || '", StringComparison.Ordinal) + "'";

    string FileOf(string path)
    {
        var file = Path.Join(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }

    static JsonObject Spec(string source, string column, string output, string layout = "file") => new()
    {
        ["version"] = 1,
        ["source"] = new JsonObject { ["path"] = source },
        ["partitionBy"] = new JsonObject { ["column"] = column },
        ["reduce"] = JsonNode.Parse(Aggregates),
        ["output"] = new JsonObject { ["path"] = output, ["layout"] = layout },
    };

    /// <summary>Null when the spec is refused.</summary>
    async Task<RunSummary?> RunAsync(JsonObject json)
    {
        var parsed = SpecParser.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()));
        if (parsed.Spec is not { } spec)
        {
            Assert.All(parsed.Errors, error => Assert.NotEqual("", error.Code));
            return null;
        }
        var (runId, driven) = ($"run-{_runs++}", spec.Output.Path);
        _outputs.Add(driven);
        var activities = new RunActivities(_store, _store, new StoreLocation(_root), new StoreLocation(_root), new InProcessIsolation(_store, _store), TimeProvider.System, new HostCapacity(2), "driver");
        var driver = new RunDriver(_store, TimeProvider.System, (request, _, token) => LocalEngine.RunAsync(RunHarness.DriveOf(request, _store, activities), request, token));
        RunSummary summary;
        try
        {
            summary = Assert.IsType<RunStart.Finished>(await driver.RunAsync(runId, spec, fresh: false, static () => { }, static _ => { }, Cancellation)).Summary;
        }
        catch (StorageException refused) when (refused.Failure == StorageFailure.InvalidPath)
        {
            return null;
        }
        if (summary.Status == RunStatus.Succeeded) _succeeded++;
        else Assert.All(summary.Errors!, error => Assert.NotEqual("bug", error.Code));
        return summary;
    }

    /// <summary>All files are below the store's root: the source, the state of runs by its names, and what the outputs name.</summary>
    void AssertContained()
    {
        foreach (var file in Directory.EnumerateFiles(_sandbox, "*", SearchOption.AllDirectories))
        {
            Assert.StartsWith(_root + "/", file, StringComparison.Ordinal);
            var path = file[(_root.Length + 1)..];
            Assert.True(path == ".fanfold.lock" || IsState(path) || path.StartsWith("source", StringComparison.Ordinal) || IsOutput(path), $"'{path}' belongs to nobody");
        }
        Assert.False(Path.Exists("/tmp/fanfold-up") || Path.Exists("/etc/fanfold-up"), "a file at an absolute path");
    }

    static bool IsState(string path) => path.Split('/') switch
    {
        ["fanfold", "runs", var run, ..] => run.StartsWith("run-", StringComparison.Ordinal) && RunPaths.IsRunId(run),
        ["fanfold", "cache", var reduction, var slice] => reduction.Length == 32 && reduction.All(char.IsAsciiHexDigitLower) && (slice == "slices.json" || slice.Split('.') is [{ Length: 24 } task, "json" or "parquet"] && task.All(char.IsAsciiHexDigitLower)),
        ["fanfold", "outputs", var output, _] => output.Length == 32 && output.All(char.IsAsciiHexDigitLower),
        _ => false,
    };

    bool IsOutput(string path)
    {
        if (_outputs.Contains(path) || path.EndsWith(".manifest.json", StringComparison.Ordinal) && _outputs.Contains(path[..^".manifest.json".Length])) return true;
        // The files of a folder: one folder down, and no further.
        return path.Split('/') is [.. var folder, var partition, _] && partition.Contains('=', StringComparison.Ordinal) && _outputs.Contains(string.Join('/', folder));
    }

    [Fact]
    public async Task Output_AnyPath_IsWhereItSaysOrRefused()
    {
        Execute($"copy (select 1 as ff) to '{FileOf("source/a.parquet")}' (format parquet)");

        foreach (var (i, name) in Some(HostileNames.All).Index()) await RunAsync(Spec("source", "ff", name, i % 3 == 0 ? "hive" : "file"));

        AssertContained();
        Assert.InRange(_succeeded, _runs / 2, _runs);
    }

    [Fact]
    public async Task PartitionValues_OfAnyText_AreFoldersOfTheResultAlone()
    {
        Execute($"copy (select * from (values {string.Join(", ", HostileNames.All.Select(name => $"({Literal(name)})"))}) t(k)) to '{FileOf("source/a.parquet")}' (format parquet)");

        var hive = await RunAsync(Spec("source", "k", "results/by-key", "hive"));
        var file = await RunAsync(Spec("source", "k", "results/all.parquet"));

        AssertContained();
        Assert.Equal((HostileNames.All.Count, HostileNames.All.Count), (hive!.Partitions.Succeeded, file!.Partitions.Succeeded));
        Assert.Equal(HostileNames.All.Count, Directory.GetFiles(Path.Join(_root, "results/by-key"), "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Columns_OfAnyName_AreFoldersOfTheResultAlone()
    {
        // A hundred columns a file: each run reads its footer.
        var names = Some([.. HostileNames.All.Where(name => !name.Contains('\0', StringComparison.Ordinal))]);
        foreach (var (i, columns) in names.Chunk(100).Index())
            Execute($"copy (select {string.Join(", ", columns.Select((name, n) => $"{n} as \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\""))}) to '{FileOf($"source{i}/a.parquet")}' (format parquet)");

        foreach (var (i, name) in names.Index()) await RunAsync(Spec($"source{i / 100}", name, $"results/{i}{(i % 2 == 0 ? "" : ".parquet")}", i % 2 == 0 ? "hive" : "file"));

        AssertContained();
        Assert.InRange(_succeeded, names.Count * 9 / 10, names.Count);
    }

    [Fact]
    public async Task SourceFiles_OfAnyName_AreReadOrRefused()
    {
        Execute($"copy (select 1 as ff) to '{Path.Join(_sandbox, "a.parquet")}' (format parquet)");
        var names = Some([.. HostileNames.All.Where(HostileNames.IsFileName)]);
        foreach (var (i, name) in names.Index())
        {
            var file = name + (Encoding.UTF8.GetByteCount(name) <= 247 ? ".parquet" : "");
            if (HostileNames.IsFileName(file)) File.Copy(Path.Join(_sandbox, "a.parquet"), FileOf($"source/{i}/{file}"));
            var folder = "k=" + name;
            if (HostileNames.IsFileName(folder)) File.Copy(Path.Join(_sandbox, "a.parquet"), FileOf($"source-keys/{i}/{folder}/a.parquet"));
        }
        File.Delete(Path.Join(_sandbox, "a.parquet"));

        foreach (var (i, _) in names.Index())
        {
            await RunAsync(Spec($"source/{i}", "ff", $"results/{i}.parquet"));
            await RunAsync(Spec($"source-keys/{i}", "k", $"results/{i}", "hive"));
        }

        AssertContained();
        Assert.True(_succeeded > names.Count, $"only {_succeeded} of {2 * names.Count} could be read");
    }

    [Fact]
    public async Task RunIds_OfAnyText_StayBelowTheRunsOrAreRefused()
    {
        var spec = SpecParser.Parse(Encoding.UTF8.GetBytes(Spec("source", "ff", "results/a.parquet").ToJsonString())).Spec!;
        foreach (var name in HostileNames.All)
        {
            try
            {
                await RunStarter.StartAsync(_store, name, spec, fresh: false, RunOrigin.Command, TimeProvider.System, Cancellation);
            }
            catch (StorageException refused) when (refused.Failure == StorageFailure.InvalidPath) { }
        }

        Assert.All(HostileNames.All.Where(RunPaths.IsRunId), name => Assert.Matches("^[a-z0-9_-]{1,100}\\z", name));
        foreach (var file in Directory.EnumerateFiles(_sandbox, "*", SearchOption.AllDirectories)) Assert.StartsWith(_root + "/fanfold/runs/", file.Replace("/.fanfold.lock", "/fanfold/runs/", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
