using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class BinderTests
{
    static readonly Schema Schema = new(
    [
        new("status", DataType.String), new("amount", DataType.Decimal(18, 2)), new("n", DataType.Int64), new("x", DataType.Double), new("flag", DataType.Bool),
        new("day", DataType.Date), new("at", DataType.Timestamp(TimeUnit.Micros)), new("id", DataType.Uuid), new("clock", DataType.Time(TimeUnit.Millis)),
    ]);

    [Theory]
    [InlineData("stauts = 'paid'", FaultCode.UnknownColumn, 0, 6, "unknown column 'stauts'; did you mean 'status'?")]
    [InlineData("Status = 'paid'", FaultCode.UnknownColumn, 0, 6, "unknown column 'Status'; did you mean 'status'?")]
    [InlineData("whatever = 'paid'", FaultCode.UnknownColumn, 0, 8, "unknown column 'whatever'")]
    [InlineData("n = 'five'", FaultCode.Type, 4, 6, "column 'n' is int64: expected a number, found text")]
    [InlineData("status = 5", FaultCode.Type, 9, 1, "column 'status' is string: expected text in single quotes, found a number")]
    [InlineData("5 <> status", FaultCode.Type, 0, 1, "column 'status' is string: expected text in single quotes, found a number")]
    [InlineData("status = date '2024-01-01'", FaultCode.Type, 9, 17, "column 'status' is string: expected text in single quotes, found a date")]
    [InlineData("day = 'yesterday'", FaultCode.Value, 6, 11, "column 'day' is date: 'yesterday' can't be read as a date such as '2024-01-31'")]
    [InlineData("day = date '2024-02-30'", FaultCode.Value, 6, 17, "'2024-02-30' can't be read as a date such as '2024-01-31'")]
    [InlineData("at < 'noon'", FaultCode.Value, 5, 6, "column 'at' is timestamp(us): 'noon' can't be read as a timestamp such as '2024-01-31 23:59:59.5'")]
    [InlineData("clock < '25:00'", FaultCode.Value, 8, 7, "column 'clock' is time(ms): '25:00' can't be read as a time such as '23:59:59.5'")]
    [InlineData("id = 'x'", FaultCode.Value, 5, 3, "column 'id' is uuid: 'x' can't be read as a uuid such as '123e4567-e89b-12d3-a456-426614174000'")]
    [InlineData("flag = 1", FaultCode.Type, 7, 1, "column 'flag' is bool: expected true or false, found a number")]
    [InlineData("n = true", FaultCode.Type, 4, 4, "column 'n' is int64: expected a number, found true or false")]
    [InlineData("n = status", FaultCode.Type, 0, 10, "no comparison: column 'n' is int64 and column 'status' is string")]
    [InlineData("n", FaultCode.Type, 0, 1, "expected a condition (bool), but column 'n' is int64")]
    [InlineData("1", FaultCode.Type, 0, 1, "expected a condition (bool), but this is a number")]
    [InlineData("flag and not n", FaultCode.Type, 13, 1, "expected a condition (bool), but column 'n' is int64")]
    [InlineData("1 = 'x'", FaultCode.Type, 0, 7, "a number and text don't compare")]
    [InlineData("n in (1, x)", FaultCode.Unsupported, 9, 1, "the list after 'in' takes literals only")]
    [InlineData("n + 1 > 2", FaultCode.Unsupported, 0, 5, "the operator '+' is not supported yet")]
    [InlineData("-n > 2", FaultCode.Unsupported, 0, 2, "a minus sign before anything but a number is not supported yet")]
    [InlineData("status like 'p%'", FaultCode.Unsupported, 0, 16, "'like' is not supported yet")]
    [InlineData("Lower(status) = 'x'", FaultCode.Unsupported, 0, 13, "the function 'Lower' is not supported yet")]
    [InlineData("cast(n as string) = 'x'", FaultCode.Unsupported, 0, 17, "'cast' is not supported yet")]
    [InlineData("case when flag then true end", FaultCode.Unsupported, 0, 28, "'case' is not supported yet")]
    [InlineData("lowr(status) = 'x'", FaultCode.UnknownFunction, 0, 4, "unknown function 'lowr'; did you mean 'lower'?")]
    [InlineData("sum(n) > 1", FaultCode.Aggregate, 0, 6, "'sum' is an aggregate; it has no meaning for a single row")]
    public void BindPredicate_Faulty_SaysWhereAndWhy(string text, string code, int position, int length, string message)
    {
        var bound = Expression.Parse(text).BindPredicate(Schema);
        Assert.False(bound.IsValid);
        Assert.Equal(new ExpressionFault(code, position, length, message), Assert.Single(bound.Faults));
    }

    [Fact]
    public void BindPredicate_ManyFaults_ReportsAllInOrder()
    {
        var bound = Expression.Parse("stauts = 'x' and n in (1, 'two', 'three') or lower(nn) = 'x' and at between 'a' and 'b'").BindPredicate(Schema);
        Assert.Equal(
            [FaultCode.UnknownColumn, FaultCode.Type, FaultCode.Type, FaultCode.Unsupported, FaultCode.UnknownColumn, FaultCode.Value, FaultCode.Value],
            bound.Faults.Select(fault => fault.Code));
        Assert.True(bound.Faults.Zip(bound.Faults.Skip(1)).All(pair => pair.First.Position <= pair.Second.Position));
    }

    [Fact]
    public void BindPredicate_ThousandsOfFaults_ReportsAHundred() =>
        Assert.Equal(100, Expression.Parse(string.Join(" or ", Enumerable.Range(0, 5_000).Select(i => $"q{i}"))).BindPredicate(Schema).Faults.Count);

    [Fact]
    public void Bind_FaultyText_GivesTheParseFaultAgain()
    {
        var expression = Expression.Parse("n >");
        Assert.Same(expression.Faults, expression.BindPredicate(Schema).Faults);
        Assert.Same(expression.Faults, expression.Bind(Schema).Faults);
    }

    [Theory]
    [InlineData("amount", "decimal(18,2)")]
    [InlineData("n > 3", "bool")]
    [InlineData("5", "int64")]
    [InlineData("9223372036854775808", "decimal(38,0)")]
    [InlineData("99999999999999999999999999999999999999", "decimal(38,0)")]
    [InlineData("100000000000000000000000000000000000000", "double")]
    [InlineData("0.5", "double")]
    [InlineData("'x'", "string")]
    [InlineData("date '2024-01-01'", "date")]
    [InlineData("timestamp '2024-01-01 10:00:00.123456789'", "timestamp(ns)")]
    public void Bind_AnyExpression_HasItsType(string text, string type) => Assert.Equal(type, Expression.Parse(text).Bind(Schema).Value!.Type.ToString());

    [Fact]
    public void Ordinals_BoundPredicate_AreTheColumnsRead() =>
        Assert.Equal([1, 2, 4], Expression.Parse("flag or n in (1, 2) and amount < n").BindPredicate(Schema).Value!.Ordinals);
}
