namespace Fanfold.Workflow.Tests.Spec;

/// <summary>Each rule by one change to the minimal spec.</summary>
public class SpecRuleTests
{
    [Theory]
    [InlineData("/version", "-", "missing-field", "/version")]
    [InlineData("/version", "0", "out-of-range", "/version")]
    [InlineData("/version", "\"1\"", "wrong-type", "/version")]
    [InlineData("/version", "1.0", "wrong-type", "/version")]
    [InlineData("/source", "-", "missing-field", "/source")]
    [InlineData("/source", "[]", "wrong-type", "/source")]
    [InlineData("/source/path", "\"\"", "invalid-path", "/source/path")]
    [InlineData("/source/path", "\"/lake\"", "invalid-path", "/source/path")]
    [InlineData("/source/path", "\"lake/\"", "invalid-path", "/source/path")]
    [InlineData("/source/path", "\"lake//trips\"", "invalid-path", "/source/path")]
    [InlineData("/source/path", "\"lake/./trips\"", "invalid-path", "/source/path")]
    [InlineData("/source/path", "\"lake/../trips\"", "invalid-path", "/source/path")]
    [InlineData("/source/path", "\"lake\\\\trips\"", "invalid-path", "/source/path")]
    [InlineData("/source/path", "\"lake\\u0007\"", "invalid-path", "/source/path")]
    [InlineData("/source/include", "[]", "out-of-range", "/source/include")]
    [InlineData("/source/include", "\"*\"", "wrong-type", "/source/include")]
    [InlineData("/source/include", "[\"a\",\"a\"]", "duplicate", "/source/include/1")]
    [InlineData("/source/include", "[\"{a,b}.parquet\"]", "invalid-glob", "/source/include/0")]
    [InlineData("/source/exclude", "[\"a**\"]", "invalid-glob", "/source/exclude/0")]
    [InlineData("/source/raw", "\"true\"", "wrong-type", "/source/raw")]
    [InlineData("/source/onMissingColumn", "\"skip\"", "invalid-value", "/source/onMissingColumn")]
    [InlineData("/partitionBy/column", "-", "missing-field", "/partitionBy/column")]
    [InlineData("/partitionBy/column", "\"\"", "invalid-name", "/partitionBy/column")]
    [InlineData("/partitionBy/values", "[]", "out-of-range", "/partitionBy/values")]
    [InlineData("/partitionBy/values", "[[1]]", "wrong-type", "/partitionBy/values/0")]
    [InlineData("/partitionBy/values", "[null, \"null\", null]", "duplicate", "/partitionBy/values/2")]
    [InlineData("/partitionBy/values", "[\"\\u0061\", \"a\"]", "duplicate", "/partitionBy/values/1")]
    [InlineData("/where", "\"\"", "invalid-expression", "/where")]
    [InlineData("/where", "5", "wrong-type", "/where")]
    [InlineData("/reduce", "-", "missing-field", "/reduce")]
    [InlineData("/reduce", "{}", "missing-field", "/reduce")]
    [InlineData("/reduce", "{\"groupBy\":[],\"aggregates\":{}}", "out-of-range", "/reduce")]
    [InlineData("/reduce/select", "[\"a\"]", "conflict", "/reduce")]
    [InlineData("/reduce", "{\"select\":[]}", "out-of-range", "/reduce/select")]
    [InlineData("/reduce", "{\"select\":[\"a\",\"a\"]}", "duplicate", "/reduce/select/1")]
    [InlineData("/reduce", "{\"select\":[\"ff\",\"ff\"]}", "duplicate", "/reduce/select/1")]
    [InlineData("/reduce", "{\"select\":[\"a\",null]}", "wrong-type", "/reduce/select/1")]
    [InlineData("/reduce/groupBy", "[\"total\"]", "duplicate", "/reduce/aggregates/total")]
    [InlineData("/reduce/groupBy", "[\"ff\"]", "conflict", "/reduce/groupBy/0")]
    [InlineData("/reduce/aggregates", "{\"ff\":\"len()\"}", "conflict", "/reduce/aggregates/ff")]
    [InlineData("/reduce/aggregates", "{\"\":\"len()\"}", "invalid-name", "/reduce/aggregates/")]
    [InlineData("/reduce/aggregates", "{\"n\":\"\"}", "invalid-expression", "/reduce/aggregates/n")]
    [InlineData("/reduce/aggregates", "[]", "wrong-type", "/reduce/aggregates")]
    [InlineData("/reduce/sort", "[\"-\"]", "invalid-name", "/reduce/sort/0")]
    [InlineData("/reduce/sort", "[\"amount\"]", "unknown-column", "/reduce/sort/0")]
    [InlineData("/reduce/sort", "[\"total\",\"-total\"]", "duplicate", "/reduce/sort/1")]
    [InlineData("/reduce/sort", "\"total\"", "wrong-type", "/reduce/sort")]
    [InlineData("/reduce/limit", "0", "out-of-range", "/reduce/limit")]
    [InlineData("/reduce/limit", "9223372036854775808", "out-of-range", "/reduce/limit")]
    [InlineData("/reduce/limit", "1e2", "wrong-type", "/reduce/limit")]
    [InlineData("/output", "-", "missing-field", "/output")]
    [InlineData("/output/path", "-", "missing-field", "/output/path")]
    [InlineData("/output/path", "\"out\"", "invalid-path", "/output/path")]
    [InlineData("/output/path", "\"out/.parquet\"", "invalid-path", "/output/path")]
    [InlineData("/output/path", "\"fanfold/runs/x.parquet\"", "invalid-path", "/output/path")]
    [InlineData("/output/path", "\"out/.csv\"", "invalid-path", "/output/path")]
    [InlineData("/output/path", "\"out.CSV\"", "invalid-path", "/output/path")]
    [InlineData("/output/path", "\"fanfold/outputs/x.csv\"", "invalid-path", "/output/path")]
    [InlineData("/output", "{\"path\":\"fanfold/runs\",\"layout\":\"hive\"}", "invalid-path", "/output/path")]
    [InlineData("/output/layout", "\"hive\"", "conflict", "/output/path")]
    [InlineData("/output", "{\"path\":\"out.csv\",\"layout\":\"hive\"}", "conflict", "/output/path")]
    [InlineData("/output/layout", "\"folder\"", "invalid-value", "/output/layout")]
    [InlineData("/limits", "8", "wrong-type", "/limits")]
    [InlineData("/limits/parallel", "0", "out-of-range", "/limits/parallel")]
    [InlineData("/limits/parallel", "1001", "out-of-range", "/limits/parallel")]
    [InlineData("/limits/memory", "536870912", "wrong-type", "/limits/memory")]
    [InlineData("/limits/memory", "\"512 MiB\"", "invalid-value", "/limits/memory")]
    [InlineData("/limits/memory", "\"512mib\"", "invalid-value", "/limits/memory")]
    [InlineData("/limits/memory", "\"67108863B\"", "out-of-range", "/limits/memory")]
    [InlineData("/limits/memory", "\"1025GiB\"", "out-of-range", "/limits/memory")]
    [InlineData("/limits/timeout", "\"00:00:00\"", "out-of-range", "/limits/timeout")]
    [InlineData("/limits/timeout", "\"7.00:00:01\"", "out-of-range", "/limits/timeout")]
    [InlineData("/limits/timeout", "\"-00:10:00\"", "invalid-value", "/limits/timeout")]
    [InlineData("/limits/timeout", "\"24:00:00\"", "invalid-value", "/limits/timeout")]
    [InlineData("/limits/timeout", "\"5\"", "invalid-value", "/limits/timeout")]
    [InlineData("/limits/timeout", "\"99999999.00:00:00\"", "invalid-value", "/limits/timeout")]
    [InlineData("/limits/retries", "-1", "out-of-range", "/limits/retries")]
    [InlineData("/limits/retries", "101", "out-of-range", "/limits/retries")]
    [InlineData("/limits/toleratedFailures", "\"100.1%\"", "out-of-range", "/limits/toleratedFailures")]
    [InlineData("/limits/toleratedFailures", "\"5 %\"", "invalid-value", "/limits/toleratedFailures")]
    [InlineData("/limits/toleratedFailures", "-1", "out-of-range", "/limits/toleratedFailures")]
    [InlineData("/limits/toleratedFailures", "true", "wrong-type", "/limits/toleratedFailures")]
    [InlineData("/strategy", "\"fast\"", "invalid-value", "/strategy")]
    [InlineData("/$schema", "1", "wrong-type", "/$schema")]
    [InlineData("/extra", "null", "unknown-field", "/extra")]
    public void Parse_BrokenRule_IsTheOnlyError(string pointer, string value, string code, string at)
    {
        var error = Assert.Single(SpecSamples.Parse(SpecSamples.With(pointer, value)).Errors);
        Assert.Equal((code, at), (error.Code, error.Pointer));
    }

