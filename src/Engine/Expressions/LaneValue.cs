using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Values and types in terms of their lanes.</summary>
static class LaneValue
{
    /// <summary>A fixed-width value that isn't null, as its lane holds it.</summary>
    public static T Of<T>(in Scalar value) where T : INumberBase<T> =>
        value.Type.IsFloating ? T.CreateTruncating(value.FloatingValue) : T.CreateTruncating(value.IntegerValue);

    /// <summary>The same for a lane that is not known to hold numbers.</summary>
    public static T Raw<T>(in Scalar value) where T : unmanaged
    {
        var column = new Column<T>(value.Type);
        column.Append(value);
        return column.Values[0];
    }

    /// <summary>The value of a row, which is not null, whether it comes as a code or not.</summary>
    public static T At<T>(Column column, int row) where T : unmanaged =>
        column is DictionaryColumn coded ? ((Column<T>)coded.Dictionary).Values[coded.Codes[row]] : ((Column<T>)column).Values[row];

    /// <summary>The integers that the type's lane can hold.</summary>
    public static (Int128 Min, Int128 Max) Range(DataType type) => type.Lane switch
    {
        Lane.Int32 => (int.MinValue, int.MaxValue),
        Lane.Int64 => (long.MinValue, long.MaxValue),
        Lane.UInt64 => (ulong.MinValue, ulong.MaxValue),
        _ => (Int128.MinValue, Int128.MaxValue),
    };

    /// <summary>How many of the type's units make one: a number's 1, a day, or for times a second.</summary>
    public static Int128 UnitsPerOne(DataType type) => type.Kind switch
    {
        TypeKind.Decimal => DataType.PowerOfTen(type.Scale),
        TypeKind.Timestamp => (Int128)86_400 * TemporalText.UnitsPerSecond(type.Unit),
        TypeKind.Time => TemporalText.UnitsPerSecond(type.Unit),
        _ => 1,
    };

    /// <summary>The quotient rounded down; the divisor is positive.</summary>
    public static (Int128 Quotient, Int128 Remainder) DivideDown(Int128 value, Int128 divisor)
    {
        var (quotient, remainder) = Int128.DivRem(value, divisor);
        return Int128.IsNegative(remainder) ? (quotient - 1, remainder + divisor) : (quotient, remainder);
    }
}
