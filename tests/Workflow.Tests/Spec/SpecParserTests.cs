using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

public class SpecParserTests
{
    [Fact]
    public void Parse_Minimal_FillsInDefaults()
    {
        var spec = SpecSamples.Accept(SpecSamples.Minimal);
        Assert.Equal(["**/*.parquet"], spec.Source.Include);
        Assert.Empty(spec.Source.Exclude);
        Assert.False(spec.Source.Raw);
        Assert.Null(spec.PartitionBy.Values);
        Assert.Null(spec.Where);
        Assert.Equal([new NamedExpression("total", "sum(amount)")], spec.Reduce.Aggregates);
        Assert.Equal(OutputLayout.File, spec.Output.Layout);
        Assert.Equal(RunStrategy.Auto, spec.Strategy);
        Assert.Null(spec.Limits.Parallel);
        Assert.Equal(512L << 20, spec.Limits.Memory.Bytes);
        Assert.Equal(TimeSpan.FromMinutes(10), spec.Limits.Timeout);
        Assert.Equal(3, spec.Limits.Retries);
        Assert.Equal(FailureTolerance.Percentage(0), spec.Limits.ToleratedFailures);
        Assert.Equal(["ff", "total"], spec.OutputColumns!);
    }

    [Fact]
    public void Parse_Full_ReadsEveryField()
    {
        var spec = SpecSamples.Accept(SpecSamples.Full);
        Assert.Equal("lake/trips", spec.Source.Path);
        Assert.Equal(["2024/**/*.parquet", "2025/*.parquet"], spec.Source.Include);
        Assert.Equal(["**/old-?.parquet"], spec.Source.Exclude);
        Assert.True(spec.Source.Raw);
        Assert.Equal(
            [PartitionValue.Number("0"), PartitionValue.Number("1.50"), PartitionValue.Number("-2e3"), PartitionValue.String("north"), PartitionValue.Bool(true), PartitionValue.Null],
            spec.PartitionBy.Values!);
        Assert.Equal("distance > 0 and status in ('paid', 'shipped')", spec.Where);
        Assert.Equal(["ff", "category", "month", "n", "total"], spec.OutputColumns!);
        Assert.Equal([new SortKey("total", true), new SortKey("category", false)], spec.Reduce.Sort);
        Assert.Equal(100, spec.Reduce.Limit);
        Assert.Equal(
            new LimitsSpec { Parallel = 8, Memory = new ByteSize(1L << 30), Timeout = new TimeSpan(1, 0, 10, 0), Retries = 5, ToleratedFailures = FailureTolerance.Percentage(2.5m) },
            spec.Limits);
        Assert.Equal(RunStrategy.PerPartition, spec.Strategy);
    }

    [Fact]
    public void Parse_ManyFaults_ReportsAllAtOnceWithPointers()
    {
        var result = SpecSamples.Parse("""
            {
              "version": 1,
              "source": { "path": "https://account.blob.core.windows.net/lake", "include": ["**/*.parquet", 7, "a//b"], "inklude": [] },
              "partitionBy": { "column": "ff", "values": [1, 1, {}], "columns": ["a"] },
              "where": " ",
              "derive": { "speed": "a / b" },
              "reduce": { "groupBy": ["category", "", "category", "ff"], "aggregates": { "n/~": 5, "total": "sum(x)" }, "sort": ["-totl", "category", "-category"], "limit": 0 },
              "limits": { "memory": "63MiB", "timeout": "10 minutes", "retries": 101, "parallel": 1.5, "toleratedFailures": "101%" },
              "strategy": "perpartition",
              "stratgy": "auto"
            }
            """);
        (string Code, string Pointer)[] expected =
        [
            ("unknown-field", "/stratgy"),
            ("unknown-field", "/source/inklude"),
            ("invalid-path", "/source/path"),
            ("wrong-type", "/source/include/1"),
            ("invalid-glob", "/source/include/2"),
            ("unsupported", "/partitionBy/columns"),
            ("duplicate", "/partitionBy/values/1"),
            ("wrong-type", "/partitionBy/values/2"),
            ("invalid-expression", "/where"),
            ("invalid-name", "/reduce/groupBy/1"),
            ("wrong-type", "/reduce/aggregates/n~1~0"),
            ("out-of-range", "/reduce/limit"),
            ("missing-field", "/output"),
            ("wrong-type", "/limits/parallel"),
            ("out-of-range", "/limits/memory"),
            ("invalid-value", "/limits/timeout"),
            ("out-of-range", "/limits/retries"),
            ("out-of-range", "/limits/toleratedFailures"),
            ("invalid-value", "/strategy"),
            ("duplicate", "/reduce/groupBy/2"),
            ("conflict", "/reduce/groupBy/3"),
            ("duplicate", "/reduce/sort/2"),
        ];
        Assert.Equal(expected.Order(), result.Errors.Select(error => (error.Code, error.Pointer)).Order());
        Assert.Null(result.Spec);
        Assert.All(result.Errors, error => Assert.Matches("[.?]$", error.Message));
    }

