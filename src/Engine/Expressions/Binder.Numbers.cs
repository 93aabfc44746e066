using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    BoundExpression? BindAbs(CallNode call)
    {
        if (!Takes(call, 1, 1) || Number(call, 0) is not { } bound) return null;
        if (bound is NullLiteral) return bound;
        var type = bound.Type.Kind == TypeKind.UInt64 || !bound.Type.IsInteger ? bound.Type : DataType.Int64;
        var value = Operand(bound, type);
        var overflow = $"{TextOf(call.Span)} passes the range of {type}";
        return Fold(type.Lane switch
        {
            Lane.UInt64 => value,
            Lane.Int64 => new MapExpression<long, long, Magnitude<long>>(value, type, default, overflow),
            Lane.Int128 => new MapExpression<Int128, Int128, Magnitude<Int128>>(value, type, default, overflow),
            Lane.Float => new MapExpression<float, float, Magnitude<float>>(value, type, default, overflow),
            _ => new MapExpression<double, double, Magnitude<double>>(value, type, default, overflow),
        }, call.Span);
    }

    /// <summary><c>round(x[, digits])</c>: halves away from zero. Integers stay as they are, decimals lose digits behind the point.</summary>
    BoundExpression? BindRound(CallNode call)
    {
        if (!Takes(call, 1, 2) || Number(call, 0) is not { } bound) return null;
        var digits = 0;
        if (call.Arguments.Count == 2)
        {
            if (Bind(call.Arguments[1]) is not NumberLiteral { Type.Kind: TypeKind.Int64 } literal || Adopt(literal, DataType.Int64) is not { IntegerValue: var given } || Int128.Abs(given) > 38)
            {
                Fault(FaultCode.Type, call.Arguments[1].Span, "'round' takes the digits behind the point as a whole number from -38 to 38");
                return null;
            }
            digits = (int)given;
        }
        if (bound is NullLiteral || bound.Type.IsInteger && digits >= 0) return bound;
        var type = bound.Type;
        if (type.IsFloating) return Fold(new MapExpression<double, double, RoundedDouble>(Operand(bound, DataType.Double), DataType.Double, new(digits), monotony: Monotony.Rising), call.Span);
        if (type.Kind == TypeKind.Decimal && digits >= 0)
            return digits >= type.Scale ? bound : Fold(Cast.Of(AsValue(bound), DataType.Decimal(Math.Min(38, type.Precision - type.Scale + digits + 1), digits), $"{TextOf(call.Span)} passes 38 digits")!, call.Span);
        var result = type.IsInteger ? DataType.Int64 : DataType.Decimal(38, 0);
        var failure = $"{TextOf(call.Span)} passes the range of {result}";
        var value = Operand(bound, type.IsInteger ? DataType.Int64 : DataType.Decimal(38, type.Scale));
        return Fold(type.IsInteger
            ? new MapExpression<long, long, RoundedWhole<long>>(value, result, new(-digits, 0), failure, Monotony.Rising)
            : new MapExpression<Int128, Int128, RoundedWhole<Int128>>(value, result, new(-digits, type.Scale), failure, Monotony.Rising), call.Span);
    }

    BoundExpression? BindWhole(CallNode call, MidpointRounding direction)
    {
        if (!Takes(call, 1, 1) || Number(call, 0) is not { } bound) return null;
        if (bound is NullLiteral || bound.Type.IsInteger || bound.Type is { Kind: TypeKind.Decimal, Scale: 0 }) return bound;
        if (bound.Type.IsFloating) return Fold(new MapExpression<double, double, WholeDouble>(Operand(bound, DataType.Double), DataType.Double, new(direction), monotony: Monotony.Rising), call.Span);
        var scale = bound.Type.Scale;
        return Fold(new MapExpression<Int128, Int128, WholeDecimal>(Operand(bound, DataType.Decimal(38, scale)), DataType.Decimal(38, 0), new(scale, direction), monotony: Monotony.Rising), call.Span);
    }

    BoundExpression? BindDouble<TMap>(CallNode call) where TMap : struct, IMap<double, double> =>
        Takes(call, 1, 1) && Number(call, 0) is { } bound ? Fold(new MapExpression<double, double, TMap>(Operand(bound, DataType.Double), DataType.Double, default, monotony: Monotony.Rising), call.Span) : null;

    BoundExpression? BindPower(CallNode call)
    {
        if (!Takes(call, 2, 2)) return null;
        var (value, exponent) = (Number(call, 0), Number(call, 1));
        return value is null || exponent is null ? null
            : Fold(new PairExpression<double, double, PowerDouble>(Operand(value, DataType.Double), Operand(exponent, DataType.Double), DataType.Double, default), call.Span);
    }
}
