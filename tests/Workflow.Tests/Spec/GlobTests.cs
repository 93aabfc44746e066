using CsCheck;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

public class GlobTests
{
    [Theory]
    [InlineData("**/*.parquet", "a.parquet", true)]
    [InlineData("**/*.parquet", "a/b/c.parquet", true)]
    [InlineData("**/*.parquet", "a/b/c.parquet.tmp", false)]
    [InlineData("*.parquet", "a/b.parquet", false)]
    [InlineData("ff=*/part-?.parquet", "ff=7/part-0.parquet", true)]
    [InlineData("ff=*/part-?.parquet", "ff=7/part-10.parquet", false)]
    [InlineData("a/**", "a/b", true)]
    [InlineData("a/**", "a/b/c", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**/b", "a/b", true)]
    [InlineData("a/**/b", "a/x/y/b", true)]
    [InlineData("a/**/b", "a/x/y/c", false)]
    [InlineData("**/a/**/a", "a/b/a", true)]
    [InlineData("**", "a/b", true)]
    [InlineData("A", "a", false)]
    [InlineData("a.b", "aXb", false)]
    [InlineData("(a|b)+$", "(a|b)+$", true)]
    [InlineData("x?y", "x😀y", true)]
    [InlineData("x??y", "x😀y", false)]
    [InlineData("*ab*", "aab", true)]
    public void Matches_Examples_AsDocumented(string pattern, string path, bool expected) => Assert.Equal(expected, Glob.Parse(pattern).Matches(path));

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a\\b")]
    [InlineData("a**")]
    [InlineData("***")]
    [InlineData("[ab]")]
    [InlineData("a}")]
    public void TryParse_NotAGlob_SaysWhy(string pattern)
    {
        Assert.False(Glob.TryParse(pattern, out _, out var fault));
        Assert.NotEmpty(fault);
        Assert.Throws<FormatException>(() => Glob.Parse(pattern));
    }

    [Fact]
    public void Matches_AnyPattern_EqualsTheReference()
    {
        var segment = Gen.OneOf<string>(Gen.Const("**"), Gen.OneOf('a', 'b', '*', '?').Array[1, 5].Select(letters => new string(letters)))
            .Where(text => text == "**" || !text.Contains("**", StringComparison.Ordinal));
        var path = Gen.OneOf('a', 'b').Array[1, 5].Select(letters => new string(letters)).Array[1, 6].Select(segments => string.Join('/', segments));
        segment.Array[1, 5].Select(segments => string.Join('/', segments)).Select(path)
            .Sample((glob, text) => Assert.Equal(Reference(glob.Split('/'), text.Split('/')), Glob.Parse(glob).Matches(text)), seed: "0000000000001", iter: 50_000, threads: 1);
    }

    [Fact]
    public void Matches_PatternThatBlowsUpBacktracking_Ends()
    {
        Assert.False(Glob.Parse(string.Concat(Enumerable.Repeat("a*", 500)) + "b").Matches(new string('a', 1024)));
        Assert.False(Glob.Parse(string.Concat(Enumerable.Repeat("**/a/", 200)) + "b").Matches(string.Join('/', Enumerable.Repeat('a', 512))));
    }

    [Fact]
    public void Selects_IncludeAndExclude_BothCount()
    {
        var filter = SpecSamples.Accept(SpecSamples.With("/source", """{ "path": "x", "include": ["2024/**", "*.parquet"], "exclude": ["**/tmp/**"] }""")).Source.CreateFilter();
        Assert.True(filter.Selects("2024/a/b.csv"));
        Assert.True(filter.Selects("a.parquet"));
        Assert.False(filter.Selects("2023/a.parquet"));
        Assert.False(filter.Selects("2024/tmp/a.parquet"));
    }

    static bool Reference(ReadOnlySpan<string> glob, ReadOnlySpan<string> path)
    {
        if (glob.IsEmpty) return path.IsEmpty;
        if (glob[0] != "**") return !path.IsEmpty && ReferenceSegment(glob[0], path[0]) && Reference(glob[1..], path[1..]);
        for (var taken = glob.Length == 1 ? 1 : 0; taken <= path.Length; taken++)
            if (Reference(glob[1..], path[taken..])) return true;
        return false;
    }

    static bool ReferenceSegment(string glob, string text)
    {
        if (glob.Length == 0) return text.Length == 0;
        if (glob[0] == '*') return ReferenceSegment(glob[1..], text) || (text.Length > 0 && ReferenceSegment(glob, text[1..]));
        return text.Length > 0 && (glob[0] == '?' || glob[0] == text[0]) && ReferenceSegment(glob[1..], text[1..]);
    }
}
