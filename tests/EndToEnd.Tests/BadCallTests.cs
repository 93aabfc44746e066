using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Specs, options and run ids that are refused before a store is read.</summary>
public sealed class BadCallTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static JsonObject Spec(string more = "{}") => Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "len()" } }""", "results/out.parquet", more);

    void WriteLake()
    {
        Directory.CreateDirectory(_fanfold.PathOf("lake"));
        Duck.Execute($"copy (select i % 3 as ff from range(100) t(i)) to '{_fanfold.PathOf("lake/a.parquet")}' (format parquet)");
    }

    [Theory]
    [InlineData("""{ "version": 1, }""")]
    [InlineData("")]
    [InlineData("[1, 2")]
    public async Task Run_SpecThatIsNoJson_IsRefusedWithItsPlace(string text)
    {
        var run = (await _fanfold.CallAsync(["run", "-", "--store", _fanfold.Store, "--json"], text)).Exits(2);

        Assert.Equal("invalid-json", (string?)run.Error["code"]);
        Assert.Contains("line 1, column", (string)run.Error["message"]!, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_fanfold.Store));
    }

    [Fact]
    public async Task Run_SpecWithManyFaults_ReportsAllOfThem()
    {
        const string text = """
            { "version": 1, "source": { "path": "../up" }, "partitionBy": { "colunm": "ff" }, "reduce": { "aggregates": { "n": "len()" }, "limit": -1 },
              "output": { "path": "out.parquet" }, "limits": { "memory": "1KiB" }, "strategy": "fastest" }
            """;

        var run = (await _fanfold.CallAsync(["run", "-", "--store", _fanfold.Store, "--json"], text)).Exits(2);

        Assert.Superset(
            new HashSet<string?> { "/source/path", "/partitionBy/colunm", "/partitionBy/column", "/reduce/limit", "/limits/memory", "/strategy" },
            run.Errors.Select(error => (string?)error["pointer"]).ToHashSet());
        var validated = (await _fanfold.CallAsync(["validate", "-", "--json"], text)).Exits(2);
        Assert.Equal(run.Stdout, validated.Stdout);
    }

    [Fact]
    public async Task Run_SharedScan_IsRefused()
    {
        var run = (await _fanfold.RunAsync(Spec("""{ "strategy": "sharedScan" }"""))).Exits(2);

        Assert.Equal("unsupported", (string?)run.Error["code"]);
        Assert.Equal("/strategy", (string?)run.Error["pointer"]);
        Assert.Equal("/strategy", (string?)(await _fanfold.RunAsync(Spec(), "--strategy", "sharedScan")).Exits(2).Error["pointer"]);
    }

    [Theory]
    [InlineData("--fast", "")]
    [InlineData("--run-id", "Upper Case")]
    [InlineData("--isolation", "thread")]
    [InlineData("--parallel", "many")]
    public async Task Run_BadOption_IsAUsageError(string option, string value)
    {
        var run = (await _fanfold.RunAsync(Spec(), value.Length == 0 ? [option] : [option, value])).Exits(2);

        Assert.Contains(value.Length == 0 ? option : value, run.Stderr, StringComparison.Ordinal);
        Assert.Equal("usage", (string?)run.Errors[0]["code"]);
    }

    [Fact]
    public async Task Run_SpecFileThatDoesNotExist_IsNotFound()
    {
        var run = (await _fanfold.CallAsync("run", "nowhere.json", "--json")).Exits(4);

        Assert.Equal("file-not-found", (string?)run.Error["code"]);
        Assert.Equal("nowhere.json", (string?)run.Error["file"]);
    }

    [Fact]
    public async Task Status_UnknownRun_IsNotFound()
    {
        Directory.CreateDirectory(_fanfold.Store);

        Assert.Equal("run-not-found", (string?)(await _fanfold.CallAsync("status", "nobody", "--store", _fanfold.Store, "--json")).Exits(4).Error["code"]);
        Assert.Equal("run-not-found", (string?)(await _fanfold.CallAsync("status", "No Id", "--store", _fanfold.Store, "--json")).Exits(4).Error["code"]);
    }

    [Fact]
    public async Task Run_IdThatWasUsed_ShowsTheStoredSummaryOrConflicts()
    {
        WriteLake();
        var first = (await _fanfold.RunAsync(Spec(), "--run-id", "once")).Exits(0);
        File.Delete(_fanfold.PathOf("lake/a.parquet"));

        var again = (await _fanfold.RunAsync(Spec(), "--run-id", "once")).Exits(0);
        var fresh = (await _fanfold.RunAsync(Spec(), "--run-id", "once", "--fresh")).Exits(8);
        var other = (await _fanfold.RunAsync(Spec("""{ "where": "ff > 0" }"""), "--run-id", "once")).Exits(8);

        // The stored summary is shown, elapsedMs included, without a look at the source.
        Assert.Equal(first.Stdout, again.Stdout);
        Assert.Equal("run-finished", (string?)fresh.Error["code"]);
        Assert.Equal("run-id-conflict", (string?)other.Error["code"]);
    }
}
