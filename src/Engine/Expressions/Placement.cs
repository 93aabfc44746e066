using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

enum PlacementKind : byte
{
    /// <summary>The literal is <see cref="Placement.Value"/>.</summary>
    At,
    /// <summary>The literal lies between <see cref="Placement.Value"/> and the type's next value.</summary>
    After,
    /// <summary>The literal is below every value of the type.</summary>
    Below,
    /// <summary>The literal is above every value of the type.</summary>
    Above,
    /// <summary>The literal's text is none of the type.</summary>
    Unreadable,
    /// <summary>Such a literal never compares with the type.</summary>
    Mismatch,
}

/// <summary>Where a literal stands among the values of a type, exactly: so a comparison with it becomes one with a value of the type.</summary>
readonly record struct Placement(PlacementKind Kind, Scalar Value = default)
{
    /// <remarks>Only a number with a point or exponent is rounded, and only to a floating type, as everyone expects of <c>x = 0.1</c>.</remarks>
    public static Placement Of(LiteralExpression literal, DataType type) => (literal, type.Kind) switch
    {
        (NumberLiteral number, TypeKind.Float) => OfFloating<float>(number.Value, type),
        (NumberLiteral number, TypeKind.Double) => OfFloating<double>(number.Value, type),
        (NumberLiteral number, _) when type.IsNumeric => OfExact(number.Value, type),
        (InstantLiteral instant, TypeKind.Date or TypeKind.Timestamp) => OfUnits(instant.Nanos, NanosPerUnit(type), type),
        (TextLiteral text, TypeKind.Date) => Readable(TemporalText.ParseDate(text.Text), 1, type),
        (TextLiteral text, TypeKind.Timestamp) => Readable(TemporalText.ParseTimestampNanos(text.Text), NanosPerUnit(type), type),
        (TextLiteral text, TypeKind.Time) => Readable(TemporalText.ParseTime(text.Text.AsSpan().Trim(), TimeUnit.Nanos), NanosPerUnit(type), type),
        (TextLiteral text, TypeKind.String or TypeKind.Binary) => new(PlacementKind.At, Scalar.Bytes(type, text.Bytes)),
        (TextLiteral text, TypeKind.Uuid) => Guid.TryParseExact(text.Text, "D", out var uuid) || Guid.TryParseExact(text.Text, "N", out uuid)
            ? new(PlacementKind.At, Scalar.Bytes(type, uuid.ToByteArray(bigEndian: true)))
            : new(PlacementKind.Unreadable),
        _ => new(PlacementKind.Mismatch),
    };

    /// <summary>The comparison of an operand with the literal placed among its type's values.</summary>
    public TruthExpression Compare(ValueExpression operand, Relation relation) => Kind switch
    {
        PlacementKind.At => ConstantComparison.Of(operand, relation, Value),
        PlacementKind.After when relation is Relation.Less or Relation.LessOrEqual => ConstantComparison.Of(operand, Relation.LessOrEqual, Value),
        PlacementKind.After when relation is Relation.Greater or Relation.GreaterOrEqual => ConstantComparison.Of(operand, Relation.Greater, Value),
        PlacementKind.Below => new TruthUnlessNull(operand, relation.Holds(1)),
        PlacementKind.Above => new TruthUnlessNull(operand, relation.Holds(-1)),
        _ => new TruthUnlessNull(operand, relation == Relation.NotEqual),
    };

    static Placement OfExact(ExactNumber number, DataType type)
    {
        if (number.Scale(type.Scale) is not var (floor, isExact)) return new(number.Sign < 0 ? PlacementKind.Below : PlacementKind.Above);
        return OfInteger(floor, isExact, type);
    }

    static Placement Readable(Int128? value, Int128 perUnit, DataType type) =>
        value is { } known ? OfUnits(known, perUnit, type) : new(PlacementKind.Unreadable);

    static Placement OfUnits(Int128 value, Int128 perUnit, DataType type)
    {
        var (floor, remainder) = LaneValue.DivideDown(value, perUnit);
        return OfInteger(floor, remainder == 0, type);
    }

    static Placement OfInteger(Int128 floor, bool isExact, DataType type)
    {
        var (min, max) = LaneValue.Range(type);
        if (floor < min) return new(PlacementKind.Below);
        if (floor > max) return new(PlacementKind.Above);
        return new(isExact ? PlacementKind.At : PlacementKind.After, Scalar.Integer(type, floor));
    }

    static Placement OfFloating<T>(ExactNumber number, DataType type) where T : IBinaryFloatingPointIeee754<T>
    {
        var nearest = number.Nearest<T>();
        int order;
        if (T.IsInfinity(nearest)) order = T.IsNegative(nearest) ? 1 : -1;
        else order = number.IsInteger ? number.CompareIntegerTo(double.CreateTruncating(nearest)) : 0;
        // A literal below the nearest value lies after the value before that.
        if (order < 0) nearest = T.BitDecrement(nearest);
        return new(order == 0 ? PlacementKind.At : PlacementKind.After, Scalar.Floating(type, double.CreateTruncating(nearest)));
    }

    static Int128 NanosPerUnit(DataType type) =>
        type.Kind == TypeKind.Date ? InstantLiteral.NanosPerDay : 1_000_000_000 / TemporalText.UnitsPerSecond(type.Unit);
}
