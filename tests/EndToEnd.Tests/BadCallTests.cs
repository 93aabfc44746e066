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
    public async Task Run_SpecWithoutEnd_IsRefusedAsTooLarge()
    {
        foreach (var refused in (Outcome[])[await _fanfold.CallInShellAsync("</dev/zero", "run", "-", "--json"), await _fanfold.CallAsync("validate", "/dev/zero", "--json")])
            Assert.Equal("too-large", (string?)refused.Exits(2).Error["code"]);
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
    public async Task Run_SharedScanThatToleratesFailures_IsRefused()
    {
        const string tolerant = """{ "limits": { "toleratedFailures": 1 } }""";
        var run = (await _fanfold.RunAsync(Spec("""{ "strategy": "sharedScan", "limits": { "toleratedFailures": 1 } }"""))).Exits(2);

        Assert.Equal("conflict", (string?)run.Error["code"]);
        Assert.Equal("/strategy", (string?)run.Error["pointer"]);
        Assert.Equal("/strategy", (string?)(await _fanfold.RunAsync(Spec(tolerant), "--strategy", "sharedScan")).Exits(2).Error["pointer"]);
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

    [Theory]
    [InlineData("--store", "https:/acct.blob.core.windows.net?sv=1&sig=SECRET")]
    [InlineData("--store", "https://acct.blob.core.windows.net?sv=1&sig=SECRET")]
    [InlineData("--store", "https://acct.blob.core.windows.net/c;sig=SECRET")]
    [InlineData("--store", "https://acct.blob.core.windows.net/SECRET")]
    [InlineData("--data", "acct.blob.core.windows.net?sig=SECRET")]
    [InlineData("--store", "acct.blob.core.windows.net")]
    [InlineData("--store", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey =SECRET==")]
    [InlineData("--store", "AccountName=a;SharedAccessKey=SECRET")]
    [InlineData("--store", "folder?sig%3dSECRET")]
    [InlineData("--stor", "https://acct.blob.core.windows.net?sv=1&sig=SECRET")]
    [InlineData("--stor", "AccountKey=SECRET;AccountName=a")]
    [InlineData("--run-id", "x?sig=SECRET")]
    public async Task Run_SecretInAnArgument_IsNeitherRepeatedNorAFolder(string option, string value)
    {
        var run = (await _fanfold.RunAsync(Spec(), option, value)).Exits(2);

        Assert.Equal("usage", (string?)run.Errors[0]["code"]);
        Assert.DoesNotContain("SECRET", run.Stdout + run.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_fanfold.Folder, "*", SearchOption.AllDirectories), path => path.Contains("SECRET", StringComparison.Ordinal) || path.Contains("acct", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Calls_SecretInAnOperand_IsNotRepeated()
    {
        const string operand = "https://acct.blob.core.windows.net/c?sv=1&sig=SECRET";
        foreach (var call in (string[][])[["status", operand, "--store", _fanfold.Folder], ["run", operand], ["validate", operand], ["inspect", operand]])
        {
            var outcome = await _fanfold.CallAsync([.. call, "--json"]);
            Assert.NotEqual(0, outcome.ExitCode);
            Assert.DoesNotContain("SECRET", outcome.Stdout + outcome.Stderr, StringComparison.Ordinal);
        }
    }

    /// <summary>What is said to stderr is a courtesy; what can't be said to stdout fails the call, not the run.</summary>
    [Fact]
    public async Task Run_StreamsThatCannotBeWritten_EndWithoutATrace()
    {
        WriteLake();
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Spec().ToJsonString(), TestContext.Current.CancellationToken);
        string[] run = ["run", "spec.json", "--store", _fanfold.Store, "--run-id", "full", "--json"];

        var quiet = (await _fanfold.CallInShellAsync("2>/dev/full", run)).Exits(0);
        var untold = (await _fanfold.CallInShellAsync(">/dev/full", run)).Exits(1);
        var refused = (await _fanfold.CallInShellAsync(">/dev/full", "run", "--json")).Exits(1);
        var table = (await _fanfold.CallInShellAsync(">/dev/full", "status", "full", "--store", _fanfold.Store)).Exits(1);

        Assert.Equal("succeeded", (string?)quiet.Json["status"]);
        foreach (var outcome in (Outcome[])[untold, refused, table])
        {
            Assert.Contains("stdout can't be written", outcome.Stderr, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", outcome.Stderr, StringComparison.Ordinal);
        }
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

    /// <summary>A mistyped store is named, and not made.</summary>
    [Fact]
    public async Task Calls_StoreThatIsNotThere_IsNamedAndNotMade()
    {
        var nowhere = Path.Combine(_fanfold.Folder, "nowhere");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Spec().ToJsonString(), TestContext.Current.CancellationToken);
        foreach (var (code, call) in ((string, string[])[])[("store-not-found", ["plan", "spec.json"]), ("store-not-found", ["run", "spec.json"]), ("run-not-found", ["status", "r"]), ("run-not-found", ["watch", "r"]), ("run-not-found", ["cancel", "r"]), ("run-not-found", ["redrive", "r"]), ("run-not-found", ["result", "r", "--output", "r.csv"])])
        {
            var error = (await _fanfold.CallAsync([.. call, "--store", nowhere, "--json"])).Exits(4).Error;
            Assert.Equal(code, (string?)error["code"]);
            Assert.Contains($"'{nowhere}'", (string?)error["message"], StringComparison.Ordinal);
            Assert.False(Directory.Exists(nowhere), $"{call[0]} has made it");
        }
    }

    [Theory]
    [InlineData("run spec.json --isolation", "Required argument missing for option: '--isolation'")]
    [InlineData("serve --isolation", "Required argument missing for option: '--isolation'")]
    [InlineData("status r --endpoint", "Required argument missing for option: '--endpoint'")]
    [InlineData("result r --output", "Required argument missing for option: '--output'")]
    [InlineData("result r --preview x", "'--preview' as a whole number")]
    [InlineData("result r --preview 0", "a number of rows, from 1")]
    [InlineData("run spec.json --parallel x", "'--parallel' as a whole number")]
    [InlineData("result r --format xml", "\n  'csv'")]
    [InlineData("statsu r", "'statsu' is no verb; did you mean 'status'?")]
    [InlineData("validate .", "'.' is a folder")]
    [InlineData("inspect .", "'.' is a folder")]
    [InlineData("plan spec.json --store spec.json", "'spec.json' is a file, and a store is a folder")]
    public async Task Call_Mistyped_SaysWhatIsWrong(string call, string said)
    {
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Spec().ToJsonString(), TestContext.Current.CancellationToken);
        // A result has no use for it beside stdout, and says that first.
        foreach (var json in call.StartsWith("result", StringComparison.Ordinal) ? (string[][])[[]] : [[], ["--json"]])
        {
            var outcome = (await _fanfold.CallAsync([.. call.Split(' '), .. json])).Exits(2);
            Assert.Contains(said, outcome.Stderr, StringComparison.Ordinal);
            Assert.DoesNotContain("\\u0009", outcome.Stderr, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", outcome.Stderr, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Call_ForHelpOrVersion_IsWhatItSays()
    {
        Assert.Contains("--older-than", (await _fanfold.CallAsync("help", "purge")).Exits(0).Stdout, StringComparison.Ordinal);
        Assert.Matches(@"^\d+\.\d+\.\d+", (await _fanfold.CallAsync("version")).Exits(0).Stdout);
    }

    /// <summary>What can be typed next is told, and a closed stdout is no defect.</summary>
    [Fact]
    public async Task Run_ThatFailedOrHadEnded_SaysWhatIsNext()
    {
        WriteLake();
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Spec().ToJsonString(), TestContext.Current.CancellationToken);
        string[] run = ["run", "spec.json", "--store", _fanfold.Store, "--run-id", "r"];
        var intact = await File.ReadAllBytesAsync(_fanfold.PathOf("lake/a.parquet"), TestContext.Current.CancellationToken);
        var damaged = intact.ToArray();
        damaged.AsSpan(4, 20).Fill(0xff);
        await File.WriteAllBytesAsync(_fanfold.PathOf("lake/a.parquet"), damaged, TestContext.Current.CancellationToken);
        Assert.Equal(1, (await _fanfold.CallAsync(run)).ExitCode);
        await File.WriteAllBytesAsync(_fanfold.PathOf("lake/a.parquet"), intact, TestContext.Current.CancellationToken);

        var status = (await _fanfold.CallAsync("status", "r", "--store", _fanfold.Store)).Exits(0);
        Assert.Contains("failed", status.Stdout, StringComparison.Ordinal);
        Assert.Contains("error: ", status.Stderr, StringComparison.Ordinal);
        var none = (await _fanfold.CallAsync("result", "r", "--store", _fanfold.Store, "--output", "r.csv")).Exits(4);
        Assert.Contains($"fanfold redrive r --store {_fanfold.Store}", none.Stderr, StringComparison.Ordinal);
        (await _fanfold.CallAsync("redrive", "r", "--store", _fanfold.Store)).Exits(0);
        Assert.Contains("nothing was run", (await _fanfold.CallAsync(run)).Exits(0).Stderr, StringComparison.Ordinal);

        foreach (var json in (string[][])[[], ["--json"]])
        {
            var closed = (await _fanfold.CallInShellAsync(">&-", ["status", "r", "--store", _fanfold.Store, .. json])).Exits(1);
            Assert.Contains("stdout can't be written", closed.Stderr, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", closed.Stderr, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Call_WithoutAVerb_ShowsTheVerbs()
    {
        var outcome = (await _fanfold.CallAsync()).Exits(2);

        Assert.Equal("", outcome.Stdout);
        Assert.Contains("demo --serve", outcome.Stderr, StringComparison.Ordinal);
        Assert.Contains("redrive <RUN>", outcome.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Result_WhoseFormatNobodyNamed_IsAUsageError() =>
        Assert.Contains("'r.txt' ends in none of", (await _fanfold.CallAsync("result", "r", "--output", "r.txt")).Exits(2).Stderr, StringComparison.Ordinal);

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
