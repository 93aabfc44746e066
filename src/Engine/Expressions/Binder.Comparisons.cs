using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    TruthExpression? BindComparison(ComparisonNode node)
    {
        var (left, right) = (Bind(node.Left), Bind(node.Right));
        return left is null || right is null ? null : Compare(left, node.Left.Span, node.Relation, right, node.Right.Span);
    }

    TruthExpression? BindBetween(BetweenNode node)
    {
        var (value, low, high) = (Bind(node.Value), Bind(node.Low), Bind(node.High));
        if (value is null || low is null || high is null) return null;
        var above = Compare(value, node.Value.Span, Relation.GreaterOrEqual, low, node.Low.Span);
        var below = Compare(value, node.Value.Span, Relation.LessOrEqual, high, node.High.Span);
        if (above is null || below is null) return null;
        var inside = Logic.Of(isAnd: true, [above, below]);
        return node.Negated ? inside.Negate() : inside;
    }

    TruthExpression? BindIn(InNode node)
    {
        var value = Bind(node.Value);
        var items = node.Items.Select(item => Bind(item) is { } bound ? bound is ConstantValue constant && AsLiteral(constant) is { } literal ? literal : bound : null).ToList();
        if (value is null || items.Contains(null)) return null;
        var isSet = value is ValueExpression { Type.Kind: not TypeKind.Bool } and not ConstantValue && items.TrueForAll(item => item is LiteralExpression);
        var isIn = isSet ? ListMembership((ValueExpression)value, node, items!) : AnyEqual(value, node, items!);
        return node.Negated ? isIn?.Negate() : isIn;
    }

    /// <summary>A list as a set of values of the operand's type; literals that no value equals drop out.</summary>
    TruthExpression? ListMembership(ValueExpression operand, InNode node, List<BoundExpression> items)
    {
        var values = new List<Scalar>();
        var (hasNull, isValid) = (false, true);
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is NullLiteral) hasNull = true;
            else if (Place(items[i], node.Items[i].Span, operand) is not { } placement) isValid = false;
            else if (placement.Kind == PlacementKind.At) values.Add(placement.Value);
        }
        return isValid ? Membership.Of(operand, values, hasNull) : null;
    }

    TruthExpression? AnyEqual(BoundExpression value, InNode node, List<BoundExpression> items)
    {
        var equals = items.Select((item, i) => Compare(value, node.Value.Span, Relation.Equal, item, node.Items[i].Span)).ToList();
        return equals.Contains(null) ? null : Logic.Of(isAnd: false, equals!);
    }

    TruthExpression? BindIsNull(IsNullNode node) => Bind(node.Value) switch
    {
        null => null,
        NullLiteral => ConstantTruth.Of(!node.Negated),
        LiteralExpression => ConstantTruth.Of(node.Negated),
        ConstantTruth constant => ConstantTruth.Of(constant.Value is null != node.Negated),
        TruthExpression truth => new TruthNullTest(truth, node.Negated),
        var value => new NullTest((ValueExpression)value, node.Negated),
    };

    TruthExpression? Compare(BoundExpression left, SourceSpan leftSpan, Relation relation, BoundExpression right, SourceSpan rightSpan)
    {
        if (left is ConstantValue leftConstant && AsLiteral(leftConstant) is { } leftLiteral) left = leftLiteral;
        if (right is ConstantValue rightConstant && AsLiteral(rightConstant) is { } rightLiteral) right = rightLiteral;
        if (left is NullLiteral || right is NullLiteral) return ConstantTruth.Null;
        if (left is LiteralExpression literal)
        {
            if (right is not LiteralExpression other) return Compare(right, rightSpan, relation.Mirror(), left, leftSpan);
            if (LiteralExpression.Compare(literal, other) is { } order) return ConstantTruth.Of(relation.Holds(order));
            Fault(FaultCode.Type, leftSpan.To(rightSpan), $"{literal.Kind} and {other.Kind} don't compare");
            return null;
        }
        if (AsTruth(left) is { } truth && AsTruth(right) is { } otherTruth) return TruthComparison.Of(truth, relation, otherTruth);
        if (left is ValueExpression value && right is LiteralExpression or ConstantTruth) return Place(right, rightSpan, value)?.Compare(value, relation);
        if (left is ConstantTruth && right is ValueExpression mirrored) return Place(left, leftSpan, mirrored)?.Compare(mirrored, relation.Mirror());
        if (left is ValueExpression first && right is ValueExpression second && PairComparison.Of(first, relation, second) is { } pair) return Fold(pair, leftSpan.To(rightSpan));
        Fault(FaultCode.Type, leftSpan.To(rightSpan), $"no comparison: {Describe(left)} and {Describe(right)}");
        return null;
    }

    /// <summary>Finds where a literal stands among the values of the operand's type, or notes why it has no place.</summary>
    Placement? Place(BoundExpression literal, SourceSpan span, ValueExpression operand)
    {
        var placement = literal is LiteralExpression known ? Placement.Of(known, operand.Type) : new Placement(PlacementKind.Mismatch);
        if (placement.Kind == PlacementKind.Mismatch)
        {
            var found = literal is LiteralExpression other ? other.Kind : "true or false";
            Fault(FaultCode.Type, span, $"{Describe(operand)}: expected {Example(operand.Type)}, found {found}");
            return null;
        }
        if (placement.Kind != PlacementKind.Unreadable) return placement;
        Fault(FaultCode.Value, span, $"{Describe(operand)}: {Quotation.Of(((TextLiteral)literal).Text)} can't be read as {Example(operand.Type)}");
        return null;
    }
}
