using System.Globalization;
using System.Text.Json;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Real files from the corpus beside the repository, against figures of independent engines.</summary>
public sealed class RealDataTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static string Corpus()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Functions.sln"))) root = root.Parent;
        var folder = root?.Parent is { } parent ? Path.Combine(parent.FullName, "shared", "corpus") : "";
        if (Directory.Exists(folder)) return folder;
        Assert.True(Environment.GetEnvironmentVariable("CI") != "true", "../shared/corpus is missing; CI runs with it");
        Assert.Skip("../shared/corpus is not beside this clone");
        return "";
    }

    [Theory]
    [InlineData("country", "userdata1-5_country")]
    [InlineData("gender", "userdata_gender")]
    public async Task KyloUserData_PartitionedByText_EqualsTheCorpusFigures(string column, string set)
    {
        var corpus = Corpus();
        var spec = _fanfold.WriteSpec($$"""
            { "version": 1, "source": { "path": "sample-data/parquet" }, "partitionBy": { "column": "{{column}}" },
              "reduce": { "aggregates": { "n": "len()", "nn": "count(salary)", "total": "sum(salary)", "low": "min(salary)", "high": "max(salary)" } },
              "output": { "path": "out/kylo.parquet" } }
            """);
        var ended = await _fanfold.RunAsync("run", spec, "--data", Path.Combine(corpus, "Teradata_kylo/samples"), "--store", _fanfold.Store, "--json");
        Assert.True(ended.ExitCode == 0, ended.Errors);

        var expected = File.ReadLines(Path.Combine(corpus, "groupby.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).Single(line => line.GetProperty("set").GetString() == set);
        var actual = Duck.Rows($"select * from read_parquet('{_fanfold.InStore("out/kylo.parquet")}')").Select(row => row.Split(" | ")).ToDictionary(row => row[0]);
        var groups = expected.GetProperty("groups").EnumerateArray().ToList();
        Assert.True(groups.Count > 2);
        Assert.Equal(groups.Count, actual.Count);
        foreach (var group in groups)
        {
            var row = actual[group.GetProperty("k").GetString()!];
            Assert.Equal(group.GetProperty("n").GetString(), row[1]);
            Assert.Equal(group.GetProperty("nn_salary").GetString(), row[2]);
            Assert.Equal(Number(group, "sum_salary"), double.Parse(row[3], CultureInfo.InvariantCulture), 1e-4);
            Assert.Equal(Number(group, "min_salary"), row[4] == "null" ? double.NaN : double.Parse(row[4], CultureInfo.InvariantCulture));
            Assert.Equal(Number(group, "max_salary"), row[5] == "null" ? double.NaN : double.Parse(row[5], CultureInfo.InvariantCulture));
        }
    }

    static double Number(JsonElement group, string name) =>
        group.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? double.Parse(text.GetString()!, CultureInfo.InvariantCulture) : double.NaN;

    [Fact]
    public async Task InspectVerify_WholeFile_PrintsTheFiguresOfItsFlatColumns()
    {
        var ended = await _fanfold.RunAsync("inspect", Path.Combine(Corpus(), "apache_parquet-testing/data/alltypes_plain.parquet"), "--verify", "--json");

        Assert.Equal(0, ended.ExitCode);
        Assert.Equal(8, ended.Json.GetProperty("rows").GetInt64());
        Assert.Equal(JsonValueKind.Null, ended.Json.GetProperty("error").ValueKind);
        var column = ended.Json.GetProperty("columns").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "timestamp_col");
        Assert.Equal("2009-01-01 00:00:00", column.GetProperty("min").GetString());
        Assert.Equal("9877248240000000", column.GetProperty("sumMicros").GetString());
    }

    [Fact]
    public async Task InspectVerify_BrokenFile_IsOneDocumentWithATypedError()
    {
        var ended = await _fanfold.RunAsync("inspect", Path.Combine(Corpus(), "apache_impala/testdata/data/bad_metadata_len.parquet"), "--verify", "--json");

        Assert.Equal(1, ended.ExitCode);
        Assert.Equal("truncated", ended.Json.GetProperty("error").GetProperty("code").GetString());
    }
}
