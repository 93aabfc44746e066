using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

public class SpecHashTests
{
    [Fact]
    public void CanonicalJson_OfMinimal_IsPinned()
    {
        var spec = SpecSamples.Accept(SpecSamples.Minimal);
        Assert.Equal(
            """{"version":1,"source":{"path":"lake/trips","include":["**/*.parquet"],"exclude":[],"raw":false,"onMissingColumn":"error"},"partitionBy":{"column":"ff"},"derive":{},"reduce":{"groupBy":[],"aggregates":{"total":"sum(amount)"},"sort":[]},"output":{"path":"results/trips.parquet","layout":"file"}}""",
            spec.ToCanonicalJson());
        Assert.Equal("433f62a43c2cc1f24ea694e74025de61b6adf49f30caa954eb34e0afc05d9ec0", spec.ComputeHash());
    }

    [Fact]
    public void CanonicalJson_OfFull_IsPinned()
    {
        var spec = SpecSamples.Accept(SpecSamples.Full);
        Assert.Equal(
            """{"version":1,"source":{"path":"lake/trips","include":["2024/**/*.parquet","2025/*.parquet"],"exclude":["**/old-?.parquet"],"raw":true,"onMissingColumn":"error"},"partitionBy":{"column":"ff","values":[0,1.50,-2e3,"north",true,null]},"where":"distance > 0 and status in ('paid', 'shipped')","derive":{},"reduce":{"groupBy":["category","month"],"aggregates":{"n":"len()","total":"sum(amount)"},"sort":["-total","category"],"limit":100},"output":{"path":"results/trips-by-category.parquet","layout":"file"}}""",
            spec.ToCanonicalJson());
        Assert.Equal("43d1c6368b96385b688afd487b85ddb70830bd53605fea52a13a064572b56801", spec.ComputeHash());
        Assert.EndsWith(
            """
            "limits":{"parallel":8,"memory":"1GiB","timeout":"1.00:10:00","retries":5,"toleratedFailures":"2.5%"},"strategy":"perPartition"}
            """,
            spec.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void CanonicalJson_OddCharacters_EscapesOnlyWhatJsonDemands()
    {
        var spec = SpecSamples.Accept(SpecSamples.Minimal) with { Where = "a\"b\\c/d\u0001\n\t\u007fü\u2028😀<&+'" };
        Assert.Contains("\"where\":\"a\\\"b\\\\c/d\\u0001\\n\\t\u007fü\u2028😀<&+'\",", spec.ToCanonicalJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/limits/memory", "\"2GiB\"")]
    [InlineData("/limits/parallel", "3")]
    [InlineData("/strategy", "\"perPartition\"")]
    [InlineData("/source/include", "[\"**/*.parquet\"]")]
    [InlineData("/source/raw", "false")]
    [InlineData("/reduce/groupBy", "[]")]
    [InlineData("/reduce/sort", "[]")]
    [InlineData("/derive", "{}")]
    [InlineData("/output/layout", "\"file\"")]
    [InlineData("/$schema", "\"x\"")]
    public void Hash_LimitsStrategyAndWrittenDefaults_ChangeNothing(string pointer, string value) =>
        Assert.Equal(Hash(SpecSamples.Minimal), Hash(SpecSamples.With(pointer, value)));

    [Theory]
    [InlineData("/source/path", "\"lake/other\"")]
    [InlineData("/source/exclude", "[\"x\"]")]
    [InlineData("/source/raw", "true")]
    [InlineData("/partitionBy/values", "[1]")]
    [InlineData("/partitionBy/values", "[1.0]")]
    [InlineData("/partitionBy/values", "[\"1\"]")]
    [InlineData("/where", "\"a\"")]
    [InlineData("/reduce/limit", "1")]
    [InlineData("/reduce/sort", "[\"total\"]")]
    [InlineData("/reduce/sort", "[\"-total\"]")]
    [InlineData("/reduce/aggregates", "{\"a\":\"len()\",\"b\":\"len()\"}")]
    [InlineData("/reduce/aggregates", "{\"b\":\"len()\",\"a\":\"len()\"}")]
    [InlineData("/output/path", "\"results/other.parquet\"")]
    public void Hash_WhatDecidesTheResult_ChangesIt(string pointer, string value)
    {
        var changed = SpecSamples.With(pointer, value);
        Assert.NotEqual(Hash(SpecSamples.Minimal), Hash(changed));
        string[] others = ["/partitionBy/values|[2]", "/reduce/aggregates|{\"a\":\"len()\"}", "/reduce/limit|2"];
        Assert.All(others, other => Assert.NotEqual(Hash(SpecSamples.With(other.Split('|')[0], other.Split('|')[1])), Hash(changed)));
    }

    [Fact]
    public void Hash_OrderOfAggregates_IsPartOfIt() =>
        Assert.NotEqual(
            Hash(SpecSamples.With("/reduce/aggregates", """{ "a": "len()", "b": "len()" }""")),
            Hash(SpecSamples.With("/reduce/aggregates", """{ "b": "len()", "a": "len()" }""")));

    [Fact]
    public void Hash_OrderOfFieldsAndWhiteSpace_IsNoPartOfIt() =>
        Assert.Equal(
            Hash(SpecSamples.Minimal),
            Hash("""{"output":{"path":"results/trips.parquet"},"reduce":{"aggregates":{"t\u006ftal":"sum(amount)"}},"partitionBy":{"column":"ff"},"source":{"path":"lake\/trips"},"version":1}"""));

    static string Hash(string json) => SpecSamples.Accept(json).ComputeHash();
}
