using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests;

/// <summary>Columns side by side; printed when a property fails.</summary>
sealed record Table(Schema Schema, Column[] Columns)
{
    public int Rows => Columns[0].Length;

    public RowBatch Batch(int from, int rows) => new(rows, [.. Columns.Select(column => Tables.Slice(column, from, rows))]);

    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Rows} rows of ({string.Join(", ", Schema.Fields.Select(field => field.Type))})");
        for (var row = 0; row < Math.Min(Rows, 20); row++) text.AppendLine().AppendJoin(" | ", Columns.Select(column => column[row].ToString()));
        return text.ToString();
    }
}

/// <summary>Random tables over every type, with the values that are most often got wrong.</summary>
static class Tables
{
    static readonly TimeUnit[] Units = [TimeUnit.Millis, TimeUnit.Micros, TimeUnit.Nanos];

    /// <summary>Every kind, unit and zone, and decimals at the borders between their lanes and physical types.</summary>
    public static readonly DataType[] AllTypes =
    [
        .. Enum.GetValues<TypeKind>().Where(kind => kind is not (TypeKind.Decimal or TypeKind.Time or TypeKind.Timestamp)).Select(kind => new DataType(kind)),
        .. Units.SelectMany(unit => new[] { DataType.Time(unit), DataType.Time(unit, true), DataType.Timestamp(unit), DataType.Timestamp(unit, true) }),
        .. new[] { (1, 0), (1, 1), (9, 2), (10, 3), (18, 18), (19, 0), (28, 5), (38, 10), (38, 38) }.Select(d => DataType.Decimal(d.Item1, d.Item2)),
    ];

    public static Gen<DataType> AnyType { get; } = Gen.Frequency(
        (4, OneOf(AllTypes)),
        (1, Gen.Int[1, 38].SelectMany(precision => Gen.Int[0, precision].Select(scale => DataType.Decimal(precision, scale)))));

    /// <summary>A value of the type, never null. Temporal values keep to years that every engine knows unless <paramref name="extreme"/>.</summary>
    public static Gen<Scalar> Value(DataType type, bool extreme = true) => type.Kind switch
    {
        TypeKind.Bool => Integers(type, 0, 1),
        TypeKind.Int8 => Integers(type, sbyte.MinValue, sbyte.MaxValue),
        TypeKind.Int16 => Integers(type, short.MinValue, short.MaxValue),
        TypeKind.Int32 => Integers(type, int.MinValue, int.MaxValue),
        TypeKind.Int64 => Integers(type, long.MinValue, long.MaxValue),
        TypeKind.UInt8 => Integers(type, 0, byte.MaxValue),
        TypeKind.UInt16 => Integers(type, 0, ushort.MaxValue),
        TypeKind.UInt32 => Integers(type, 0, uint.MaxValue),
        TypeKind.UInt64 => Integers(type, 0, ulong.MaxValue),
        TypeKind.Date => extreme ? Integers(type, int.MinValue, int.MaxValue) : Integers(type, -700_000, 2_900_000),
        TypeKind.Time => Integers(type, 0, 86_400_000L * PerMilli(type.Unit) - 1),
        TypeKind.Timestamp => extreme ? Integers(type, long.MinValue, long.MaxValue) : Integers(type, -9_000_000_000_000 * PerMilli(type.Unit), 9_000_000_000_000 * PerMilli(type.Unit)),
        TypeKind.Decimal => Integers(type, 1 - PowerOfTen(type.Precision), PowerOfTen(type.Precision) - 1),
        TypeKind.Float => Gen.Frequency(
            (2, Gen.UInt.Select(BitConverter.UInt32BitsToSingle)), (2, Gen.Int[-1000, 1000].Select(i => i / 8f)),
            (1, OneOf(0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue)))
            .Select(value => Scalar.Floating(type, value)),
        TypeKind.Double => Doubles.Select(value => Scalar.Floating(type, value)),
        TypeKind.Uuid => Gen.Byte.Array[16].Select(bytes => Scalar.Bytes(type, bytes)),
        TypeKind.Binary => Gen.Frequency((4, Gen.Byte.Array[0, 12]), (1, Gen.Byte.Array[0, 300])).Select(bytes => Scalar.Bytes(type, bytes)),
        _ => Text.Select(text => Scalar.Bytes(type, Encoding.UTF8.GetBytes(text))),
    };

    public static Gen<double> Doubles { get; } = Gen.Frequency(
        (2, Gen.ULong.Select(BitConverter.UInt64BitsToDouble)),
        (2, Gen.Int[-1000, 1000].Select(i => i / 8.0)),
        (1, OneOf(0.0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 2.2250738585072009e-308)));

    static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    static Gen<string> Text { get; } = Gen.Frequency(
        (3, OneOf("", "a", "ab", "a\0", "a\0b", "\0", "ä", "日本", "😀", "\uffff", "zz")),
        (3, Gen.Char['a', 'z'].Array[0, 8].Select(chars => new string(chars))),
        (1, Gen.Char['\u0020', '\u07ff'].Array[0, 200].Select(chars => new string(chars))));

