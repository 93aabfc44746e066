using System.Globalization;

namespace Fanfold.Engine.Columns;

/// <summary>The logical kinds of flat columns. FLOAT16 is read as <see cref="Float"/>, INT96 as <see cref="Timestamp"/> in nanoseconds.</summary>
public enum TypeKind : byte
{
    Bool, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float, Double, Decimal, String, Binary, Uuid, Date, Time, Timestamp,
}

/// <summary>The resolution of a <see cref="TypeKind.Time"/> or <see cref="TypeKind.Timestamp"/>.</summary>
public enum TimeUnit : byte { None, Millis, Micros, Nanos }

/// <summary>How the values of a type lie in memory; several logical kinds share a lane.</summary>
public enum Lane : byte
{
    /// <summary>One <see cref="byte"/> a value, 0 or 1.</summary>
    Bool,
    /// <summary><see cref="int"/>: integers up to 32 bits that fit, and dates as days since 1970-01-01.</summary>
    Int32,
    /// <summary><see cref="long"/>: int64, uint32, times, timestamps, and unscaled decimals up to 18 digits.</summary>
    Int64,
    /// <summary><see cref="ulong"/>: uint64.</summary>
    UInt64,
    Float,
    Double,
    /// <summary><see cref="System.Int128"/>: unscaled decimals of 19 to 38 digits.</summary>
    Int128,
    /// <summary>Offsets and bytes: strings (UTF-8), binaries, uuids (16 bytes, big-endian).</summary>
    Bytes,
}

/// <summary>A logical type with its parameters. Value equality is type equality.</summary>
/// <param name="Precision">Digits of a decimal, 1 to 38; otherwise 0.</param>
/// <param name="Scale">Fractional digits of a decimal; otherwise 0.</param>
/// <param name="Unit">Resolution of a time or timestamp.</param>
/// <param name="IsUtc">Whether a time or timestamp is an instant (adjusted to UTC) or local.</param>
public readonly record struct DataType(TypeKind Kind, byte Precision = 0, byte Scale = 0, TimeUnit Unit = TimeUnit.None, bool IsUtc = false)
{
    public static DataType Bool => new(TypeKind.Bool);
    public static DataType Int32 => new(TypeKind.Int32);
    public static DataType Int64 => new(TypeKind.Int64);
    public static DataType UInt64 => new(TypeKind.UInt64);
    public static DataType Float => new(TypeKind.Float);
    public static DataType Double => new(TypeKind.Double);
    public static DataType String => new(TypeKind.String);
    public static DataType Binary => new(TypeKind.Binary);
    public static DataType Uuid => new(TypeKind.Uuid);
    public static DataType Date => new(TypeKind.Date);
    public static DataType Decimal(int precision, int scale) => new(TypeKind.Decimal, (byte)precision, (byte)scale);
    public static DataType Time(TimeUnit unit, bool isUtc = false) => new(TypeKind.Time, Unit: unit, IsUtc: isUtc);
    public static DataType Timestamp(TimeUnit unit, bool isUtc = false) => new(TypeKind.Timestamp, Unit: unit, IsUtc: isUtc);

    public Lane Lane => Kind switch
    {
        TypeKind.Bool => Lane.Bool,
        TypeKind.Int8 or TypeKind.Int16 or TypeKind.Int32 or TypeKind.UInt8 or TypeKind.UInt16 or TypeKind.Date => Lane.Int32,
        TypeKind.Int64 or TypeKind.UInt32 or TypeKind.Time or TypeKind.Timestamp => Lane.Int64,
        TypeKind.UInt64 => Lane.UInt64,
        TypeKind.Float => Lane.Float,
        TypeKind.Double => Lane.Double,
        TypeKind.Decimal => Precision <= 18 ? Lane.Int64 : Lane.Int128,
        _ => Lane.Bytes,
    };

    /// <summary>Bytes that a value takes in its lane; of a byte string only those of its offset.</summary>
    public int Width => Lane switch { Lane.Bool => 1, Lane.Int32 or Lane.Float or Lane.Bytes => sizeof(int), Lane.Int128 => 16, _ => sizeof(long) };

    /// <summary>The least and the greatest value of an integer type, unscaled of a decimal; a boolean's are 0 and 1.</summary>
    public (Int128 Min, Int128 Max) Range() => Kind switch
    {
        TypeKind.Bool => (0, 1),
        TypeKind.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        TypeKind.Int16 => (short.MinValue, short.MaxValue),
        TypeKind.Int32 => (int.MinValue, int.MaxValue),
        TypeKind.Int64 => (long.MinValue, long.MaxValue),
        TypeKind.UInt8 => (0, byte.MaxValue),
        TypeKind.UInt16 => (0, ushort.MaxValue),
        TypeKind.UInt32 => (0, uint.MaxValue),
        TypeKind.UInt64 => (0, ulong.MaxValue),
        TypeKind.Decimal => (1 - PowerOfTen(Precision), PowerOfTen(Precision) - 1),
        _ => throw new InvalidOperationException($"{this} is neither an integer nor a decimal."),
    };

    /// <param name="exponent">0 to 38.</param>
    public static Int128 PowerOfTen(int exponent)
    {
        Int128 power = 1;
        for (; exponent > 0; exponent--) power *= 10;
        return power;
    }

    public bool IsInteger => Kind is >= TypeKind.Int8 and <= TypeKind.UInt64;
    public bool IsFloating => Kind is TypeKind.Float or TypeKind.Double;
    public bool IsNumeric => IsInteger || IsFloating || Kind == TypeKind.Decimal;

    /// <summary>The spelling used in specs, messages and <c>inspect</c>, for example <c>decimal(18,2)</c> or <c>timestamp(us,utc)</c>.</summary>
    public override string ToString() => Kind switch
    {
        TypeKind.Decimal => $"decimal({Precision},{Scale})",
        TypeKind.Time or TypeKind.Timestamp => $"{(Kind == TypeKind.Time ? "time" : "timestamp")}({UnitText}{(IsUtc ? ",utc" : "")})",
        _ => Kind.ToString().ToLowerInvariant(),
    };

    /// <summary>Parses what <see cref="ToString"/> writes.</summary>
    public static DataType Parse(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var kind = Enum.Parse<TypeKind>(open < 0 ? text : text[..open], ignoreCase: true);
        if (open < 0) return new DataType(kind);
        var parameters = text[(open + 1)..^1].Split(',');
        return kind == TypeKind.Decimal
            ? Decimal(int.Parse(parameters[0], CultureInfo.InvariantCulture), int.Parse(parameters[1], CultureInfo.InvariantCulture))
            : new DataType(kind, Unit: parameters[0] switch { "ms" => TimeUnit.Millis, "us" => TimeUnit.Micros, _ => TimeUnit.Nanos }, IsUtc: parameters.Length > 1);
    }

    string UnitText => Unit switch { TimeUnit.Millis => "ms", TimeUnit.Micros => "us", _ => "ns" };
}
