using System.Numerics;

namespace Fanfold.Engine.Expressions;

readonly struct AddInt64 : IPairMap<long, long>
{
    public static bool IsTotal => false;

    public bool Apply(long left, long right, out long result)
    {
        result = unchecked(left + right);
        return ((left ^ result) & (right ^ result)) >= 0;
    }
}

readonly struct SubtractInt64 : IPairMap<long, long>
{
    public static bool IsTotal => false;

    public bool Apply(long left, long right, out long result)
    {
        result = unchecked(left - right);
        return ((left ^ right) & (left ^ result)) >= 0;
    }
}

readonly struct MultiplyInt64 : IPairMap<long, long>
{
    public static bool IsTotal => false;

    public bool Apply(long left, long right, out long result) => Math.BigMul(left, right, out result) == result >> 63;
}

/// <summary>Rounds toward zero; null where the divisor is 0, and where −2⁶³ is divided by −1.</summary>
readonly struct DivideInt64 : IPairMap<long, long>
{
    public static bool IsTotal => false;

    public bool Apply(long left, long right, out long result)
    {
        result = 0;
        if (right == 0) return false;
        if (right == -1)
        {
            result = unchecked(-left);
            return left != long.MinValue;
        }
        result = left / right;
        return true;
    }
}

/// <summary>Has the sign of the dividend; null where the divisor is 0.</summary>
readonly struct RemainderInt64 : IPairMap<long, long>
{
    public static bool IsTotal => false;

    public bool Apply(long left, long right, out long result)
    {
        result = right is 0 or -1 ? 0 : left % right;
        return right != 0;
    }
}

readonly struct AddUInt64 : IPairMap<ulong, ulong>
{
    public static bool IsTotal => false;

    public bool Apply(ulong left, ulong right, out ulong result)
    {
        result = unchecked(left + right);
        return result >= left;
    }
}

readonly struct SubtractUInt64 : IPairMap<ulong, ulong>
{
    public static bool IsTotal => false;

    public bool Apply(ulong left, ulong right, out ulong result)
    {
        result = unchecked(left - right);
        return right <= left;
    }
}

readonly struct MultiplyUInt64 : IPairMap<ulong, ulong>
{
    public static bool IsTotal => false;

    public bool Apply(ulong left, ulong right, out ulong result) => Math.BigMul(left, right, out result) == 0;
}

readonly struct DivideUInt64 : IPairMap<ulong, ulong>
{
    public static bool IsTotal => false;

    public bool Apply(ulong left, ulong right, out ulong result)
    {
        result = right == 0 ? 0 : left / right;
        return right != 0;
    }
}

readonly struct RemainderUInt64 : IPairMap<ulong, ulong>
{
    public static bool IsTotal => false;

    public bool Apply(ulong left, ulong right, out ulong result)
    {
        result = right == 0 ? 0 : left % right;
        return right != 0;
    }
}

readonly struct AddDouble : IPairMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double left, double right, out double result)
    {
        result = left + right;
        return true;
    }
}

readonly struct SubtractDouble : IPairMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double left, double right, out double result)
    {
        result = left - right;
        return true;
    }
}

readonly struct MultiplyDouble : IPairMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double left, double right, out double result)
    {
        result = left * right;
        return true;
    }
}

readonly struct DivideDouble : IPairMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double left, double right, out double result)
    {
        result = left / right;
        return true;
    }
}

readonly struct RemainderDouble : IPairMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double left, double right, out double result)
    {
        result = left % right;
        return true;
    }
}

readonly struct PowerDouble : IPairMap<double, double>
{
    public static bool IsTotal => true;

    public bool Apply(double left, double right, out double result)
    {
        result = Math.Pow(left, right);
        return true;
    }
}

readonly struct AddDecimal : IPairMap<Int128, Int128>
{
    public static bool IsTotal => false;

    // Two decimals below 10³⁸ can pass 2¹²⁷, which shows in the sign.
    public bool Apply(Int128 left, Int128 right, out Int128 result)
    {
        result = unchecked(left + right);
        return !Int128.IsNegative((left ^ result) & (right ^ result)) && Arithmetic.IsDecimal(result);
    }
}

readonly struct SubtractDecimal : IPairMap<Int128, Int128>
{
    public static bool IsTotal => false;

    public bool Apply(Int128 left, Int128 right, out Int128 result) => default(AddDecimal).Apply(left, -right, out result);
}

readonly struct MultiplyDecimal : IPairMap<Int128, Int128>
{
    public static bool IsTotal => false;

    public bool Apply(Int128 left, Int128 right, out Int128 result)
    {
        result = 0;
        if (left == 0 || right == 0) return true;
        if (Int128.Abs(left) > Arithmetic.DecimalLimit / Int128.Abs(right)) return false;
        result = left * right;
        return Arithmetic.IsDecimal(result);
    }
}

readonly struct RemainderDecimal : IPairMap<Int128, Int128>
{
    public static bool IsTotal => false;

    public bool Apply(Int128 left, Int128 right, out Int128 result)
    {
        result = right == 0 ? 0 : left % right;
        return right != 0;
    }
}

/// <summary>The value with its sign changed; false when the lane has none such.</summary>
readonly struct Negated<T> : IMap<T, T> where T : INumber<T>
{
    public static bool IsTotal => false;

    public bool Apply(T value, out T result)
    {
        result = unchecked(-value);
        return T.IsZero(value) || T.IsNaN(value) || T.IsNegative(value) != T.IsNegative(result);
    }
}

/// <summary>The value without its sign; false when the lane has none such.</summary>
readonly struct Magnitude<T> : IMap<T, T> where T : INumber<T>
{
    public static bool IsTotal => false;

    public bool Apply(T value, out T result)
    {
        result = T.IsNegative(value) ? unchecked(-value) : value;
        return T.IsNaN(result) || !T.IsNegative(result);
    }
}
