using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Tests.Expressions;

namespace Fanfold.Engine.Tests.Columns;

public class WideningTests
{
    [Theory]
    [InlineData("int32 int64", "int64")]
    [InlineData("int8 int16 int32", "int32")]
    [InlineData("uint8 uint32", "uint32")]
    [InlineData("uint8 int8", "int16")]
    [InlineData("uint16 int8", "int32")]
    [InlineData("uint16 int64", "int64")]
    [InlineData("uint32 int32", "int64")]
    [InlineData("uint64 uint8", "uint64")]
    [InlineData("uint64 int8", "decimal(20,0)")]
    [InlineData("float double", "double")]
    [InlineData("float int8", "double")]
    [InlineData("double uint32 int16", "double")]
    [InlineData("double int64", null)]
    [InlineData("float uint64", null)]
    [InlineData("float decimal(4,2)", null)]
    [InlineData("decimal(9,2) decimal(6,4)", "decimal(11,4)")]
    [InlineData("decimal(38,0) decimal(38,0)", "decimal(38,0)")]
    [InlineData("decimal(38,0) decimal(38,1)", null)]
    [InlineData("decimal(4,2) int32", "decimal(12,2)")]
    [InlineData("decimal(4,2) int64", "decimal(21,2)")]
    [InlineData("decimal(4,2) int8 uint8", "decimal(5,2)")]
    [InlineData("decimal(5,0) uint64 int8", "decimal(20,0)")]
    [InlineData("decimal(38,20) int64", null)]
    [InlineData("timestamp(ms) timestamp(us)", "timestamp(us)")]
    [InlineData("timestamp(ns,utc) timestamp(us,utc) timestamp(ms,utc)", "timestamp(ns,utc)")]
    [InlineData("timestamp(ms) timestamp(ms,utc)", null)]
    [InlineData("time(ms) time(ns)", "time(ns)")]
    [InlineData("time(ms) time(ms,utc)", null)]
    [InlineData("time(ms) timestamp(ms)", null)]
    [InlineData("date timestamp(us)", null)]
    [InlineData("date int32", null)]
    [InlineData("string binary", null)]
    [InlineData("string int32", null)]
    [InlineData("uuid string", null)]
    [InlineData("bool int8", null)]
    public void CommonType_OfTypes_IsTheNarrowestThatHoldsAllOrNone(string types, string? expected)
    {
        var parsed = types.Split(' ').Select(DataType.Parse).ToList();
        DataType? common = expected is null ? null : DataType.Parse(expected);

        Assert.Equal(common, CommonType.Of(parsed));
        Assert.Equal(common, CommonType.Of([.. Enumerable.Reverse(parsed), .. parsed]));
    }

    [Fact]
    public void Append_AnyColumnToAnyCommonType_KeepsEveryValueExactly()
    {
        var widened = 0;
        Gen.Select(Tables.AnyType, Tables.AnyType).SelectMany(types => Tables.Column(types.Item1, 70).Select(column => (column, types.Item2))).Sample(made =>
        {
            var (column, other) = made;
            if (CommonType.Of([column.Type, other]) is not { } common || common == column.Type) return;
            Interlocked.Increment(ref widened);
            var wide = Column.Create(common);
            try
            {
                Widening.Append(column, wide);
            }
            catch (OverflowException)
            {
                Assert.Equal(TypeKind.Timestamp, common.Kind);
                Assert.Contains(Enumerable.Range(0, column.Length), row => Widening.Convert(column[row], common) is null);
                return;
            }
            Assert.Equal(column.Length, wide.Length);
            for (var row = 0; row < column.Length; row++)
            {
                Assert.Equal(ExactValue.Of(column[row]), ExactValue.Of(wide[row]), (left, right) => left is null ? right is null : right is not null && left.CompareTo(right) == 0);
                Assert.Equal(wide[row], Widening.Convert(column[row], common));
            }
        }, iter: Soak.Cases(3_000), print: made => $"{made.column.Type} with {made.Item2}");
        Assert.True(widened > 300, $"only {widened} columns were widened");
    }

    [Fact]
    public void Convert_TimestampOutOfTheFinerUnitsRange_IsNothing()
    {
        var millis = DataType.Timestamp(TimeUnit.Millis);
        var nanos = DataType.Timestamp(TimeUnit.Nanos);

        Assert.Equal(9_223_372_036_854_000_000, Widening.Convert(Scalar.Integer(millis, 9_223_372_036_854), nanos)!.Value.IntegerValue);
        Assert.Null(Widening.Convert(Scalar.Integer(millis, 9_223_372_036_855), nanos));
        Assert.Null(Widening.Convert(Scalar.Integer(millis, long.MinValue), nanos));
        Assert.Throws<OverflowException>(() => Widening.Append(Tables.Of(millis, [Scalar.Integer(millis, 9_223_372_036_855)]), Column.Create(nanos)));
    }
}
