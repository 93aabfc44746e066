using System.Text;
using CsCheck;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

public class ObjectPathTests
{
    public static TheoryData<string> Invalid =>
    [
        "", "/", "/a", "a/", "a//b", ".", "..", "../x", "a/../b", "a/./b", "a/..", "a\\b", "a\0b", "a\nb", "a\u007Fb", "a\u0085b", "a\uD800b", "a\uDC00",
        string.Concat(Enumerable.Repeat("\u00E9/", 342)) + "a",
    ];

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Validate_InvalidPath_IsRefusedInOneLine(string path)
    {
        var failure = Assert.Throws<StorageException>(() => ObjectPath.Validate(path));
        Assert.Equal(StorageFailure.InvalidPath, failure.Failure);
        Assert.Equal(path, failure.Path);
        Assert.DoesNotContain(failure.Message, char.IsControl);
        Assert.InRange(failure.Message.Length, 1, 400);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("...")]
    [InlineData(".a/b./c d")]
    [InlineData("ff=7/\u00E9\U0001F600.parquet")]
    public void Validate_ValidPath_IsReturned(string path) => Assert.Equal(path, ObjectPath.Validate(path));

    [Fact]
    public void Validate_LengthInBytes_IsLimited()
    {
        var longest = string.Join('/', Enumerable.Repeat(new string('a', 127), 8)) + "a";
        Assert.Equal(ObjectPath.MaxBytes, longest.Length);
        Assert.Equal(longest, ObjectPath.Validate(longest));
        Assert.Throws<StorageException>(() => ObjectPath.Validate(longest + "a"));
    }

    [Fact]
    public void Combine_FolderAndPath_AreJoinedAndChecked()
    {
        Assert.Equal("a/b/c", ObjectPath.Combine("a/b", "c"));
        Assert.Equal("c", ObjectPath.Combine("", "c"));
        Assert.Throws<StorageException>(() => ObjectPath.Combine("a", "../c"));
        Assert.Throws<StorageException>(() => ObjectPath.Combine("a", "/c"));
        Assert.Throws<StorageException>(() => ObjectPath.Combine("a", ""));
    }

    [Fact]
    public void Order_AnyTwoPaths_IsThatOfTheirBytes()
    {
        var path = Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).Select(value => new Rune(value).ToString()).Array[0, 3].Select(string.Concat);
        Gen.Select(path, path, path).Sample((common, left, right) =>
        {
            var expected = Encoding.UTF8.GetBytes(common + left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(common + right));
            Assert.Equal(Math.Sign(expected), Math.Sign(ObjectPath.Order.Compare(common + left, common + right)));
        });
    }
}