    [Theory]
    [InlineData("/derive", "i + 1")]
    [InlineData("/reduce/aggregates", "max(i)")]
    public void Parse_MoreThanAThousandExpressions_AreRefused(string pointer, string text)
    {
        string Entries(int count) => "{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"x{i}\":\"{text}\"")) + "}";

        Assert.DoesNotContain(SpecSamples.Parse(SpecSamples.With(pointer, Entries(1000))).Errors, error => error.Code == "out-of-range");
        Assert.Contains(("out-of-range", pointer), SpecSamples.Parse(SpecSamples.With(pointer, Entries(1001))).Errors.Select(error => (error.Code, error.Pointer)));
    }

    [Theory]
    [InlineData("/partitionBy", "{\"columns\":[\"a\",\"b\"]}", "/partitionBy/columns")]
    public void Parse_NotYetSupported_SaysSoInASentence(string pointer, string value, string at)
    {
        var error = Assert.Single(SpecSamples.Parse(SpecSamples.With(pointer, value)).Errors);
        Assert.Equal(("unsupported", at), (error.Code, error.Pointer));
        Assert.Contains("yet", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/partitionBy/ranges", "[]", "out-of-range", "/partitionBy/ranges")]
    [InlineData("/partitionBy/ranges", "[[0]]", "wrong-type", "/partitionBy/ranges/0")]
    [InlineData("/partitionBy/ranges", "[[0,\"a\"]]", "wrong-type", "/partitionBy/ranges/0")]
    [InlineData("/partitionBy/ranges", "[[null,null]]", "wrong-type", "/partitionBy/ranges/0")]
    [InlineData("/partitionBy", "{\"column\":\"ff\",\"values\":[1],\"ranges\":[[1,2]]}", "conflict", "/partitionBy/ranges")]
    [InlineData("/derive", "{\"ff\":\"a\"}", "conflict", "/derive/ff")]
    [InlineData("/derive", "{\"speed\":\"\"}", "invalid-expression", "/derive/speed")]
    [InlineData("/reduce", "{\"plugin\":\"\"}", "invalid-name", "/reduce/plugin")]
    public void Parse_FaultInUnsupportedField_IsReportedBesideTheRefusal(string pointer, string value, string code, string at) =>
        Assert.Equal([(code, at)], SpecSamples.Parse(SpecSamples.With(pointer, value)).Errors.Where(error => error.Code != "unsupported").Select(error => (error.Code, error.Pointer)));

    [Theory]
    [InlineData("/partitionBy/values", "[1, 1.0, \"1\", true, null]")]
    [InlineData("/derive", "{}")]
    [InlineData("/reduce/groupBy", "[\"category\"]")]
    [InlineData("/reduce", "{\"groupBy\":[\"category\"],\"aggregates\":{}}")]
    [InlineData("/reduce", "{\"select\":[\"ff\"]}")]
    [InlineData("/reduce", "{\"plugin\":\"skyline\",\"sort\":[\"-x\"],\"limit\":5}")]
    [InlineData("/reduce", "{\"aggregates\":{\"-x\":\"len()\"},\"sort\":[\"--x\"]}")]
    [InlineData("/reduce/sort", "[\"-ff\",\"total\"]")]
    [InlineData("/reduce/limit", "9223372036854775807")]
    [InlineData("/limits/memory", "\"64MiB\"")]
    [InlineData("/limits/memory", "\"1TiB\"")]
    [InlineData("/limits/memory", "\"1.5GB\"")]
    [InlineData("/limits/timeout", "\"7.00:00:00\"")]
    [InlineData("/limits/timeout", "\"00:00:00.5\"")]
    [InlineData("/limits/toleratedFailures", "\"100%\"")]
    [InlineData("/limits/toleratedFailures", "\"0.000001%\"")]
    [InlineData("/limits/toleratedFailures", "\"12\"")]
    [InlineData("/limits/toleratedFailures", "12")]
    [InlineData("/limits/retries", "0")]
    [InlineData("/source/path", "\"größe/ff=7/日本\"")]
    [InlineData("/output/path", "\"fanfold/results/x.parquet\"")]
    [InlineData("/output/path", "\"results/x.parquet.csv\"")]
    [InlineData("/output", "{\"path\":\"results/trips\",\"layout\":\"hive\"}")]
    [InlineData("/output", "{\"path\":\"results/v1.2\",\"layout\":\"hive\"}")]
    [InlineData("/$schema", "\"https://example.com/run-spec.schema.json\"")]
    public void Parse_AtTheEdgeOfARule_IsAccepted(string pointer, string value) => SpecSamples.Accept(SpecSamples.With(pointer, value));

    static readonly string Hive = SpecSamples.With("/output", """{ "path": "results/trips", "layout": "hive" }""");

    [Fact]
    public void Parse_HiveWithNothingButThePartitionColumn_IsRefused()
    {
        Assert.Equal([("conflict", "/reduce/select")], Errors("""{ "select": ["ff"] }"""));
        Assert.Empty(Errors("""{ "select": ["ff", "a"] }"""));

        static IEnumerable<(string, string)> Errors(string reduce) => SpecSamples.Parse(SpecSamples.With("/reduce", reduce, Hive)).Errors.Select(error => (error.Code, error.Pointer));
    }

    [Fact]
    public void Parse_HiveNamesThatLeaveNoRoom_AreRefused()
    {
        Assert.Equal([], Errors("/partitionBy/column", new string('x', 128)));
        Assert.Equal(["conflict"], Errors("/partitionBy/column", new string('x', 129)));
        Assert.Equal(["conflict"], Errors("/partitionBy/column", new string('/', 43)));
        Assert.Equal([], Errors("/output/path", new string('x', 700)));
        Assert.Equal(["invalid-path"], Errors("/output/path", new string('x', 705)));

        static IEnumerable<string> Errors(string pointer, string text) => SpecSamples.Parse(SpecSamples.With(pointer, $"\"{text}\"", Hive)).Errors.Select(error => error.Code);
    }

    [Fact]
    public void Parse_LengthLimits_CountUtf8Bytes()
    {
        Assert.Empty(Errors("/source/path", new string('x', 1024)));
        Assert.Equal(["invalid-path"], Errors("/source/path", new string('x', 1025)));
        Assert.Equal(["invalid-path"], Errors("/source/path", new string('ü', 513)));
        Assert.Equal(["invalid-name"], Errors("/partitionBy/column", new string('ü', 513)));
        Assert.Empty(Errors("/where", new string('x', 64 << 10)));
        Assert.Equal(["out-of-range"], Errors("/where", new string('ü', (32 << 10) + 1)));

        static IEnumerable<string> Errors(string pointer, string text) =>
            SpecSamples.Parse(SpecSamples.With(pointer, $"\"{text}\"")).Errors.Select(error => error.Code);
    }
}
