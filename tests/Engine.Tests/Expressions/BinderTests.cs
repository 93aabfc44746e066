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
    [InlineData("n + status > 2", FaultCode.Type, 4, 6, "'+' takes numbers, but column 'status' is string; texts are joined with ||")]
    [InlineData("at - 1 > 2", FaultCode.Type, 0, 2, "'-' takes numbers, but column 'at' is timestamp(us); the time between two is date_diff('day', a, b)")]
    [InlineData("-status > 2", FaultCode.Type, 1, 6, "'-' takes numbers, but column 'status' is string")]
    [InlineData("x // 2 = 1", FaultCode.Type, 0, 6, "'//' divides integers; for other numbers write floor(a / b)")]
    [InlineData("9223372036854775807 + 1 > n", FaultCode.Value, 0, 23, "'9223372036854775807 + 1' passes the range of int64; cast an operand to double or to decimal, or guard it with case when (9223372036854775807 and 1)")]
    [InlineData("status like n", FaultCode.Type, 12, 1, "the pattern of 'like' is a text in quotes; for texts of columns there are starts_with and contains")]
    [InlineData("n like 'p%'", FaultCode.Type, 0, 1, "expected a text, but column 'n' is int64; cast(… as string) makes one")]
    [InlineData("lower(n) = 'x'", FaultCode.Type, 6, 1, "expected a text, but column 'n' is int64; cast(… as string) makes one")]
    [InlineData("lower() = 'x'", FaultCode.Type, 0, 7, "'lower' takes 1 argument, not 0")]
    [InlineData("substr(status) = 'x'", FaultCode.Type, 0, 14, "'substr' takes 2 or 3 arguments, not 1")]
    [InlineData("coalesce(n, status) = 1", FaultCode.Type, 12, 6, "'coalesce' takes values of one type, but column 'status' is string and another is int64")]
    [InlineData("cast(n as strng) = 'x'", FaultCode.Type, 10, 5, "unknown type 'strng'; did you mean 'string'?")]
    [InlineData("cast(n as decimal(39,2)) = 1", FaultCode.Type, 10, 13, "a decimal has 1 to 38 digits, of which some are behind the point, as in decimal(18,2)")]
    [InlineData("cast(day as int64) = 1", FaultCode.Type, 0, 18, "there is no cast from date to int64")]
    [InlineData("cast('x' as int64) = n", FaultCode.Value, 0, 18, "'cast('x' as int64)' has no int64 for a value; try_cast gives null for it ('x')")]
    [InlineData("date_trunc('mnth', at) = at", FaultCode.Value, 11, 6, "'date_trunc' takes the part as a text in quotes first, one of year, quarter, month, week, day, hour, minute, second, millisecond, microsecond; did you mean 'month'?")]
    [InlineData("year(n) = 2024", FaultCode.Type, 5, 1, "'year' takes a date or timestamp, but column 'n' is int64")]
    [InlineData("round(x, n) = 1", FaultCode.Type, 9, 1, "'round' takes the digits behind the point as a whole number from -38 to 38")]
    [InlineData("case when n then true end", FaultCode.Type, 10, 1, "expected a condition (bool), but column 'n' is int64")]
    [InlineData("case when flag then n else status end = 1", FaultCode.Type, 27, 6, "'case' takes values of one type, but column 'status' is string and another is int64")]
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
            [FaultCode.UnknownColumn, FaultCode.Type, FaultCode.Type, FaultCode.UnknownColumn, FaultCode.Value, FaultCode.Value],
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
    [InlineData("n + 1", "int64")]
    [InlineData("n / 2", "double")]
    [InlineData("n // 2", "int64")]
    [InlineData("amount * amount", "decimal(38,4)")]
    [InlineData("amount + n", "decimal(38,2)")]
    [InlineData("amount + 0.5", "double")]
    [InlineData("coalesce(n, 0)", "int64")]
    [InlineData("coalesce(n, amount)", "decimal(21,2)")]
    [InlineData("coalesce(day, '2024-01-01')", "date")]
    [InlineData("greatest(day, at)", "timestamp(us)")]
    [InlineData("case when flag then 1 end", "int64")]
    [InlineData("date_trunc('month', day)", "date")]
    [InlineData("round(amount, 1)", "decimal(18,1)")]
    [InlineData("cast(n as numeric(9))", "decimal(9,0)")]
    [InlineData("status || n", "string")]
    [InlineData("n is null", "bool")]
    [InlineData("'x'", "string")]
    [InlineData("date '2024-01-01'", "date")]
    [InlineData("timestamp '2024-01-01 10:00:00.123456789'", "timestamp(ns)")]
    public void Bind_AnyExpression_HasItsType(string text, string type) => Assert.Equal(type, Expression.Parse(text).Bind(Schema).Value!.Type.ToString());

    [Fact]
    public void Ordinals_BoundPredicate_AreTheColumnsRead() =>
        Assert.Equal([1, 2, 4], Expression.Parse("flag or n in (1, 2) and amount < n").BindPredicate(Schema).Value!.Ordinals);
}
