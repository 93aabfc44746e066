using System.Globalization;
using System.Text;

namespace Fanfold.Engine.Columns;

/// <summary>
/// One value, or a typed null. Booleans, integers, dates (days), times and timestamps (their unit) and unscaled decimals
/// are integers; floats and doubles are floating; strings (UTF-8), binaries and uuids are bytes.
/// </summary>
public readonly struct Scalar : IEquatable<Scalar>
{
    readonly byte[]? _bytes;

    Scalar(DataType type, bool isNull, Int128 integer, double floating, byte[]? bytes)
    {
        Type = type;
        IsNull = isNull;
        IntegerValue = integer;
        FloatingValue = floating;
        _bytes = bytes;
    }

    public DataType Type { get; }
    public bool IsNull { get; }
    public Int128 IntegerValue { get; }
    public double FloatingValue { get; }
    public ReadOnlySpan<byte> BytesValue => _bytes;

    public static Scalar Null(DataType type) => new(type, true, 0, 0, null);
    public static Scalar Integer(DataType type, Int128 value) => new(type, false, value, 0, null);
    public static Scalar Floating(DataType type, double value) => new(type, false, 0, value, null);
    public static Scalar Bytes(DataType type, byte[] value) => new(type, false, 0, 0, value);
    public static Scalar Bool(bool value) => Integer(DataType.Bool, value ? 1 : 0);
    public static Scalar Int64(long value) => Integer(DataType.Int64, value);
    public static Scalar Double(double value) => Floating(DataType.Double, value);
    public static Scalar String(string value) => Bytes(DataType.String, Encoding.UTF8.GetBytes(value));

    public bool IsNaN => !IsNull && Type.IsFloating && double.IsNaN(FloatingValue);

    /// <summary>
    /// Order of two values of one type: numbers by value with NaN last and −0 equal to +0, byte strings by unsigned bytes, null last.
    /// </summary>
    public static int Compare(in Scalar left, in Scalar right)
    {
        if (left.IsNull || right.IsNull) return left.IsNull.CompareTo(right.IsNull);
        return left.Type.Lane switch
        {
            Lane.Bytes => left.BytesValue.SequenceCompareTo(right.BytesValue),
            Lane.Float or Lane.Double => CompareFloating(left.FloatingValue, right.FloatingValue),
            _ => left.IntegerValue.CompareTo(right.IntegerValue),
        };
    }

    public static int CompareFloating(double left, double right) =>
        left < right ? -1 : left > right ? 1 : left == right ? 0 : double.IsNaN(left).CompareTo(double.IsNaN(right));

    public bool Equals(Scalar other) => Type == other.Type && Compare(this, other) == 0;

    public override bool Equals(object? obj) => obj is Scalar other && Equals(other);

    public override int GetHashCode()
    {
        if (IsNull) return 0;
        var hash = new HashCode();
        if (Type.Lane == Lane.Bytes) hash.AddBytes(_bytes);
        else if (Type.IsFloating) hash.Add(FloatingValue + 0.0);
        else hash.Add(IntegerValue);
        return hash.ToHashCode();
    }

    public static bool operator ==(Scalar left, Scalar right) => left.Equals(right);
    public static bool operator !=(Scalar left, Scalar right) => !left.Equals(right);

    /// <summary>The value as people read it: ISO dates and times, decimals with their point, uuids with dashes, binaries in hex, <c>null</c>.</summary>
    public override string ToString()
    {
        if (IsNull) return "null";
        switch (Type.Kind)
        {
            case TypeKind.Bool: return IntegerValue != 0 ? "true" : "false";
            case TypeKind.Float: return ((float)FloatingValue).ToString(CultureInfo.InvariantCulture);
            case TypeKind.Double: return FloatingValue.ToString(CultureInfo.InvariantCulture);
            case TypeKind.String: return Encoding.UTF8.GetString(BytesValue);
            case TypeKind.Binary: return Convert.ToHexStringLower(BytesValue);
            case TypeKind.Uuid: return BytesValue.Length == 16 ? new Guid(BytesValue, bigEndian: true).ToString() : Convert.ToHexStringLower(BytesValue);
            case TypeKind.Decimal: return TemporalText.Decimal(IntegerValue, Type.Scale);
            case TypeKind.Date: return TemporalText.Date((long)IntegerValue);
            case TypeKind.Time: return TemporalText.Time((long)IntegerValue, Type.Unit);
            case TypeKind.Timestamp: return TemporalText.Timestamp((long)IntegerValue, Type.Unit);
            default: return IntegerValue.ToString(CultureInfo.InvariantCulture);
        }
    }
}
