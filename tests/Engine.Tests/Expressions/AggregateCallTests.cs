using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class AggregateCallTests
{
    static readonly Schema Schema = new([new("amount", DataType.Double), new("name", DataType.String), new("len", DataType.Int64)]);

    [Theory]
    [InlineData("len()", AggregateFunction.Len, null)]
    [InlineData("COUNT(name)", AggregateFunction.Count, 1)]
    [InlineData("sum( \"amount\" )", AggregateFunction.Sum, 0)]
    [InlineData("mean(len)", AggregateFunction.Mean, 2)]
    [InlineData("(min(name))", AggregateFunction.Min, 1)]
    [InlineData("max(amount)", AggregateFunction.Max, 0)]
    public void Parse_Supported_GivesFunctionAndColumn(string text, AggregateFunction function, int? ordinal)
    {
        var call = AggregateCall.Parse(text, Schema).Value!;
        Assert.Equal(function, call.Function);
        Assert.Equal(ordinal, (call.Argument as ColumnReference)?.Ordinal);
    }

    [Theory]
    [InlineData("median(amount)", FaultCode.Unsupported, "the aggregate 'median' is not supported yet")]
    [InlineData("quantile(amount, 0.5)", FaultCode.Unsupported, "the aggregate 'quantile' is not supported yet")]
    [InlineData("summ(amount)", FaultCode.UnknownFunction, "unknown aggregate 'summ'; did you mean 'sum'?")]
    [InlineData("lower(name)", FaultCode.Aggregate, "'lower' is no aggregate; expected one such as sum(x)")]
    [InlineData("amount", FaultCode.Aggregate, "expected an aggregate such as len() or sum(x)")]
    [InlineData("sum()", FaultCode.Type, "'sum' takes one argument, not 0")]
    [InlineData("len(amount)", FaultCode.Type, "'len' counts rows and takes no argument")]
    [InlineData("sum(name)", FaultCode.Type, "'sum' takes a number, but column 'name' is string")]
    [InlineData("max(amuont)", FaultCode.UnknownColumn, "unknown column 'amuont'; did you mean 'amount'?")]
    [InlineData("sum(1)", FaultCode.Unsupported, "an argument of 'sum' that isn't a column name is not supported yet")]
    [InlineData("count(*)", FaultCode.Syntax, "expected a value, found '*'")]
    public void Parse_Refused_SaysWhy(string text, string code, string message)
    {
        var fault = Assert.Single(AggregateCall.Parse(text, Schema).Faults);
        Assert.Equal((code, message), (fault.Code, fault.Message));
    }
}
