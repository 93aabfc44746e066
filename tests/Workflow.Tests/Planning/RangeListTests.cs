using Fanfold.Engine.Columns;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Tests.Spec;

namespace Fanfold.Workflow.Tests.Planning;

public class RangeListTests
{
    static List<Partition> Of(string ranges, string type) => RangeList.Of(SpecSamples.Accept(SpecSamples.With("/partitionBy", $$"""{ "column": "ff", "ranges": {{ranges}} }""")).PartitionBy.Ranges!, new Field("ff", DataType.Parse(type)));

    [Theory]
    [InlineData("int32", "[[10, 20], [-5, 10], [30, 1e2]]", "[-5, 10) [10, 20) [30, 100)")]
    [InlineData("int8", "[[0, 128]]", "[0, 128)")]
    [InlineData("double", "[[0.5, 1], [-1, 0.25]]", "[-1, 0.25) [0.5, 1)")]
    [InlineData("decimal(9,2)", "[[0.5, 1.25]]", "[0.50, 1.25)")]
    [InlineData("date", "[[\"2024-01-01\", \"2024-02-01\"], [\"2024-02-01\", \"2024-03-01\"]]", "[2024-01-01, 2024-02-01) [2024-02-01, 2024-03-01)")]
    [InlineData("timestamp(us)", "[[\"2024-01-01\", \"2024-01-01 12:00\"]]", "[2024-01-01 00:00:00, 2024-01-01 12:00:00)")]
    [InlineData("string", "[[\"b\", \"c\"], [\"\", \"b\"]]", "[, b) [b, c)")]
    [InlineData("string", "[[\"A\", \"a\"]]", "[A, a)")]
    [InlineData("binary", "[[\"00\", \"ff\"]]", "[00, ff)")]
    public void Of_Ranges_AreAscendingAndShown(string type, string ranges, string expected) =>
        Assert.Equal(expected, string.Join(' ', Of(ranges, type).Select(partition => partition.Range!.Text)));

    [Fact]
    public void Of_EndAboveTheType_HasNoEnd() => Assert.Null(Assert.Single(Of("[[0, 128]]", "int8")).Range!.Below);

    [Theory]
    [InlineData("int32", "[[0, 10], [9, 20]]", "overlapping-ranges /partitionBy/ranges/1")]
    [InlineData("int32", "[[5, 7], [0, 100], [50, 60]]", "overlapping-ranges /partitionBy/ranges/1|overlapping-ranges /partitionBy/ranges/2")]
    [InlineData("int8", "[[0, 1000], [5, 6]]", "overlapping-ranges /partitionBy/ranges/1")]
    [InlineData("int32", "[[0, 10], [0, 10]]", "overlapping-ranges /partitionBy/ranges/1")]
    [InlineData("int32", "[[3, 3], [5, 4]]", "empty-range /partitionBy/ranges/0|empty-range /partitionBy/ranges/1")]
    [InlineData("int8", "[[-200, 0], [0, 1.5]]", "type /partitionBy/ranges/0/0|type /partitionBy/ranges/1/1")]
    [InlineData("int32", "[[\"a\", \"b\"]]", "type /partitionBy/ranges/0/0|type /partitionBy/ranges/0/1")]
    [InlineData("double", "[[\"NaN\", \"Infinity\"]]", "type /partitionBy/ranges/0/0")]
    [InlineData("bool", "[[0, 1]]", "type /partitionBy/ranges/0/0|type /partitionBy/ranges/0/1")]
    [InlineData("string", "[[\"a\", \"A\"]]", "empty-range /partitionBy/ranges/0")]
    public void Of_FaultyRanges_AreAllRefused(string type, string ranges, string expected) =>
        Assert.Equal(expected, string.Join('|', Assert.Throws<PlanRefusedException>(() => Of(ranges, type)).Errors.Select(error => $"{error.Code} {error.Pointer}")));
}
