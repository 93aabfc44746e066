using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Sources and columns that can't be run: the exit code, the typed reasons, and an output that stays untouched.</summary>
public sealed class BadInputTests : IDisposable
{
    const string Sums = """{ "aggregates": { "total": "sum(amount)" } }""";

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static JsonObject Spec(string column = "ff", string reduce = Sums, string more = "{}") => Fanfold.Spec("lake", column, reduce, "results/out.parquet", more);

    void Write(string name, string select) => Duck.Execute($"copy ({select}) to '{Lake(name)}' (format parquet)");

    string Lake(string name)
    {
        var path = _fanfold.PathOf("lake/" + name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    async Task<Outcome> FailsAsync(int exitCode, JsonObject spec, params string[] args)
    {
        var run = (await _fanfold.RunAsync(spec, args)).Exits(exitCode);
        Assert.NotEmpty(run.Errors);
        Assert.All(run.Errors, error => Assert.Contains((string)error["message"]!, run.Stderr, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_fanfold.PathOf("results")), "something was written to the output's folder");
        return run;
    }

    [Fact]
    public async Task Run_SourceThatDoesNotExist_IsNotFound()
    {
        var run = await FailsAsync(4, Spec());

        Assert.Equal("source-not-found", (string?)run.Error["code"]);
        Assert.Contains("'lake'", (string)run.Error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FolderWithoutParquetFiles_IsNotFound()
    {
        await File.WriteAllTextAsync(Lake("notes.txt"), "nothing", TestContext.Current.CancellationToken);

        var run = await FailsAsync(4, Spec());

        Assert.Equal("no-parquet-files", (string?)run.Error["code"]);
        Assert.Contains("**/*.parquet", (string)run.Error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnknownColumns_AreAllRefusedWithSuggestions()
    {
        Write("a.parquet", "select 1 as ff, 2.5::double as amount");

        var run = await FailsAsync(2, Spec(column: "fff", reduce: """{ "aggregates": { "total": "sum(amuont)" } }"""));

        Assert.Equal(["/partitionBy/column", "/reduce/aggregates/total"], run.Errors.Select(error => (string?)error["pointer"]));
        Assert.All(run.Errors, error => Assert.Equal("unknown-column", (string?)error["code"]));
        Assert.Contains("did you mean 'ff'?", (string)run.Errors[0]["message"]!, StringComparison.Ordinal);
        Assert.Contains("did you mean 'amount'?", (string)run.Errors[1]["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AggregateOfTheWrongType_IsRefusedAtItsPointer()
    {
        Write("a.parquet", "select 1 as ff, 'text' as amount");

        var run = await FailsAsync(2, Spec());

        Assert.Equal("/reduce/aggregates/total", (string?)run.Error["pointer"]);
    }

    [Fact]
    public async Task Run_ColumnMissingInSomeFiles_ListsThem()
    {
        Write("a.parquet", "select 1 as ff, 2.5::double as amount");
        Write("b.parquet", "select 1 as ff");
        Write("deep/c.parquet", "select 2 as ff");

        var run = await FailsAsync(1, Spec());

        var error = Assert.Single(run.Errors);
        Assert.Equal("missing-column", (string?)error["code"]);
        Assert.Contains("'lake/b.parquet', 'lake/deep/c.parquet'", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Equal("failed", (string?)run.Json["status"]);
    }

    [Fact]
    public async Task Run_ColumnOfDifferentTypes_NamesTypesAndFiles()
    {
        Write("a.parquet", "select 1 as ff, 2.5::double as amount");
        Write("b.parquet", "select 1 as ff, 2.5::double as amount");
        Write("c.parquet", "select 1 as ff, 'x' as amount");

        var run = await FailsAsync(1, Spec());

        Assert.Equal("column-types-differ", (string?)run.Error["code"]);
        Assert.Equal("lake/c.parquet", (string?)run.Error["file"]);
        Assert.Contains("string in 'lake/c.parquet'", (string)run.Error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_BrokenFiles_AreAllNamed()
    {
        Write("good.parquet", "select 1 as ff, 2.5::double as amount");
        Write("truncated.parquet", "select i as ff, i::double as amount from range(1000) t(i)");
        var whole = await File.ReadAllBytesAsync(Lake("truncated.parquet"), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Lake("truncated.parquet"), whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Lake("empty.parquet"), [], TestContext.Current.CancellationToken);

        var run = await FailsAsync(1, Spec());

        Assert.Equal(["lake/empty.parquet", "lake/truncated.parquet"], run.Errors.Select(error => (string?)error["file"]));
        Assert.All(run.Errors, error => Assert.Contains((string?)error["code"], (string[])["not-parquet", "truncated"]));
        Assert.All(run.Errors, error => Assert.Contains((string)error["file"]!, (string)error["message"]!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_DeltaFolder_IsRefusedAtTheSourcePath()
    {
        Write("a.parquet", "select 1 as ff, 2.5::double as amount");
        await File.WriteAllTextAsync(Lake("_delta_log/00000000000000000000.json"), "{}", TestContext.Current.CancellationToken);

        var run = await FailsAsync(2, Spec());

        Assert.Equal("table-format", (string?)run.Error["code"]);
        Assert.Equal("/source/path", (string?)run.Error["pointer"]);
        Assert.Contains("Delta Lake", (string)run.Error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ValueOfAnotherType_IsRefusedAtItsPointer()
    {
        Write("a.parquet", "select 1 as ff, 2.5::double as amount");

        var run = await FailsAsync(2, Spec(more: """{ "partitionBy": { "column": "ff", "values": [1, "north", 1.5] } }"""));

        Assert.Equal(["/partitionBy/values/1", "/partitionBy/values/2"], run.Errors.Select(error => (string?)error["pointer"]));
    }
}
