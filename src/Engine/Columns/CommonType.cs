namespace Fanfold.Engine.Columns;

/// <summary>The one type that holds every value of several types exactly. It depends on neither their order nor their number.</summary>
public static class CommonType
{
    const int MaxPrecision = 38;

    /// <summary>
    /// The narrowest such type: of integers the smallest one with all their ranges, else decimal(20,0); of a decimal with integers and decimals the
    /// largest scale and the most integral digits; double for floats with doubles or integers up to 32 bits; of times, or timestamps, the finest unit.
    /// Null when there is none: a conversion would lose digits, or the types mean different things.
    /// </summary>
    public static DataType? Of(IReadOnlyCollection<DataType> types)
    {
        var distinct = types.Distinct().ToList();
        if (distinct.Count == 1) return distinct[0];
        if (distinct.TrueForAll(type => type.IsInteger)) return OfIntegers(distinct);
        if (distinct.TrueForAll(type => type.IsInteger || type.Kind == TypeKind.Decimal)) return OfDecimals(distinct);
        if (distinct.TrueForAll(type => type.IsFloating || type.IsInteger && IsExactInDouble(type))) return DataType.Double;
        if (distinct.TrueForAll(type => type.Kind is TypeKind.Time or TypeKind.Timestamp && type with { Unit = TimeUnit.None } == distinct[0] with { Unit = TimeUnit.None }))
            return distinct[0] with { Unit = distinct.Max(type => type.Unit) };
        return null;
    }

    /// <summary>Decimal digits of the largest value of an integer type.</summary>
    public static int Digits(TypeKind integer) => integer switch
    {
        TypeKind.Int8 or TypeKind.UInt8 => 3,
        TypeKind.Int16 or TypeKind.UInt16 => 5,
        TypeKind.Int32 or TypeKind.UInt32 => 10,
        TypeKind.Int64 => 19,
        _ => 20,
    };

    static bool IsExactInDouble(DataType integer) => integer.Kind is not (TypeKind.Int64 or TypeKind.UInt64);

    static DataType OfIntegers(List<DataType> types)
    {
        var signed = types.Max(type => type.Kind <= TypeKind.Int64 ? type.Kind - TypeKind.Int8 : -1);
        var unsigned = types.Max(type => type.Kind > TypeKind.Int64 ? type.Kind - TypeKind.UInt8 : -1);
        if (signed < 0) return new DataType(TypeKind.UInt8 + (byte)unsigned);
        // A signed type holds the unsigned ones of fewer bits.
        var width = Math.Max(signed, unsigned + 1);
        return width <= TypeKind.Int64 - TypeKind.Int8 ? new DataType(TypeKind.Int8 + (byte)width) : DataType.Decimal(Digits(TypeKind.UInt64), 0);
    }

    static DataType? OfDecimals(List<DataType> types)
    {
        var scale = types.Max(type => type.Scale);
        var integral = types.Max(type => type.IsInteger ? Digits(type.Kind) : type.Precision - type.Scale);
        return integral + scale <= MaxPrecision ? DataType.Decimal(integral + scale, scale) : null;
    }
}
