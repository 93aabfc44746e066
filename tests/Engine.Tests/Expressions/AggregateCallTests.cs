using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class AggregateCallTests
{
    static readonly Schema Schema = new([new("amount", DataType.Double), new("name", DataType.String), new("len", DataType.Int64), new("paid", DataType.Bool)]);

    [Theory]
    [InlineData("len()", AggregateFunction.Len, null)]
    [InlineData("COUNT(name)", AggregateFunction.Count, 1)]
    [InlineData("sum( \"amount\" )", AggregateFunction.Sum, 0)]
    [InlineData("mean(len)", AggregateFunction.Mean, 2)]
    [InlineData("(min(name))", AggregateFunction.Min, 1)]
    [InlineData("max(amount)", AggregateFunction.Max, 0)]
    [InlineData("std(amount)", AggregateFunction.Std, 0)]
    [InlineData("var(len)", AggregateFunction.Var, 2)]
    [InlineData("n_unique(name)", AggregateFunction.NUnique, 1)]
    [InlineData("first(name)", AggregateFunction.First, 1)]
    [InlineData("last(name)", AggregateFunction.Last, 1)]
    [InlineData("any(paid)", AggregateFunction.Any, 3)]
    [InlineData("ALL(paid)", AggregateFunction.All, 3)]
    [InlineData("quantile(amount, 0.95)", AggregateFunction.Quantile, 0, 0.95)]
    [InlineData("quantile(amount, 1)", AggregateFunction.Quantile, 0, 1.0)]
    [InlineData("median(amount)", AggregateFunction.Median, 0)]
    public void Parse_Supported_GivesFunctionAndColumn(string text, AggregateFunction function, int? ordinal, double? parameter = null)
    {
        var call = AggregateCall.Parse(text, Schema).Value!;
        Assert.Equal(parameter, call.Parameter);
        Assert.Equal(function, call.Function);
        Assert.Equal(ordinal, (call.Argument as ColumnReference)?.Ordinal);
    }

    [Theory]
    [InlineData("quantile(amount)", FaultCode.Type, "'quantile' takes two arguments, a number and q, not 1")]
    [InlineData("quantile(amount, 1.5)", FaultCode.Value, "the q of 'quantile' is from 0 to 1, such as 0.5 for the median, not 15e-1")]
    [InlineData("quantile(amount, -1)", FaultCode.Value, "the q of 'quantile' is from 0 to 1, such as 0.5 for the median, not -1")]
    [InlineData("quantile(amount, len)", FaultCode.Type, "the q of 'quantile' is a number from 0 to 1 written out, such as 0.5")]
    [InlineData("median(name)", FaultCode.Type, "'median' takes a number, but column 'name' is string")]
    [InlineData("std(name)", FaultCode.Type, "'std' takes a number, but column 'name' is string")]
    [InlineData("any(len)", FaultCode.Type, "'any' takes a condition (bool), but column 'len' is int64")]
    [InlineData("n_uniqe(len)", FaultCode.UnknownFunction, "unknown aggregate 'n_uniqe'; did you mean 'n_unique'?")]
    [InlineData("summ(amount)", FaultCode.UnknownFunction, "unknown aggregate 'summ'; did you mean 'sum'?")]
    [InlineData("lower(name)", FaultCode.Aggregate, "'lower' is no aggregate; expected one such as sum(x)")]
    [InlineData("amount", FaultCode.Aggregate, "expected an aggregate such as len() or sum(x)")]
    [InlineData("sum()", FaultCode.Type, "'sum' takes one argument, not 0")]
    [InlineData("len(amount)", FaultCode.Type, "'len' counts rows and takes no argument")]
    [InlineData("sum(name)", FaultCode.Type, "'sum' takes a number, but column 'name' is string")]
    [InlineData("max(amuont)", FaultCode.UnknownColumn, "unknown column 'amuont'; did you mean 'amount'?")]
    [InlineData("count(*)", FaultCode.Syntax, "expected a value, found '*'")]
    public void Parse_Refused_SaysWhy(string text, string code, string message)
    {
        var fault = Assert.Single(AggregateCall.Parse(text, Schema).Faults);
        Assert.Equal((code, message), (fault.Code, fault.Message));
    }
}
