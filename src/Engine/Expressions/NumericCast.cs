using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Casts between numbers, and from booleans.</summary>
static class NumericCast
{
    public static ValueExpression Of(ValueExpression operand, DataType to, string? failure) => operand.Type.Lane switch
    {
        Lane.Bool => FromExact<byte>(operand, to, failure),
        Lane.Int32 => FromExact<int>(operand, to, failure),
        Lane.Int64 => FromExact<long>(operand, to, failure),
        Lane.UInt64 => FromExact<ulong>(operand, to, failure),
        Lane.Int128 => FromExact<Int128>(operand, to, failure),
        Lane.Float => FromFloating<float>(operand, to, failure),
        _ => FromFloating<double>(operand, to, failure),
    };

    static ValueExpression FromExact<TIn>(ValueExpression operand, DataType to, string? failure) where TIn : unmanaged, INumber<TIn> => to.Lane switch
    {
        Lane.Int32 => Exact<TIn, int>(operand, to, failure),
        Lane.Int64 => Exact<TIn, long>(operand, to, failure),
        Lane.UInt64 => Exact<TIn, ulong>(operand, to, failure),
        Lane.Int128 => Exact<TIn, Int128>(operand, to, failure),
        Lane.Float => new MapExpression<TIn, float, ToFloating<TIn, float>>(operand, to, new(operand.Type.Scale), monotony: Monotony.Rising),
        _ => new MapExpression<TIn, double, ToFloating<TIn, double>>(operand, to, new(operand.Type.Scale), monotony: Monotony.Rising),
    };

    static ValueExpression Exact<TIn, TOut>(ValueExpression operand, DataType to, string? failure) where TIn : unmanaged, INumber<TIn> where TOut : unmanaged, INumber<TOut>
    {
        var from = operand.Type;
        var (fromMin, fromMax) = from.Range();
        var (min, max) = to.Range();
        if (from.Scale == to.Scale && fromMin >= min && fromMax <= max) return new MapExpression<TIn, TOut, Widened<TIn, TOut>>(operand, to, default, monotony: Monotony.Rising);
        return new MapExpression<TIn, TOut, Rescaled<TIn, TOut>>(operand, to, new(from.Scale, to.Scale, min, max), failure, Monotony.Rising);
    }

    static ValueExpression FromFloating<TIn>(ValueExpression operand, DataType to, string? failure) where TIn : unmanaged, IFloatingPointIeee754<TIn>
    {
        var (min, max) = to.IsFloating ? default : to.Range();
        return to.Lane switch
        {
            Lane.Int32 => new MapExpression<TIn, int, ToExact<TIn, int>>(operand, to, new(to.Scale, min, max), failure, Monotony.Rising),
            Lane.Int64 => new MapExpression<TIn, long, ToExact<TIn, long>>(operand, to, new(to.Scale, min, max), failure, Monotony.Rising),
            Lane.UInt64 => new MapExpression<TIn, ulong, ToExact<TIn, ulong>>(operand, to, new(to.Scale, min, max), failure, Monotony.Rising),
            Lane.Int128 => new MapExpression<TIn, Int128, ToExact<TIn, Int128>>(operand, to, new(to.Scale, min, max), failure, Monotony.Rising),
            Lane.Float => new MapExpression<TIn, float, Narrowed<TIn>>(operand, to, default, failure, Monotony.Rising),
            _ => new MapExpression<TIn, double, ToFloating<TIn, double>>(operand, to, new(0), monotony: Monotony.Rising),
        };
    }

    readonly struct Widened<TIn, TOut> : IMap<TIn, TOut> where TIn : INumber<TIn> where TOut : INumber<TOut>
    {
        public static bool IsTotal => true;

        public bool Apply(TIn value, out TOut result)
        {
            result = TOut.CreateTruncating(value);
            return true;
        }
    }

    readonly struct Rescaled<TIn, TOut>(int fromScale, int toScale, Int128 min, Int128 max) : IMap<TIn, TOut> where TIn : INumber<TIn> where TOut : INumber<TOut>
    {
        readonly Int128 _divisor = DataType.PowerOfTen(Math.Max(0, fromScale - toScale));
        readonly Int128 _factor = DataType.PowerOfTen(Math.Max(0, toScale - fromScale));

        public static bool IsTotal => false;

        public bool Apply(TIn value, out TOut result)
        {
            result = TOut.Zero;
            var exact = Int128.CreateTruncating(value);
            if (_divisor > 1) exact = RoundAway(exact, _divisor);
            else if (_factor > 1)
            {
                if (Int128.Abs(exact) > Arithmetic.DecimalLimit / _factor) return false;
                exact *= _factor;
            }
            if (exact < min || exact > max) return false;
            result = TOut.CreateTruncating(exact);
            return true;
        }
    }

    readonly struct ToFloating<TIn, TOut>(int scale) : IMap<TIn, TOut> where TIn : INumber<TIn> where TOut : INumber<TOut>
    {
        readonly double _divisor = Math.Pow(10, scale);
        readonly bool _isInteger = scale == 0;

        public static bool IsTotal => true;

        public bool Apply(TIn value, out TOut result)
        {
            result = _isInteger ? TOut.CreateTruncating(value) : TOut.CreateTruncating(double.CreateTruncating(value) / _divisor);
            return true;
        }
    }

    /// <summary>Rounded half to even; infinities and NaN have no result.</summary>
    readonly struct ToExact<TIn, TOut>(int scale, Int128 min, Int128 max) : IMap<TIn, TOut> where TIn : IFloatingPointIeee754<TIn> where TOut : INumber<TOut>
    {
        readonly double _factor = Math.Pow(10, scale);

        public static bool IsTotal => false;

        public bool Apply(TIn value, out TOut result)
        {
            result = TOut.Zero;
            var rounded = Math.Round(double.CreateTruncating(value) * _factor);
            // 2^127 is the first double that no Int128 holds.
            if (!(Math.Abs(rounded) < 170141183460469231731687303715884105728.0)) return false;
            var exact = (Int128)rounded;
            if (exact < min || exact > max) return false;
            result = TOut.CreateTruncating(exact);
            return true;
        }
    }

    /// <summary>To a float; a finite value beyond its range has no result.</summary>
    readonly struct Narrowed<TIn> : IMap<TIn, float> where TIn : IFloatingPointIeee754<TIn>
    {
        public static bool IsTotal => false;

        public bool Apply(TIn value, out float result)
        {
            result = float.CreateTruncating(value);
            return TIn.IsFinite(value) == float.IsFinite(result);
        }
    }

    /// <summary>The quotient rounded to nearest, halves away from zero.</summary>
    public static Int128 RoundAway(Int128 value, Int128 divisor)
    {
        var (quotient, remainder) = Int128.DivRem(value, divisor);
        if (Int128.Abs(remainder) >= divisor - Int128.Abs(remainder)) quotient += Int128.IsNegative(value) ? -1 : 1;
        return quotient;
    }
}
