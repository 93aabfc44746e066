using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    /// <summary>Binds what must give a value, and not a bare null.</summary>
    public ValueExpression? BindValue(Node node)
    {
        if (Bind(node) is not { } bound) return null;
        if (bound is NullLiteral)
        {
            Fault(FaultCode.Type, node.Span, "null alone has no type; write one, such as cast(null as int64)");
            return null;
        }
        return AsValue(bound) is { } value ? DistinctExpression.Of(value) : null;
    }

    /// <summary>The value behind a literal or condition; a null is of type <paramref name="ofNull"/>.</summary>
    static ValueExpression AsValue(BoundExpression bound, DataType? ofNull = null) => bound switch
    {
        ValueExpression value => value,
        NullLiteral => new ConstantValue(Scalar.Null(ofNull ?? DataType.Bool)),
        ConstantTruth { Value: var value } => new ConstantValue(value is { } known ? Scalar.Bool(known) : Scalar.Null(ofNull ?? DataType.Bool)),
        TruthExpression truth => new TruthValue(truth),
        LiteralExpression literal => new ConstantValue(OwnValue(literal)),
        _ => throw new InvalidOperationException($"No value for {bound.GetType().Name}."),
    };

    /// <summary>A literal as a value of the type it has by itself.</summary>
    static Scalar OwnValue(LiteralExpression literal) => literal switch
    {
        NumberLiteral { Type.IsFloating: true } number => Scalar.Floating(number.Type, number.Value.Nearest<double>()),
        _ => Placement.Of(literal, literal.Type).Value,
    };

    /// <summary>A literal as a value of another type, when it is exactly one.</summary>
    static Scalar? Adopt(LiteralExpression literal, DataType type)
    {
        if (literal is NullLiteral) return Scalar.Null(type);
        if (literal is NumberLiteral number && type.IsFloating)
        {
            var nearest = type.Kind == TypeKind.Float ? number.Value.Nearest<float>() : number.Value.Nearest<double>();
            return double.IsFinite(nearest) ? Scalar.Floating(type, nearest) : null;
        }
        var placement = Placement.Of(literal, type);
        if (placement.Kind != PlacementKind.At) return null;
        return type.IsInteger || type.Kind == TypeKind.Decimal ? InRange(placement.Value) : placement.Value;
    }

    // A lane holds more than some of its types do.
    static Scalar? InRange(in Scalar value)
    {
        var (min, max) = value.Type.Range();
        return value.IntegerValue >= min && value.IntegerValue <= max ? value : null;
    }

    /// <summary>The literal that a constant value is; null for what has none.</summary>
    static LiteralExpression? AsLiteral(ConstantValue constant)
    {
        var value = constant.Value;
        if (value.IsNull) return new NullLiteral();
        if (value.Type.IsFloating && !double.IsFinite(value.FloatingValue)) return null;
        return value.Type.Kind switch
        {
            TypeKind.String => new TextLiteral(value.ToString()),
            TypeKind.Date or TypeKind.Timestamp => InstantLiteral.Parse(value.Type.Kind, value.ToString()),
            _ when value.Type.IsNumeric => new NumberLiteral(NumberOf(value)),
            _ => null,
        };

        static ExactNumber NumberOf(in Scalar value)
        {
            var text = value.Type.IsFloating ? value.FloatingValue.ToString("E16", System.Globalization.CultureInfo.InvariantCulture) : value.ToString();
            return text[0] == '-' ? ExactNumber.Parse(text.AsSpan(1)).Negate() : ExactNumber.Parse(text);
        }
    }

    /// <summary>Brings values to one type: that of the columns among them, which literals take on where they can, else the narrowest that holds all.</summary>
    IReadOnlyList<ValueExpression>? Unify(IReadOnlyList<BoundExpression> bounds, IReadOnlyList<Node> nodes, string what)
    {
        DataType? common = null;
        for (var pass = 0; pass < 2; pass++)
        {
            for (var i = 0; i < bounds.Count; i++)
            {
                if (bounds[i] is LiteralExpression != (pass == 1) || bounds[i] is NullLiteral or ConstantTruth { Value: null }) continue;
                if (pass == 1 && common is { } known && Adopt((LiteralExpression)bounds[i], known) is not null) continue;
                var type = bounds[i].Type;
                if (common is { } other && UnifiedType.Of(other, type) is null)
                {
                    Fault(FaultCode.Type, nodes[i].Span, $"{what} takes values of one type, but {Describe(bounds[i])} and another is {other}");
                    return null;
                }
                common = common is null ? type : UnifiedType.Of(common.Value, type);
            }
        }
        var target = common ?? DataType.Bool;
        return [.. bounds.Select(bound => bound is LiteralExpression literal && Adopt(literal, target) is { } adopted
            ? new ConstantValue(adopted)
            : Cast.Of(AsValue(bound, target), target, $"a value passes the range of {target}") ?? throw new InvalidOperationException($"No cast from {bound.Type} to {target}."))];
    }

    /// <summary>The constant that an expression without columns is; itself when it has some.</summary>
    ValueExpression? Fold(ValueExpression? value, SourceSpan span)
    {
        if (value is null or ConstantValue || HasColumns(value)) return value;
        try
        {
            var scratch = new Scratch();
            return new ConstantValue(value.Evaluate(new RowFrame([], 1, scratch))[0]);
        }
        catch (EvaluationException exception)
        {
            Fault(FaultCode.Value, span, exception.Message);
            return null;
        }
    }

    TruthExpression? Fold(TruthExpression? truth, SourceSpan span)
    {
        if (truth is null or ConstantTruth || HasColumns(truth)) return truth;
        if (Fold(new TruthValue(truth), span) is not ConstantValue { Value: var value }) return null;
        return ConstantTruth.Of(value.IsNull ? null : value.IntegerValue != 0);
    }

    static bool HasColumns(BoundExpression bound)
    {
        var columns = new Dictionary<int, DataType>();
        bound.CollectColumns(columns);
        return columns.Count > 0;
    }

    string TextOf(SourceSpan span) => Quotation.Of(text.Substring(span.Position, span.Length));
}
