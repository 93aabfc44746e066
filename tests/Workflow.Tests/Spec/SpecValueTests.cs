using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

public class SpecValueTests
{
    [Theory]
    [InlineData("1B", 1L, "1B")]
    [InlineData("64KiB", 65536L, "64KiB")]
    [InlineData("1024MiB", 1L << 30, "1GiB")]
    [InlineData("1.5GiB", 1610612736L, "1536MiB")]
    [InlineData("500MB", 500_000_000L, "500000000B")]
    [InlineData("1TB", 1_000_000_000_000L, "976562500KiB")]
    public void ByteSize_Text_RoundTrips(string text, long bytes, string canonical)
    {
        Assert.True(ByteSize.TryParse(text, out var size));
        Assert.Equal(bytes, size.Bytes);
        Assert.Equal(canonical, size.ToString());
        Assert.True(ByteSize.TryParse(canonical, out var again));
        Assert.Equal(size, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("512")]
    [InlineData("MiB")]
    [InlineData("-1MiB")]
    [InlineData("0.3B")]
    [InlineData("1e3B")]
    [InlineData("512MiB\n")]
    [InlineData("٥MiB")]
    [InlineData("999999999999999TiB")]
    [InlineData("9999999999999999999999B")]
    public void ByteSize_OtherText_IsRefused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData("5%", 100, 5, "5%")]
    [InlineData("5.0%", 99, 4, "5%")]
    [InlineData("0.5%", 1000, 5, "0.5%")]
    [InlineData("100%", 7, 7, "100%")]
    [InlineData("3", 100, 3, "3")]
    [InlineData("3", 2, 2, "3")]
    public void FailureTolerance_Text_AllowsThatMany(string text, long total, long allowed, string canonical)
    {
        Assert.True(FailureTolerance.TryParse(text, out var tolerance));
        Assert.Equal(allowed, tolerance.Allowed(total));
        Assert.Equal(canonical, tolerance.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("1.%")]
    [InlineData("1.5")]
    [InlineData("-1%")]
    [InlineData("0.0000001%")]
    [InlineData("5%\n")]
    [InlineData("9999999999999999999")]
    public void FailureTolerance_OtherText_IsRefused(string text) => Assert.False(FailureTolerance.TryParse(text, out _));

    [Theory]
    [InlineData("stratgy", "strategy")]
    [InlineData("srategy", "strategy")]
    [InlineData("STRATEGY", "strategy")]
    [InlineData("sourec", "source")]
    [InlineData("banana", null)]
    [InlineData("", null)]
    public void Suggestion_NearWord_IsFound(string word, string? expected) => Assert.Equal(expected, Suggestion.Closest(word, ["version", "source", "strategy", "where"]));

    [Fact]
    public void EquatableList_SameItems_IsEqual()
    {
        EquatableList<string> left = ["a", "b"], right = ["a", "b"], other = ["b", "a"];
        Assert.True(left.Equals(right));
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.False(left.Equals(other));
    }
}
