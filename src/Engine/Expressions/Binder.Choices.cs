using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    BoundExpression? BindCase(CaseNode node)
    {
        var operand = node.Operand is null ? null : Bind(node.Operand);
        var isValid = node.Operand is null || operand is not null;
        var conditions = new List<TruthExpression>();
        var results = new List<BoundExpression>();
        var nodes = new List<Node>();
        foreach (var (when, then) in node.Branches)
        {
            if (Condition(when) is { } condition) conditions.Add(condition);
            else isValid = false;
            Result(then);
        }
        if (node.Otherwise is not null) Result(node.Otherwise);
        if (!isValid || Unify(results, nodes, "'case'") is not { } values) return null;
        var branches = conditions.Select((condition, i) => ((TruthExpression?)condition, values[i])).ToList();
        if (node.Otherwise is not null) branches.Add((ConstantTruth.True, values[^1]));
        return Fold(new ChoiceExpression(values[0].Type, branches), node.Span);

        TruthExpression? Condition(Node when)
        {
            if (node.Operand is null) return BindTruth(when);
            var bound = Bind(when);
            return operand is null || bound is null ? null : Compare(operand, node.Operand.Span, Relation.Equal, bound, when.Span);
        }

        void Result(Node then)
        {
            nodes.Add(then);
            if (Bind(then) is { } result) results.Add(result);
            else isValid = false;
        }
    }

    BoundExpression? BindCoalesce(CallNode call)
    {
        if (Unified(call) is not { } values) return null;
        return values.Count == 1 ? values[0] : Fold(new ChoiceExpression(values[0].Type, [.. values.Select(value => ((TruthExpression?)null, value))]), call.Span);
    }

    BoundExpression? BindExtreme(CallNode call, bool greatest) =>
        Unified(call) is { } values ? Fold(new ExtremeExpression(values, values[0].Type, greatest), call.Span) : null;

    /// <summary><c>nullif(a, b)</c>: null where both are equal, else a.</summary>
    BoundExpression? BindNullIf(CallNode call)
    {
        if (!Takes(call, 2, 2) || Arguments(call) is not [var first, var second]) return null;
        if (first is NullLiteral || Compare(first, call.Arguments[0].Span, Relation.Equal, second, call.Arguments[1].Span) is not { } equal) return first as NullLiteral;
        var value = AsValue(first);
        return Fold(new ChoiceExpression(value.Type, [(equal, new ConstantValue(Scalar.Null(value.Type))), (ConstantTruth.True, value)]), call.Span);
    }

    IReadOnlyList<ValueExpression>? Unified(CallNode call) =>
        Takes(call, 1, int.MaxValue) && Arguments(call) is { } arguments ? Unify(arguments, call.Arguments, $"'{call.Name}'") : null;
}
