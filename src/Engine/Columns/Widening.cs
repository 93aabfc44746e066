using System.Numerics;

namespace Fanfold.Engine.Columns;

/// <summary>Values of a type as the equal values of a wider one, as <see cref="CommonType"/> gives it. Only timestamps, and values that break their own type, can be out of its range.</summary>
public static class Widening
{
    /// <summary>Appends all rows of <paramref name="source"/>, which holds values, to <paramref name="target"/>.</summary>
    /// <exception cref="OverflowException">A value is out of the target's range.</exception>
    public static void Append(Column source, Column target)
    {
        var factor = Factor(source.Type, target.Type);
        switch (source.Type.Lane)
        {
            case Lane.Int32: From<int>(source, target, factor); break;
            case Lane.Int64: From<long>(source, target, factor); break;
            case Lane.UInt64: From<ulong>(source, target, factor); break;
            case Lane.Float: From<float>(source, target, factor); break;
            default: From<Int128>(source, target, factor); break;
        }
    }

    /// <summary>One value; null when it is out of the type's range.</summary>
    public static Scalar? Convert(in Scalar value, DataType to)
    {
        if (value.IsNull) return Scalar.Null(to);
        if (value.Type == to) return value;
        if (to.IsFloating) return Scalar.Floating(to, value.Type.IsFloating ? value.FloatingValue : (double)value.IntegerValue);
        var factor = Factor(value.Type, to);
        var limit = to.Lane switch { Lane.Int32 => int.MaxValue, Lane.Int64 => long.MaxValue, Lane.UInt64 => ulong.MaxValue, _ => Int128.MaxValue };
        return value.IntegerValue > limit / factor || value.IntegerValue < -(limit / factor) ? null : Scalar.Integer(to, value.IntegerValue * factor);
    }

    /// <summary>What bounds of a column prove about its values when they are widened: the same, since order and equality stay.</summary>
    public static ColumnBounds Convert(in ColumnBounds bounds, DataType to) =>
        new(bounds.Min is { } min ? Convert(min, to) : null, bounds.Max is { } max ? Convert(max, to) : null);

    static Int128 Factor(DataType from, DataType to)
    {
        if (to.Kind is TypeKind.Time or TypeKind.Timestamp) return TemporalText.UnitsPerSecond(to.Unit) / TemporalText.UnitsPerSecond(from.Unit);
        Int128 factor = 1;
        for (var digit = from.Scale; digit < to.Scale; digit++) factor *= 10;
        return factor;
    }

    static void From<TFrom>(Column source, Column target, Int128 factor) where TFrom : unmanaged, INumberBase<TFrom>
    {
        switch (target.Type.Lane)
        {
            case Lane.Int32: To<TFrom, int>(source, target, factor); break;
            case Lane.Int64: To<TFrom, long>(source, target, factor); break;
            case Lane.UInt64: To<TFrom, ulong>(source, target, factor); break;
            case Lane.Double: To<TFrom, double>(source, target, factor); break;
            default: To<TFrom, Int128>(source, target, factor); break;
        }
    }

    static void To<TFrom, TTo>(Column source, Column target, Int128 factor) where TFrom : unmanaged, INumberBase<TFrom> where TTo : unmanaged, INumberBase<TTo>
    {
        var values = ((Column<TFrom>)source).Values;
        var wide = ((Column<TTo>)target).AppendSpan(values.Length - source.NullCount);
        var count = 0;
        for (var row = 0; row < values.Length; row++)
        {
            if (!source.IsNull(row)) wide[count++] = TTo.CreateTruncating(values[row]);
        }
        if (factor != 1)
        {
            var by = TTo.CreateTruncating(factor);
            for (var i = 0; i < wide.Length; i++) wide[i] = checked(wide[i] * by);
        }
        if (source.HasNulls) target.Spread(values.Length, source.Validity);
    }
}
