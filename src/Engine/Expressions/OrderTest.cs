using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fanfold.Engine.Expressions;

/// <summary>One of =, &lt; and ≤ under the total order of <see cref="Relation"/>; the other three are their complements.</summary>
interface IOrderTest
{
    static abstract bool Holds<T>(T left, T right) where T : INumber<T>;
    static abstract Vector128<T> Holds<T>(Vector128<T> left, Vector128<T> right);
    static abstract Vector256<T> Holds<T>(Vector256<T> left, Vector256<T> right);
}

readonly struct EqualTest : IOrderTest
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Holds<T>(T left, T right) where T : INumber<T> => left == right || T.IsNaN(left) && T.IsNaN(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Holds<T>(Vector128<T> left, Vector128<T> right)
    {
        var equal = Vector128.Equals(left, right);
        return OrderTest.HasNaN<T>() ? equal | ~(Vector128.Equals(left, left) | Vector128.Equals(right, right)) : equal;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Holds<T>(Vector256<T> left, Vector256<T> right)
    {
        var equal = Vector256.Equals(left, right);
        return OrderTest.HasNaN<T>() ? equal | ~(Vector256.Equals(left, left) | Vector256.Equals(right, right)) : equal;
    }
}

readonly struct LessTest : IOrderTest
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Holds<T>(T left, T right) where T : INumber<T> => left < right || T.IsNaN(right) && !T.IsNaN(left);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Holds<T>(Vector128<T> left, Vector128<T> right)
    {
        var less = Vector128.LessThan(left, right);
        return OrderTest.HasNaN<T>() ? less | Vector128.Equals(left, left) & ~Vector128.Equals(right, right) : less;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Holds<T>(Vector256<T> left, Vector256<T> right)
    {
        var less = Vector256.LessThan(left, right);
        return OrderTest.HasNaN<T>() ? less | Vector256.Equals(left, left) & ~Vector256.Equals(right, right) : less;
    }
}

readonly struct LessOrEqualTest : IOrderTest
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Holds<T>(T left, T right) where T : INumber<T> => left <= right || T.IsNaN(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Holds<T>(Vector128<T> left, Vector128<T> right)
    {
        var lessOrEqual = Vector128.LessThanOrEqual(left, right);
        return OrderTest.HasNaN<T>() ? lessOrEqual | ~Vector128.Equals(right, right) : lessOrEqual;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Holds<T>(Vector256<T> left, Vector256<T> right)
    {
        var lessOrEqual = Vector256.LessThanOrEqual(left, right);
        return OrderTest.HasNaN<T>() ? lessOrEqual | ~Vector256.Equals(right, right) : lessOrEqual;
    }
}

static class OrderTest
{
    /// <summary>Settled when code is generated, so integers pay nothing for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasNaN<T>() => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    /// <summary>Compares up to 64 values with a constant; bit i is the test of value i.</summary>
    public static ulong Word<T, TTest>(ReadOnlySpan<T> values, T constant) where T : unmanaged, INumber<T> where TTest : struct, IOrderTest
    {
        ulong bits = 0;
        var i = 0;
        if (Vector256.IsHardwareAccelerated && Vector256<T>.IsSupported)
        {
            var right = Vector256.Create(constant);
            for (; i <= values.Length - Vector256<T>.Count; i += Vector256<T>.Count)
                bits |= (ulong)TTest.Holds(Vector256.Create(values.Slice(i)), right).ExtractMostSignificantBits() << i;
        }
        else if (Vector128.IsHardwareAccelerated && Vector128<T>.IsSupported)
        {
            var right = Vector128.Create(constant);
            for (; i <= values.Length - Vector128<T>.Count; i += Vector128<T>.Count)
                bits |= (ulong)TTest.Holds(Vector128.Create(values.Slice(i)), right).ExtractMostSignificantBits() << i;
        }
        for (; i < values.Length; i++) bits |= (TTest.Holds(values[i], constant) ? 1UL : 0) << i;
        return bits;
    }

    /// <summary>Compares up to 64 values with as many others; bit i is the test of pair i.</summary>
    public static ulong Word<T, TTest>(ReadOnlySpan<T> left, ReadOnlySpan<T> right) where T : unmanaged, INumber<T> where TTest : struct, IOrderTest
    {
        ulong bits = 0;
        var i = 0;
        if (Vector256.IsHardwareAccelerated && Vector256<T>.IsSupported)
        {
            for (; i <= left.Length - Vector256<T>.Count; i += Vector256<T>.Count)
                bits |= (ulong)TTest.Holds(Vector256.Create(left.Slice(i)), Vector256.Create(right.Slice(i))).ExtractMostSignificantBits() << i;
        }
        else if (Vector128.IsHardwareAccelerated && Vector128<T>.IsSupported)
        {
            for (; i <= left.Length - Vector128<T>.Count; i += Vector128<T>.Count)
                bits |= (ulong)TTest.Holds(Vector128.Create(left.Slice(i)), Vector128.Create(right.Slice(i))).ExtractMostSignificantBits() << i;
        }
        for (; i < left.Length; i++) bits |= (TTest.Holds(left[i], right[i]) ? 1UL : 0) << i;
        return bits;
    }
}
