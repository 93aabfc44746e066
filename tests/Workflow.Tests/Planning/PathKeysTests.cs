using Fanfold.Engine.Columns;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Tests.Planning;

public class PathKeysTests
{
    [Theory]
    [InlineData("lake/a.parquet", "")]
    [InlineData("lake/ff=7/a.parquet", "ff:7")]
    [InlineData("lake/x/ff=7/y/b=c=d/a.parquet", "ff:7|b:c=d")]
    [InlineData("lake/ff=7.parquet", "")]
    [InlineData("lake/=7/a.parquet", "")]
    [InlineData("lake/ff=/a.parquet", "ff:")]
    [InlineData("lake/ff=__HIVE_DEFAULT_PARTITION__/a.parquet", "ff:<null>")]
    [InlineData("lake/ff=__HIVE%5FDEFAULT_PARTITION__/a.parquet", "ff:__HIVE_DEFAULT_PARTITION__")]
    [InlineData("lake/a%2Fb=c%3Dd%25/a.parquet", "a/b:c=d%")]
    [InlineData("lake/ff=100%/a.parquet", "ff:100%")]
    [InlineData("lake/ff=%zz%4/a.parquet", "ff:%zz%4")]
    [InlineData("lake/ff=%2541/a.parquet", "ff:%41")]
    [InlineData("lake/ff=a+b%20c/a.parquet", "ff:a+b c")]
    [InlineData("lake/ff=%E6%97%A5本/a.parquet", "ff:日本")]
    [InlineData("lake/ff=%FF/a.parquet", "ff:%FF!")]
    [InlineData("lake/ff=1/ff=2/a.parquet", "ff:1|ff:2")]
    [InlineData("lake", "")]
    public void Of_Path_AreTheFoldersWithAnEqualsSign(string path, string expected) =>
        Assert.Equal(expected, string.Join('|', PathKeys.Of("lake", path).Select(key => $"{key.Name}:{key.Value ?? "<null>"}{(key.IsUnicode ? "" : "!")}")));

    [Theory]
    [InlineData("int64", "0", "-12", "9223372036854775807", "-9223372036854775808", null)]
    [InlineData("int64", null, null)]
    [InlineData("date", "2024-02-29", "1969-12-31", null)]
    [InlineData("string", "7", "007")]
    [InlineData("string", "7", "+7")]
    [InlineData("string", "7", "-0")]
    [InlineData("string", "7", " 7")]
    [InlineData("string", "7", "")]
    [InlineData("string", "7", "1.0")]
    [InlineData("string", "9223372036854775808")]
    [InlineData("string", "2024-02-30")]
    [InlineData("string", "2024-02-29", "7")]
    [InlineData("string", "true", "false")]
    public void TypeOf_Values_IsTheNarrowestThatWritesThemAlike(string type, params string?[] values) =>
        Assert.Equal(DataType.Parse(type), PathKeys.TypeOf(values));
}