    static Gen<Scalar> Integers(DataType type, Int128 low, Int128 high)
    {
        var span = (UInt128)(high - low);
        return Gen.Frequency(
            (2, Gen.Select(Gen.ULong, Gen.ULong, (a, b) => low + (Int128)(span == UInt128.MaxValue ? new UInt128(a, b) : new UInt128(a, b) % (span + 1)))),
            (2, Gen.Int[-20, 20].Select(i => Int128.Clamp(i, low, high))),
            (1, OneOf(low, high, Int128.Min(low + 1, high), Int128.Clamp(0, low, high)))).Select(value => Scalar.Integer(type, value));
    }

    /// <summary>A column that is, by chance, without nulls, with some, with nothing else, of few values, or in runs.</summary>
    public static Gen<Column> Column(DataType type, int rows, bool extreme = true)
    {
        var nullable = Gen.Frequency((3, Value(type, extreme)), (1, Gen.Const(Scalar.Null(type))));
        return Gen.OneOf(
            Value(type, extreme).Array[rows], nullable.Array[rows], Gen.Const(Enumerable.Repeat(Scalar.Null(type), rows).ToArray()),
            nullable.Array[1, 6].SelectMany(pool => Gen.Int[0, pool.Length - 1].Array[rows].Select(picks => picks.Select(pick => pool[pick]).ToArray())),
            nullable.Array[1, 4].SelectMany(pool => Gen.Int[1, 60].Select(run => Enumerable.Range(0, rows).Select(row => pool[row / run % pool.Length]).ToArray())))
            .Select(values => Of(type, values));
    }

    public static Gen<Table> WithTypes(IReadOnlyList<DataType> types, int rows, bool extreme = true) =>
        types.Select(type => Column(type, rows, extreme)).Aggregate(
            Gen.Const(Array.Empty<Column>()), (all, next) => all.SelectMany(columns => next.Select(column => columns.Append(column).ToArray())))
            .Select(columns => new Table(new Schema(types.Select((type, i) => new Field($"c{i}", type))), columns));

    public static Gen<Table> Any(int maxRows, int maxColumns = 5) =>
        Gen.Select(AnyType.Array[1, maxColumns], Gen.Int[1, maxRows]).SelectMany(shape => WithTypes(shape.Item1, shape.Item2));

    public static Column Of(DataType type, IEnumerable<Scalar> values)
    {
        var column = Engine.Columns.Column.Create(type);
        foreach (var value in values) column.Append(value);
        return column;
    }

    public static Column Slice(Column column, int from, int rows)
    {
        var slice = Engine.Columns.Column.Create(column.Type);
        for (var row = from; row < from + rows; row++) slice.AppendFrom(column, row);
        return slice;
    }

    /// <summary>The same rows as codes into their distinct values.</summary>
    public static DictionaryColumn Code(Column column)
    {
        var coded = new DictionaryColumn(column.Type);
        var codes = new Dictionary<string, int>();
        for (var row = 0; row < column.Length; row++)
        {
            if (column.IsNull(row))
            {
                coded.AppendNull();
                continue;
            }
            var bits = Convert.ToHexString(Bits(column, row));
            if (!codes.TryGetValue(bits, out var code))
            {
                codes.Add(bits, code = codes.Count);
                coded.Dictionary.AppendFrom(column, row);
            }
            coded.AppendSpan(1)[0] = code;
        }
        return coded;
    }

    /// <summary>Asserts that rows <paramref name="from"/> and on of <paramref name="expected"/> are those of <paramref name="actual"/>, bit by bit.</summary>
    public static void AssertSame(Column expected, int from, Column actual, string name)
    {
        for (var row = 0; row < actual.Length; row++)
        {
            if (expected.IsNull(from + row) != actual.IsNull(row) || (!actual.IsNull(row) && !Bits(expected, from + row).SequenceEqual(Bits(actual, row))))
                Assert.Fail($"{name} ({expected.Type}), row {from + row}: {actual[row]} instead of {expected[from + row]}");
        }
    }

    public static void AssertSame(IReadOnlyList<Column> expected, IReadOnlyList<Column> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Length, actual[i].Length);
            AssertSame(expected[i], 0, actual[i], $"column {i}");
        }
    }

    static ReadOnlySpan<byte> Bits(Column column, int row) => column switch
    {
        DictionaryColumn coded => Bits(coded.Dictionary, coded.Codes[row]),
        BytesColumn bytes => bytes.Bytes(row),
        Column<byte> values => values.Values.Slice(row, 1),
        Column<int> values => MemoryMarshal.AsBytes(values.Values.Slice(row, 1)),
        Column<long> values => MemoryMarshal.AsBytes(values.Values.Slice(row, 1)),
        Column<ulong> values => MemoryMarshal.AsBytes(values.Values.Slice(row, 1)),
        Column<float> values => MemoryMarshal.AsBytes(values.Values.Slice(row, 1)),
        Column<double> values => MemoryMarshal.AsBytes(values.Values.Slice(row, 1)),
        Column<Int128> values => MemoryMarshal.AsBytes(values.Values.Slice(row, 1)),
        _ => throw new InvalidOperationException(column.GetType().Name),
    };

    static long PerMilli(TimeUnit unit) => unit switch { TimeUnit.Millis => 1, TimeUnit.Micros => 1_000, _ => 1_000_000 };

    static Int128 PowerOfTen(int digits) => Enumerable.Range(0, digits).Aggregate(Int128.One, (power, _) => power * 10);
}
