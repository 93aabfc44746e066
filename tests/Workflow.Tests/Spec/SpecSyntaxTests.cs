using System.Text;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

public class SpecSyntaxTests
{
    [Theory]
    [InlineData("", "line 1, column 1", "empty")]
    [InlineData(" \n ", "line 1, column 1", "empty")]
    [InlineData("{", "line 1, column 2", "ends too early")]
    [InlineData("{\n  \"a\": 1,\n}", "line 3, column 1", "remove the comma")]
    [InlineData("{ \"a\": [1, ] }", "line 1, column 12", "remove the comma")]
    [InlineData("{\n  // no\n}", "line 2, column 3", "no comments")]
    [InlineData("{ \"ü\": 'x' }", "line 1, column 8", "double quotes")]
    [InlineData("{ \"a\": \"x\ny\" }", "line 1, column 10", "escape")]
    [InlineData("{} {}", "line 1, column 4", "")]
    [InlineData("{ \"a\": NaN }", "line 1, column 8", "")]
    [InlineData("{ \"a\": 01 }", "line 1, column 9", "")]
    [InlineData("{ \"a\":\n \"\\ud800\" }", "line 2, column 2", "surrogate")]
    [InlineData("{ \"\\udc00\\ud800\": 1 }", "line 1, column 3", "surrogate")]
    public void Parse_NotJson_NamesLineColumnAndReason(string json, string place, string reason)
    {
        var error = Assert.Single(SpecSamples.Parse(json).Errors);
        Assert.Equal(("invalid-json", ""), (error.Code, error.Pointer));
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"spec\"")]
    [InlineData("1")]
    public void Parse_NotAnObject_IsWrongType(string json)
    {
        var error = Assert.Single(SpecSamples.Parse(json).Errors);
        Assert.Equal(("wrong-type", ""), (error.Code, error.Pointer));
    }

    [Fact]
    public void Parse_InvalidUtf8_NamesThePlace()
    {
        var error = Assert.Single(SpecParser.Parse((byte[])[.. "{\n \"a\": \""u8, 0xC3, 0x28, .. "\"}"u8]).Errors);
        Assert.Equal("invalid-json", error.Code);
        Assert.Contains("line 2, column 8: the bytes are not UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_ByteOrderMark_IsSkippedOnce()
    {
        byte[] spec = [.. "\uFEFF"u8, .. Encoding.UTF8.GetBytes(SpecSamples.Minimal)];
        Assert.True(SpecParser.Parse(spec).IsValid);
        Assert.Equal("invalid-json", Assert.Single(SpecParser.Parse((byte[])[.. "\uFEFF"u8, .. spec]).Errors).Code);
    }

    [Fact]
    public void Parse_Depth_EndsAtSixteenLevels()
    {
        Assert.Equal("unknown-field", Assert.Single(SpecSamples.Parse(SpecSamples.With("/x", Nested(15))).Errors).Code);
        Assert.Equal("too-deep", Assert.Single(SpecSamples.Parse(SpecSamples.With("/x", Nested(16))).Errors).Code);
        Assert.Equal("too-deep", Assert.Single(SpecSamples.Parse(new string('[', 1 << 20))
            .Errors).Code);

        static string Nested(int levels) => new string('[', levels) + new string(']', levels);
    }

    [Fact]
    public void Parse_Size_EndsAtOneMebibyte()
    {
        var padded = SpecSamples.Minimal.PadRight(1 << 20);
        Assert.True(SpecSamples.Parse(padded).IsValid);
        Assert.Equal("too-large", Assert.Single(SpecSamples.Parse(padded + " ").Errors).Code);
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 1, \"vers\\u0069on\": 1", "/version")]
    [InlineData("\"path\": \"lake/trips\"", "\"path\": \"lake/trips\", \"path\": \"lake/trips\"", "/source/path")]
    [InlineData("\"total\": \"sum(amount)\"", "\"total\": \"sum(amount)\", \"total\": \"len()\"", "/reduce/aggregates/total")]
    public void Parse_RepeatedName_IsADuplicate(string find, string replace, string pointer)
    {
        var error = Assert.Single(SpecSamples.Parse(SpecSamples.Minimal.Replace(find, replace, StringComparison.Ordinal)).Errors);
        Assert.Equal(("duplicate", pointer), (error.Code, error.Pointer));
    }
}
