namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    public AggregateCall? BindAggregate(Node node)
    {
        if (node is not CallNode call)
        {
            Bind(node);
            Fault(FaultCode.Aggregate, node.Span, "expected an aggregate such as len() or sum(x)");
            return null;
        }
        if (!FunctionNames.Has(FunctionNames.Aggregates, call.Name)) return NoAggregate(call);
        if (!Enum.TryParse<AggregateFunction>(call.Name, ignoreCase: true, out var function))
        {
            Unsupported(call, $"the aggregate '{call.Name}'");
            return null;
        }
        var takes = function == AggregateFunction.Len ? 0 : 1;
        if (call.Arguments.Count != takes)
        {
            foreach (var child in call.Arguments) Bind(child);
            Fault(FaultCode.Type, call.Span, takes == 0 ? "'len' counts rows and takes no argument" : $"'{call.Name}' takes one argument, not {call.Arguments.Count}");
            return null;
        }
        if (takes == 0) return new AggregateCall(function, null);
        return BindArgument(call.Arguments[0], call.Name) is { } argument && Accepts(function, argument, call) ? new AggregateCall(function, argument) : null;
    }

    ColumnReference? BindArgument(Node argument, string name)
    {
        if (argument is NameNode column) return BindName(column);
        Bind(argument);
        Fault(FaultCode.Unsupported, argument.Span, $"an argument of '{name}' that isn't a column name is not supported yet");
        return null;
    }

    bool Accepts(AggregateFunction function, ColumnReference argument, CallNode call)
    {
        if (function is not (AggregateFunction.Sum or AggregateFunction.Mean) || argument.Type.IsNumeric) return true;
        Fault(FaultCode.Type, call.Arguments[0].Span, $"'{call.Name}' takes a number, but {Describe(argument)}");
        return false;
    }

    AggregateCall? NoAggregate(CallNode call)
    {
        foreach (var argument in call.Arguments) Bind(argument);
        if (FunctionNames.Has(FunctionNames.Scalars, call.Name))
            Fault(FaultCode.Aggregate, call.NameSpan, $"'{call.Name}' is no aggregate; expected one such as sum(x)");
        else
        {
            var suggestion = NearestName.Suggest(call.Name, FunctionNames.Aggregates);
            Fault(FaultCode.UnknownFunction, call.NameSpan, $"unknown aggregate {Quotation.Of(call.Name)}{suggestion}");
        }
        return null;
    }
}
