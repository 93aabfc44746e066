using Fanfold.Engine.Columns;

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
        if (FunctionNames.Aggregate(call.Name) is not { } function) return NoAggregate(call);
        var takes = function switch { AggregateFunction.Len => 0, AggregateFunction.Quantile => 2, _ => 1 };
        if (call.Arguments.Count != takes)
        {
            foreach (var child in call.Arguments) Bind(child);
            Fault(FaultCode.Type, call.Span, takes switch
            {
                0 => "'len' counts rows and takes no argument",
                1 => $"'{call.Name}' takes one argument, not {call.Arguments.Count}",
                _ => $"'{call.Name}' takes two arguments, a number and q, not {call.Arguments.Count}",
            });
            return null;
        }
        if (takes == 0) return new AggregateCall(function, null);
        var argument = BindArgument(call.Arguments[0], call.Name);
        var q = takes == 2 ? BindShare(call) : null;
        return argument is not null && Accepts(function, argument, call) && (takes == 1 || q is not null) ? new AggregateCall(function, argument, q) : null;
    }

    /// <summary>The q of a quantile.</summary>
    double? BindShare(CallNode call)
    {
        if (call.Arguments[1] is NumberNode number)
        {
            if (number.Value.Nearest<double>() is >= 0 and <= 1 and var q) return q;
            Fault(FaultCode.Value, number.Span, $"the q of '{call.Name}' is from 0 to 1, such as 0.5 for the median, not {number.Value}");
            return null;
        }
        Bind(call.Arguments[1]);
        Fault(FaultCode.Type, call.Arguments[1].Span, $"the q of '{call.Name}' is a number from 0 to 1 written out, such as 0.5");
        return null;
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
        var (accepted, wanted) = function switch
        {
            AggregateFunction.Any or AggregateFunction.All => (argument.Type.Kind == TypeKind.Bool, "a condition (bool)"),
            AggregateFunction.Sum or AggregateFunction.Mean or AggregateFunction.Std or AggregateFunction.Var or AggregateFunction.Quantile or AggregateFunction.Median =>
                (argument.Type.IsNumeric, "a number"),
            _ => (true, ""),
        };
        if (accepted) return true;
        Fault(FaultCode.Type, call.Arguments[0].Span, $"'{call.Name}' takes {wanted}, but {Describe(argument)}");
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
