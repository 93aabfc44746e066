using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    BoundExpression? BindArithmetic(ArithmeticNode node)
    {
        if (node.Operator == "||") return BindConcat(node, [node.Left, node.Right], skipsNulls: false);
        var (left, right) = (Bind(node.Left), Bind(node.Right));
        if (left is null || right is null || !IsNumber(left, node.Left, node.Operator) | !IsNumber(right, node.Right, node.Operator)) return null;
        if (left is NullLiteral && right is NullLiteral) return left;
        if (left is NullLiteral) left = new ConstantValue(Scalar.Null(right.Type));
        if (right is NullLiteral) right = new ConstantValue(Scalar.Null(left.Type));
        var lane = LaneOf(node.Operator, left, right);
        if (node.Operator == "//" && lane is ArithmeticLane.Double or ArithmeticLane.Decimal)
        {
            Fault(FaultCode.Type, node.Span, "'//' divides integers; for other numbers write floor(a / b)");
            return null;
        }
        var (leftType, rightType, result) = lane switch
        {
            ArithmeticLane.Int64 => (DataType.Int64, DataType.Int64, DataType.Int64),
            ArithmeticLane.UInt64 => (DataType.UInt64, DataType.UInt64, DataType.UInt64),
            ArithmeticLane.Double => (DataType.Double, DataType.Double, DataType.Double),
            _ => DecimalTypes(node.Operator, left.Type.Scale, right.Type.Scale),
        };
        if (result.Scale > 38)
        {
            Fault(FaultCode.Type, node.Span, $"the product would need {left.Type.Scale + right.Type.Scale} digits behind the point, and a decimal has 38; cast a factor to double or to fewer");
            return null;
        }
        return Fold(Arithmetic.Of(node.Operator, lane, Operand(left, leftType), Operand(right, rightType), result, TextOf(node.Span)), node.Span);
    }

    BoundExpression? BindMinus(MinusNode node)
    {
        if (Bind(node.Operand) is not { } bound || !IsNumber(bound, node.Operand, "-")) return null;
        if (bound is NullLiteral) return bound;
        var value = AsValue(bound);
        var type = value.Type.IsInteger ? DataType.Int64 : value.Type;
        value = Operand(value, type);
        var overflow = $"{TextOf(node.Span)} passes the range of {type}";
        return Fold(type.Lane switch
        {
            Lane.Int64 => new MapExpression<long, long, Negated<long>>(value, type, default, overflow, Monotony.Falling),
            Lane.Int128 => new MapExpression<Int128, Int128, Negated<Int128>>(value, type, default, overflow, Monotony.Falling),
            Lane.Float => new MapExpression<float, float, Negated<float>>(value, type, default, overflow, Monotony.Falling),
            _ => new MapExpression<double, double, Negated<double>>(value, type, default, overflow, Monotony.Falling),
        }, node.Span);
    }

    BoundExpression? BindConcat(Node node, IReadOnlyList<Node> operands, bool skipsNulls)
    {
        var values = new List<ValueExpression>();
        var isValid = true;
        foreach (var operand in operands)
        {
            if (Bind(operand) is not { } bound) isValid = false;
            else if (Cast.Of(AsValue(bound, DataType.String), DataType.String, null) is { } text) values.Add(text);
            else
            {
                Fault(FaultCode.Type, operand.Span, $"expected a value that has a text, but {Describe(bound)}");
                isValid = false;
            }
        }
        return isValid ? Fold(new ConcatExpression(values, skipsNulls), node.Span) : null;
    }

    bool IsNumber(BoundExpression bound, Node node, string symbol)
    {
        if (bound is NullLiteral || bound.Type.IsNumeric) return true;
        var advice = bound.Type.Kind is TypeKind.Date or TypeKind.Timestamp ? "; the time between two is date_diff('day', a, b)" : bound.Type.Kind == TypeKind.String && symbol == "+" ? "; texts are joined with ||" : "";
        Fault(FaultCode.Type, node.Span, $"'{symbol}' takes numbers, but {Describe(bound)}{advice}");
        return false;
    }

    static ArithmeticLane LaneOf(string symbol, BoundExpression left, BoundExpression right)
    {
        if (symbol == "/" || left.Type.IsFloating || right.Type.IsFloating) return ArithmeticLane.Double;
        if (left.Type.Kind == TypeKind.Decimal || right.Type.Kind == TypeKind.Decimal) return ArithmeticLane.Decimal;
        var isUnsigned = left.Type.Kind == TypeKind.UInt64 || right.Type.Kind == TypeKind.UInt64;
        return isUnsigned && IsUnsigned(left) && IsUnsigned(right) ? ArithmeticLane.UInt64 : ArithmeticLane.Int64;
    }

    static bool IsUnsigned(BoundExpression bound) =>
        bound.Type.Kind is TypeKind.UInt8 or TypeKind.UInt16 or TypeKind.UInt32 or TypeKind.UInt64 || bound is NumberLiteral { Value.Sign: >= 0 } || bound is ConstantValue { Value: { IsNull: false, IntegerValue: var value } } && value >= 0;

    /// <summary>Sums and remainders keep the larger scale, products add the scales; all have 38 digits.</summary>
    static (DataType Left, DataType Right, DataType Result) DecimalTypes(string symbol, int left, int right)
    {
        if (symbol == "*") return (DataType.Decimal(38, left), DataType.Decimal(38, right), DataType.Decimal(38, left + right));
        var common = DataType.Decimal(38, Math.Max(left, right));
        return (common, common, common);
    }

    /// <summary>The operand as a value of a numeric type, by literal or cast.</summary>
    ValueExpression Operand(BoundExpression bound, DataType type) =>
        bound is LiteralExpression literal && Adopt(literal, type) is { } adopted ? new ConstantValue(adopted) : Cast.Of(AsValue(bound, type), type, $"an operand passes the range of {type}")!;
}
