namespace Fanfold.EndToEnd.Tests;

/// <summary>What is wrong is said clearly and early, and nothing is written for it.</summary>
public sealed class BadInputTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    const string Job = """ "partitionBy": { "column": "ff" }, "reduce": { "aggregates": { "s": "sum(x)" } }, "output": { "path": "out/r.parquet" } """;

    static string Spec(string rest = Job) => $$"""{ "version": 1, "source": { "path": "lake" }, {{rest}} }""";

    void Write(string name, string sql) => Duck.Execute($"copy ({sql}) to '{In(name)}' (format parquet)");

    string In(string name)
    {
        var path = _fanfold.InStore($"lake/{name}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    async Task<Ended> RefusedAsync(int exitCode, string code, string spec, params string[] options)
    {
        var ended = await _fanfold.RunSpecAsync(spec, options);
        Assert.True(ended.ExitCode == exitCode, $"exit {ended.ExitCode}: {ended.Output}{ended.Errors}");
        Assert.Contains(code, ended.ErrorCodes);
        Assert.False(Directory.Exists(_fanfold.InStore("out")), "something was written");
        return ended;
    }

    [Fact]
    public async Task NoSuchPath_IsNotFound() => Assert.Contains("'lake'", (await RefusedAsync(4, "source-not-found", Spec())).Errors, StringComparison.Ordinal);

    [Fact]
    public async Task NoParquetFiles_IsNotFound()
    {
        await File.WriteAllTextAsync(In("readme.txt"), "no data", TestContext.Current.CancellationToken);
        await RefusedAsync(4, "no-parquet-files", Spec());
    }

    [Fact]
    public async Task UnknownColumns_AreRefusedTogether_WithPointersAndSuggestions()
    {
        Write("a.parquet", "select 1 as ff, 2 as amount");
        var ended = await RefusedAsync(2, "unknown-column", Spec(""" "partitionBy": { "column": "fff" }, "where": "amuont > 1", "reduce": { "aggregates": { "s": "sum(x)" } }, "output": { "path": "out/r.parquet" } """));
        Assert.Equal(["/partitionBy/column", "/where", "/reduce/aggregates/s"], ended.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()));
        Assert.Contains("did you mean 'amount'", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ColumnMissingInSomeFiles_NamesThem()
    {
        Write("a.parquet", "select 1 as ff, 2 as x");
        Write("b.parquet", "select 1 as ff");
        Assert.Contains("lake/b.parquet", (await RefusedAsync(1, "missing-column", Spec())).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ColumnOfDifferentTypes_NamesTypesAndFiles()
    {
        Write("a.parquet", "select 1 as ff, 2::bigint as x");
        Write("b.parquet", "select 1 as ff, 2::double as x");
        var errors = (await RefusedAsync(1, "column-types-differ", Spec())).Errors;
        Assert.Contains("int64 in 'lake/a.parquet'", errors, StringComparison.Ordinal);
        Assert.Contains("double in 'lake/b.parquet'", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmptyAndTruncatedFiles_AreBothNamed()
    {
        Write("a.parquet", "select range % 3 as ff, range as x from range(10000)");
        await File.WriteAllBytesAsync(In("empty.parquet"), [], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(In("short.parquet"), (await File.ReadAllBytesAsync(In("a.parquet"), TestContext.Current.CancellationToken))[..^100], TestContext.Current.CancellationToken);
        var ended = await RefusedAsync(1, "not-parquet", Spec());
        Assert.Contains("lake/empty.parquet", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("lake/short.parquet", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileTruncatedInTheMiddle_FailsThePartition_AndNamesTheFile()
    {
        Write("a.parquet", "select range % 3 as ff, range as x from range(10000)");
        var bytes = await File.ReadAllBytesAsync(In("a.parquet"), TestContext.Current.CancellationToken);
        bytes.AsSpan(100, bytes.Length / 2).Clear();
        await File.WriteAllBytesAsync(In("a.parquet"), bytes, TestContext.Current.CancellationToken);
        var ended = await _fanfold.RunSpecAsync(Spec(""" "partitionBy": { "column": "ff", "values": [1] }, "reduce": { "aggregates": { "s": "sum(x)" } }, "output": { "path": "out/r.parquet" } """));
        Assert.Equal(1, ended.ExitCode);
        Assert.Equal("1", ended.Json.GetProperty("errors")[0].GetProperty("partition").GetString());
        Assert.Contains("lake/a.parquet", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeltaFolder_IsRefused_UnlessRaw()
    {
        Write("a.parquet", "select 1 as ff, 2 as x");
        await File.WriteAllTextAsync(In("_delta_log/00000000000000000000.json"), "{}", TestContext.Current.CancellationToken);
        Assert.Contains("Delta", (await RefusedAsync(2, "table-format", Spec())).Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await _fanfold.RunSpecAsync($$"""{ "version": 1, "source": { "path": "lake", "raw": true }, {{Job}} }""")).ExitCode);
    }

    [Fact]
    public async Task MalformedSpec_AllErrorsAtOnce_WithPointers()
    {
        var ended = await RefusedAsync(2, "unknown-field", """{ "version": 1, "source": { "paths": "lake" }, "partitionBy": {}, "where": "a ==== 1", "reduce": { "limit": 0 }, "output": { "path": "/abs" }, "strategy": "fast" }""");
        var pointers = ended.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()).ToList();
        foreach (var pointer in new[] { "/source/paths", "/source/path", "/partitionBy/column", "/where", "/output/path", "/strategy" }) Assert.Contains(pointer, pointers);
        await RefusedAsync(2, "invalid-json", """{ "version": 1, """);
    }

    [Fact]
    public async Task SharedScan_IsRefused_NotReplaced()
    {
        Write("a.parquet", "select 1 as ff, 2 as x");
        await RefusedAsync(2, "unsupported", Spec(), "--strategy", "sharedScan");
        await RefusedAsync(2, "unsupported", Spec(Job + """, "strategy": "sharedScan" """));
    }

    [Fact]
    public async Task Usage_IsExitCode2_AndAMissingSpec4()
    {
        Assert.Equal(2, (await _fanfold.RunAsync("run", "spec.json", "--nonsense")).ExitCode);
        Assert.Equal(2, (await _fanfold.RunAsync("run", "spec.json", "--run-id", "Not/An/Id")).ExitCode);
        Assert.Equal(4, (await _fanfold.RunAsync("run", "nowhere.json")).ExitCode);
        Assert.Equal(4, (await _fanfold.RunAsync("status", "nobody", "--store", _fanfold.Store)).ExitCode);
    }

    [Fact]
    public async Task RunId_OfAnotherSpec_Conflicts_OfTheSameGivesTheStoredSummary()
    {
        Write("a.parquet", "select 1 as ff, 2 as x");
        var first = await _fanfold.RunSpecAsync(Spec(), "--run-id", "one");
        Assert.Equal(0, first.ExitCode);
        var again = await _fanfold.RunSpecAsync(Spec(), "--run-id", "one");
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(first.Output, again.Output);
        Assert.Equal(8, (await _fanfold.RunSpecAsync(Spec(), "--run-id", "one", "--fresh")).ExitCode);
        Assert.Equal(8, (await _fanfold.RunSpecAsync(Spec(Job + """, "where": "x > 1" """), "--run-id", "one")).ExitCode);
        Assert.Equal(0, (await _fanfold.RunAsync("status", "one", "--store", _fanfold.Store, "--json")).ExitCode);
    }
}
