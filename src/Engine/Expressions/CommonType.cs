using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The narrowest type that holds the values of two.</summary>
static class CommonType
{
    static readonly DataType[] Integers =
        [new(TypeKind.Int8), new(TypeKind.Int16), DataType.Int32, DataType.Int64, new(TypeKind.UInt8), new(TypeKind.UInt16), new(TypeKind.UInt32), DataType.UInt64, DataType.Decimal(20, 0)];

    /// <summary>Null when there is none. A floating type with any other number gives double; decimals that would need more than 38 digits keep their scale.</summary>
    public static DataType? Of(DataType left, DataType right)
    {
        if (left == right) return left;
        if (left.IsNumeric && right.IsNumeric)
        {
            if (left.IsFloating || right.IsFloating) return DataType.Double;
            return left.IsInteger && right.IsInteger ? OfIntegers(left, right) : OfDecimals(left, right);
        }
        return (left.Kind, right.Kind) switch
        {
            (TypeKind.Timestamp, TypeKind.Timestamp) => DataType.Timestamp(Finer(left.Unit, right.Unit), left.IsUtc || right.IsUtc),
            (TypeKind.Time, TypeKind.Time) => DataType.Time(Finer(left.Unit, right.Unit), left.IsUtc || right.IsUtc),
            (TypeKind.Date, TypeKind.Timestamp) => right,
            (TypeKind.Timestamp, TypeKind.Date) => left,
            _ => null,
        };
    }

    /// <summary>The digits that an integer or decimal type may need before and behind the point.</summary>
    public static (int Integral, int Scale) Digits(DataType type) => type.Kind switch
    {
        TypeKind.Decimal => (type.Precision - type.Scale, type.Scale),
        TypeKind.Int8 or TypeKind.UInt8 => (3, 0),
        TypeKind.Int16 or TypeKind.UInt16 => (5, 0),
        TypeKind.Int32 or TypeKind.UInt32 => (10, 0),
        TypeKind.Int64 => (19, 0),
        _ => (20, 0),
    };

    static DataType OfIntegers(DataType left, DataType right)
    {
        var (leftMin, leftMax) = NumericCast.Range(left);
        var (rightMin, rightMax) = NumericCast.Range(right);
        return Array.Find(Integers, type => NumericCast.Range(type) is var (min, max) && min <= leftMin && min <= rightMin && max >= leftMax && max >= rightMax);
    }

    static DataType OfDecimals(DataType left, DataType right)
    {
        var (leftIntegral, leftScale) = Digits(left);
        var (rightIntegral, rightScale) = Digits(right);
        var scale = Math.Max(leftScale, rightScale);
        return DataType.Decimal(Math.Min(38, Math.Max(leftIntegral, rightIntegral) + scale), scale);
    }

    static TimeUnit Finer(TimeUnit left, TimeUnit right) => (TimeUnit)Math.Max((byte)left, (byte)right);
}