    [Theory]
    [InlineData("/stratgy", "1", "did you mean 'strategy'?")]
    [InlineData("/Version", "1", "did you mean 'version'?")]
    [InlineData("/reduce/agregates", "{}", "did you mean 'aggregates'?")]
    [InlineData("/source/inculde", "[]", "did you mean 'include'?")]
    [InlineData("/groupBy", "[]", "'groupBy' is not a field of the spec; it belongs in 'reduce'.")]
    [InlineData("/source/where", "\"x\"", "it belongs at the top of the spec.")]
    [InlineData("/output/compression", "1", "its fields are path, layout.")]
    [InlineData("/strategy", "\"Auto\"", "did you mean 'auto'? Write one of 'auto', 'perPartition', 'sharedScan'.")]
    [InlineData("/strategy", "\"zzz\"", "'strategy' can't be 'zzz'. Write one of")]
    [InlineData("/reduce/sort", "[\"-totle\"]", "did you mean 'total'?")]
    [InlineData("/reduce/sort", "[\"price\"]", "'price' is not an output column; these are ff, total.")]
    [InlineData("/limits/retries", "\"3\"", "'limits.retries' must be a whole number, not a string; write it without quotes")]
    [InlineData("/where", "null", "'where' must be a string, not null; leave it out or write it")]
    [InlineData("/source/path", "\"s3://bucket/x\"", "a spec holds paths within the stores")]
    [InlineData("/source/path", "-", "'source.path' is missing: name the folder")]
    public void Parse_OneFault_SaysWhatToWrite(string pointer, string value, string expected)
    {
        var error = Assert.Single(SpecSamples.Parse(SpecSamples.With(pointer, value)).Errors);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NewerVersion_ReportsOnlyThat()
    {
        var error = Assert.Single(SpecSamples.Parse("""{ "version": 2, "sources": [], "shuffle": true }""").Errors);
        Assert.Equal(("unsupported", "/version"), (error.Code, error.Pointer));
        Assert.Contains("this build reads version 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_HostileNames_StayShortAndPrintableInMessages()
    {
        var error = Assert.Single(SpecSamples.Parse(SpecSamples.With("/\u001b[31m\u202e" + new string('x', 5000), "1")).Errors);
        Assert.Equal("unknown-field", error.Code);
        Assert.InRange(error.Message.Length, 1, 400);
        Assert.DoesNotContain('\u001b', error.Message);
        Assert.DoesNotContain('\u202e', error.Message);
    }

    [Fact]
    public void Parse_ThousandsOfFaults_StopsAfterTheFirstHundred()
    {
        var fields = string.Join(",", Enumerable.Range(0, 20_000).Select(i => $"\"field{i}\":{i}"));
        var result = SpecSamples.Parse($"{{{fields}}}");
        Assert.Equal(SpecFaults.Max + 1, result.Errors.Count);
        Assert.Equal("too-many-errors", result.Errors[^1].Code);
    }

    [Fact]
    public void ToJson_OfEverySample_ParsesBackEqual()
    {
        string[] samples =
        [
            SpecSamples.Minimal,
            SpecSamples.Full,
            SpecSamples.With("/reduce", """{ "select": ["b", "ff", "a\"\\\u0001ü😀"], "sort": ["-b"] }"""),
            SpecSamples.With("/limits", """{ "toleratedFailures": 7, "memory": "100000001B", "timeout": "00:00:00.0000001" }"""),
            SpecSamples.With("/reduce", """{ "groupBy": ["a"] }"""),
        ];
        foreach (var sample in samples)
        {
            var spec = SpecSamples.Accept(sample);
            Assert.Equal(spec, SpecSamples.Accept(spec.ToJson()));
            Assert.Equal(spec.ToJson(), SpecSamples.Accept(spec.ToJson()).ToJson());
            Assert.Equal(spec.GetHashCode(), SpecSamples.Accept(spec.ToJson()).GetHashCode());
        }
    }

    [Fact]
    public void OutputColumns_SelectWithPartitionColumn_NamesItOnceAndFirst() =>
        Assert.Equal(["ff", "b", "a"], SpecSamples.Accept(SpecSamples.With("/reduce", """{ "select": ["b", "ff", "a"] }""")).OutputColumns!);
}
