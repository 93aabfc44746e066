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
    int[] _counts = [];

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

    // By runs of equal values, and by the dictionary's where that is shorter, since files of few bytes hold any number of the same.
    public void Add(Column column)
    {
        if (column is DictionaryColumn coded && coded.Dictionary.Length <= coded.Length)
        {
            AddCodes(coded);
            return;
        }
        for (int row = 0, run; row < column.Length; row += run)
        {
            run = column.HasNulls ? 1 : Run(column, row);
            if (!column.IsNull(row)) Add(column[row], run);
        }
    }

    void AddCodes(DictionaryColumn coded)
    {
        if (_counts.Length < coded.Dictionary.Length) _counts = new int[coded.Dictionary.Length];
        var counts = _counts.AsSpan(0, coded.Dictionary.Length);
        counts.Clear();
        var codes = coded.Codes;
        for (var row = 0; row < codes.Length; row++)
        {
            if (!coded.IsNull(row)) counts[codes[row]]++;
        }
        for (var code = 0; code < counts.Length; code++)
        {
            if (counts[code] > 0) Add(coded.Dictionary[code], counts[code]);
        }
    }

    /// <summary>The number of rows from <paramref name="row"/> on that have its value; none is null.</summary>
    static int Run(Column column, int row)
    {
        switch (column)
        {
            case Column<byte> values: return Run(values.Values[row..]);
            case Column<int> values: return Run(values.Values[row..]);
            case Column<long> values: return Run(values.Values[row..]);
            case Column<ulong> values: return Run(values.Values[row..]);
            case BytesColumn values:
                var end = row + 1;
                while (end < values.Length && values.Bytes(end).SequenceEqual(values.Bytes(row))) end++;
                return end - row;
            default: return 1;
        }
    }

    static int Run<T>(ReadOnlySpan<T> values) where T : IEquatable<T> => values.IndexOfAnyExcept(values[0]) is > 0 and var end ? end : values.Length;

    void Add(Scalar value, long count)
    {
        NonNull += count;
        switch (type.Lane)
        {
            case Lane.Bool:
                _integerSum += value.IntegerValue * count;
                return;
            case Lane.Float or Lane.Double:
                if (!double.IsFinite(value.FloatingValue)) return;
                AddFloating(value.FloatingValue, count);
                break;
            case Lane.Bytes:
                _integerSum += value.BytesValue.Length * count;
                if (type.Kind == TypeKind.String) AddHash(value.BytesValue, count);
                if (type.Kind == TypeKind.Binary) return;
                break;
            default:
                _integerSum += (type.Kind == TypeKind.Timestamp ? Micros(value.IntegerValue) : value.IntegerValue) * count;
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
    void AddFloating(double value, long count)
    {
        value *= count;
        var sum = _floatingSum + value;
        _compensation += Math.Abs(_floatingSum) >= Math.Abs(value) ? _floatingSum - sum + value : value - sum + _floatingSum;
        _floatingSum = sum;
    }

#pragma warning disable CA5351 // MD5 is the figure's definition, not a safeguard
    void AddHash(ReadOnlySpan<byte> text, long count)
    {
        Span<byte> hash = stackalloc byte[16];
        MD5.HashData(text, hash);
        _textHash += BinaryPrimitives.ReadUInt32BigEndian(hash) * (ulong)count;
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
