using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The lanes that arithmetic is done in: operands are cast to one of them first.</summary>
enum ArithmeticLane : byte { Int64, UInt64, Double, Decimal }

/// <summary>Arithmetic on two values of one lane. Decimals are unscaled, with up to 38 digits.</summary>
static class Arithmetic
{
    /// <summary>10^38, which no unscaled decimal reaches.</summary>
    public static readonly Int128 DecimalLimit = DataType.PowerOfTen(38);

    public static ValueExpression Of(string symbol, ArithmeticLane lane, ValueExpression left, ValueExpression right, DataType type, string text)
    {
        var overflow = $"{text} passes the range of {type}; cast an operand to double or to decimal, or guard it with case when";
        return (symbol, lane) switch
        {
            ("+", ArithmeticLane.Int64) => new PairExpression<long, long, AddInt64>(left, right, type, default, overflow, Monotony.Rising),
            ("-", ArithmeticLane.Int64) => new PairExpression<long, long, SubtractInt64>(left, right, type, default, overflow, Monotony.Rising),
            ("*", ArithmeticLane.Int64) => new PairExpression<long, long, MultiplyInt64>(left, right, type, default, overflow),
            ("//", ArithmeticLane.Int64) => new PairExpression<long, long, DivideInt64>(left, right, type, default),
            ("%", ArithmeticLane.Int64) => new PairExpression<long, long, RemainderInt64>(left, right, type, default),
            ("+", ArithmeticLane.UInt64) => new PairExpression<ulong, ulong, AddUInt64>(left, right, type, default, overflow, Monotony.Rising),
            ("-", ArithmeticLane.UInt64) => new PairExpression<ulong, ulong, SubtractUInt64>(left, right, type, default, overflow, Monotony.Rising),
            ("*", ArithmeticLane.UInt64) => new PairExpression<ulong, ulong, MultiplyUInt64>(left, right, type, default, overflow),
            ("//", ArithmeticLane.UInt64) => new PairExpression<ulong, ulong, DivideUInt64>(left, right, type, default),
            ("%", ArithmeticLane.UInt64) => new PairExpression<ulong, ulong, RemainderUInt64>(left, right, type, default),
            ("+", ArithmeticLane.Double) => new PairExpression<double, double, AddDouble>(left, right, type, default, monotony: Monotony.Rising),
            ("-", ArithmeticLane.Double) => new PairExpression<double, double, SubtractDouble>(left, right, type, default, monotony: Monotony.Rising),
            ("*", ArithmeticLane.Double) => new PairExpression<double, double, MultiplyDouble>(left, right, type, default),
            ("/", ArithmeticLane.Double) => new PairExpression<double, double, DivideDouble>(left, right, type, default),
            ("%", ArithmeticLane.Double) => new PairExpression<double, double, RemainderDouble>(left, right, type, default),
            ("+", ArithmeticLane.Decimal) => new PairExpression<Int128, Int128, AddDecimal>(left, right, type, default, overflow, Monotony.Rising),
            ("-", ArithmeticLane.Decimal) => new PairExpression<Int128, Int128, SubtractDecimal>(left, right, type, default, overflow, Monotony.Rising),
            ("*", ArithmeticLane.Decimal) => new PairExpression<Int128, Int128, MultiplyDecimal>(left, right, type, default, overflow),
            ("%", ArithmeticLane.Decimal) => new PairExpression<Int128, Int128, RemainderDecimal>(left, right, type, default),
            _ => throw new InvalidOperationException($"No '{symbol}' in lane {lane}."),
        };
    }

    public static bool IsDecimal(Int128 unscaled) => unscaled < DecimalLimit && unscaled > -DecimalLimit;
}
