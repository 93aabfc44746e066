using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Conversions between types. Those that some values don't have are errors, or null where that is asked for.</summary>
/// <remarks>
/// Numbers are rounded to integers and decimals: half away from zero from decimals, half to even from floats. Timestamps lose what is finer than
/// their unit downwards; a date is its midnight. Texts are read as the language's own literals are, and written as they are shown.
/// </remarks>
static class Cast
{
    /// <summary>The operand as a value of type <paramref name="to"/>; null when no value of its type could be.</summary>
    /// <param name="failure">What to say of a value that can't be converted; null makes it null.</param>
    public static ValueExpression? Of(ValueExpression operand, DataType to, string? failure)
    {
        var from = operand.Type;
        if (from == to) return operand;
        if (to.Kind == TypeKind.String) return TextCast.ToText(operand);
        if (from.Kind == TypeKind.String) return TextCast.FromText(operand, to, failure);
        if (from.IsNumeric && to.IsNumeric) return NumericCast.Of(operand, to, failure);
        return (from.Kind, to.Kind) switch
        {
            (TypeKind.Bool, _) when to.IsNumeric => NumericCast.Of(operand, to, failure),
            (_, TypeKind.Bool) when from.IsNumeric => new TruthValue(ConstantComparison.Of(operand, Relation.NotEqual, from.IsFloating ? Scalar.Floating(from, 0) : Scalar.Integer(from, 0))),
            (TypeKind.Date, TypeKind.Timestamp) => new MapExpression<int, long, ToUnits>(operand, to, new(LaneValue.UnitsPerOne(to)), failure, Monotony.Rising),
            (TypeKind.Timestamp, TypeKind.Date) => new MapExpression<long, int, ToDays>(operand, to, new((long)LaneValue.UnitsPerOne(from)), failure, Monotony.Rising),
            (TypeKind.Timestamp, TypeKind.Timestamp) or (TypeKind.Time, TypeKind.Time) => OfUnit(operand, to, failure),
            (TypeKind.Timestamp, TypeKind.Time) => OfUnit(new MapExpression<long, long, TimeOfDay>(operand, DataType.Time(from.Unit), new((long)LaneValue.UnitsPerOne(from))), to, failure),
            _ => null,
        };
    }

    static ValueExpression OfUnit(ValueExpression operand, DataType to, string? failure)
    {
        var (has, wants) = (TemporalText.UnitsPerSecond(operand.Type.Unit), TemporalText.UnitsPerSecond(to.Unit));
        return has > wants
            ? new MapExpression<long, long, FloorDivision>(operand, to, new(has / wants), monotony: Monotony.Rising)
            : new MapExpression<long, long, Multiple>(operand, to, new(wants / has), failure, Monotony.Rising);
    }

    readonly struct ToUnits(Int128 perDay) : IMap<int, long>
    {
        public static bool IsTotal => false;

        public bool Apply(int value, out long result)
        {
            var units = value * perDay;
            result = unchecked((long)units);
            return result == units;
        }
    }

    readonly struct ToDays(long perDay) : IMap<long, int>
    {
        public static bool IsTotal => false;

        public bool Apply(long value, out int result)
        {
            var days = Instants.FloorDivide(value, perDay);
            result = unchecked((int)days);
            return result == days;
        }
    }

    readonly struct TimeOfDay(long perDay) : IMap<long, long>
    {
        public static bool IsTotal => true;

        public bool Apply(long value, out long result)
        {
            result = value - Instants.FloorDivide(value, perDay) * perDay;
            return true;
        }
    }

    readonly struct FloorDivision(long divisor) : IMap<long, long>
    {
        public static bool IsTotal => true;

        public bool Apply(long value, out long result)
        {
            result = Instants.FloorDivide(value, divisor);
            return true;
        }
    }

    readonly struct Multiple(long factor) : IMap<long, long>
    {
        public static bool IsTotal => false;

        public bool Apply(long value, out long result) => Math.BigMul(value, factor, out result) == result >> 63;
    }
}
