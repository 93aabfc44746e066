using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Check figures over the values of a column; what <c>inspect --verify</c> prints.</summary>
/// <remarks>
/// Min, max and sum of floats and doubles cover the finite values only. The sum of a bool is the number of trues, that of text and binary
/// the total length in bytes. Sums of dates, times, timestamps and uuids are not defined.
/// </remarks>
public sealed class ColumnFigures(DataType type)
{
    Scalar? _min, _max;
    Int128 _integerSum;
    double _floatingSum;
    double _compensation;
    ulong _textHash;

    public long NonNull { get; private set; }

    public string? Min => _min is { } value ? Text(value) : null;

    public string? Max => _max is { } value ? Text(value) : null;

    public string? Sum => type.Kind switch
    {
        TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.Uuid => null,
        TypeKind.Float or TypeKind.Double => (_floatingSum + _compensation).ToString("R", CultureInfo.InvariantCulture),
        TypeKind.Decimal => TemporalText.Decimal(_integerSum, type.Scale),
        _ => _integerSum.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The sum of a timestamp's microseconds since 1970, each rounded down.</summary>
    public string? SumMicros => type.Kind == TypeKind.Timestamp ? _integerSum.ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>The sum of the first 32 bits, big-endian, of the MD5 of each text.</summary>
    public string? TextHash => type.Kind == TypeKind.String ? _textHash.ToString(CultureInfo.InvariantCulture) : null;

    public void Add(Column column)
    {
        for (var row = 0; row < column.Length; row++)
        {
            if (!column.IsNull(row)) Add(column[row]);
        }
    }

    void Add(Scalar value)
    {
        NonNull++;
        switch (type.Lane)
        {
            case Lane.Bool:
                _integerSum += value.IntegerValue;
                return;
            case Lane.Float or Lane.Double:
                if (!double.IsFinite(value.FloatingValue)) return;
                AddFloating(value.FloatingValue);
                break;
            case Lane.Bytes:
                _integerSum += value.BytesValue.Length;
                if (type.Kind == TypeKind.String) AddHash(value.BytesValue);
                if (type.Kind == TypeKind.Binary) return;
                break;
            default:
                _integerSum += type.Kind == TypeKind.Timestamp ? Micros(value.IntegerValue) : value.IntegerValue;
                break;
        }
        if (_min is not { } min || Scalar.Compare(value, min) < 0) _min = value;
        if (_max is not { } max || Scalar.Compare(value, max) > 0) _max = value;
    }

    Int128 Micros(Int128 value) => type.Unit switch
    {
        TimeUnit.Millis => value * 1_000,
        TimeUnit.Micros => value,
        _ => (value - (value % 1_000 + 1_000) % 1_000) / 1_000,
    };

    // Neumaier's summation: the figure is compared with other engines' at 1e-9.
    void AddFloating(double value)
    {
        var sum = _floatingSum + value;
        _compensation += Math.Abs(_floatingSum) >= Math.Abs(value) ? _floatingSum - sum + value : value - sum + _floatingSum;
        _floatingSum = sum;
    }

#pragma warning disable CA5351 // MD5 is the figure's definition, not a safeguard
    void AddHash(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[16];
        MD5.HashData(text, hash);
        _textHash += BinaryPrimitives.ReadUInt32BigEndian(hash);
    }
#pragma warning restore CA5351

    string Text(Scalar value)
    {
        var text = value.ToString();
        return type switch
        {
            { IsFloating: true } when !text.AsSpan().ContainsAny('.', 'E', 'N') => text + ".0",
            { Kind: TypeKind.Time or TypeKind.Timestamp, IsUtc: true } => text + "+00",
            _ => text,
        };
    }
}
