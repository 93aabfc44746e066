using System.Text;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>A table whose values DuckDB holds and compares without rounding.</summary>
static class DuckDbTable
{
    public static readonly Schema Schema = new(
    [
        new("i", DataType.Int32), new("l", DataType.Int64), new("d", DataType.Double), new("s", DataType.String), new("day", DataType.Date), new("b", DataType.Bool),
        new("m", DataType.Decimal(9, 2)), new("t", DataType.Timestamp(TimeUnit.Micros)),
    ]);

    public const string Definition = "id integer, i integer, l bigint, d double, s varchar, day date, b boolean, m decimal(9,2), t timestamp";

    public static RandomTable Make(Dice dice) => RandomTable.Make(dice, Schema, 150, Value);

    public static Scalar Value(Dice dice, DataType type) => type.Kind switch
    {
        TypeKind.Int32 => Scalar.Integer(type, dice.Chance(10) ? dice.Pick(int.MinValue, int.MaxValue) : dice.Below(9) - 4),
        TypeKind.Int64 => Scalar.Integer(type, dice.Chance(10) ? dice.Pick(-4_000_000_000, 4_000_000_000) : dice.Below(9) - 4),
        TypeKind.Double => Scalar.Floating(type, dice.Chance(15) ? dice.Pick(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0) : (dice.Below(17) - 8) / 4.0),
        TypeKind.String => Scalar.Bytes(type, Encoding.UTF8.GetBytes(RandomTable.RandomText(dice))),
        TypeKind.Date => Scalar.Integer(type, 19_723 + dice.Below(5)),
        TypeKind.Bool => Scalar.Bool(dice.Chance(50)),
        TypeKind.Decimal => Scalar.Integer(type, dice.Below(17) * 25 - 200),
        _ => Scalar.Integer(type, (19_723L * 2 + dice.Below(9)) * 43_200_000_000 + dice.Below(2)),
    };

    /// <summary>The value as a literal of DuckDB's.</summary>
    public static string Literal(Scalar value) => value.IsNull ? "null" : value.Type.Kind switch
    {
        TypeKind.Double => $"'{(double.IsPositiveInfinity(value.FloatingValue) ? "inf" : double.IsNegativeInfinity(value.FloatingValue) ? "-inf" : value.ToString())}'::double",
        TypeKind.String => "'" + value.ToString().Replace("'", "''") + "'",
        TypeKind.Date => $"date '{value}'",
        TypeKind.Timestamp => $"timestamp '{value}'",
        _ => value.ToString(),
    };
}
