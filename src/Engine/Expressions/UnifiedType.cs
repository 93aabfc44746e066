using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The type that values of two types become where one is wanted, as in <c>case</c>. Unlike <see cref="CommonType"/> it may round.</summary>
static class UnifiedType
{
    /// <summary>Null when there is none. Two numbers of which one is floating become doubles; decimals that would need more than 38 digits keep those behind the point.</summary>
    public static DataType? Of(DataType left, DataType right)
    {
        if (left == right) return left;
        if (left.IsNumeric && right.IsNumeric)
        {
            if (left.IsFloating || right.IsFloating) return DataType.Double;
            return CommonType.Of([left, right]) ?? DataType.Decimal(38, Math.Max(left.Scale, right.Scale));
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

    static TimeUnit Finer(TimeUnit left, TimeUnit right) => (TimeUnit)Math.Max((byte)left, (byte)right);
}
