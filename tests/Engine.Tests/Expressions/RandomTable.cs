using System.Text;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>A schema and rows of it, twice: as scalars for the reference, and as columns, plain or coded.</summary>
sealed record RandomTable(Schema Schema, Scalar[][] Rows, RowBatch Batch)
{
    public static readonly DataType[] Types =
    [
        DataType.Bool, new(TypeKind.Int8), new(TypeKind.Int16), DataType.Int32, DataType.Int64, new(TypeKind.UInt8), new(TypeKind.UInt16), new(TypeKind.UInt32),
        DataType.UInt64, DataType.Float, DataType.Double, DataType.Decimal(4, 2), DataType.Decimal(18, 4), DataType.Decimal(38, 10), DataType.Decimal(38, 0),
        DataType.Decimal(38, 38), DataType.String, DataType.Binary, DataType.Uuid, DataType.Date, DataType.Time(TimeUnit.Millis), DataType.Time(TimeUnit.Nanos),
        DataType.Timestamp(TimeUnit.Millis), DataType.Timestamp(TimeUnit.Micros, isUtc: true), DataType.Timestamp(TimeUnit.Nanos),
    ];

    static readonly int[] Lengths = [1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 320];

    public static RandomTable Make(Dice dice)
    {
        var types = new List<DataType>();
        // Columns of one type compare with each other, so types repeat more often than chance has it.
        for (var i = dice.Below(4); i >= 0; i--) types.Add(types.Count > 0 && dice.Chance(30) ? dice.Pick(types) : dice.Pick(Types));
        var schema = new Schema(types.Select((type, i) => new Field("c" + i, type)));
        var length = dice.Chance(50) ? dice.Pick(Lengths) : dice.Below(201);
        return Make(dice, schema, length, RandomValue);
    }

    public static RandomTable Make(Dice dice, Schema schema, int length, Func<Dice, DataType, Scalar> value)
    {
        var nullPercents = schema.Fields.Select(_ => dice.Pick(0, 0, 10, 50, 100)).ToArray();
        var rows = Enumerable.Range(0, length)
            .Select(_ => schema.Fields.Select((field, i) => dice.Chance(nullPercents[i]) ? Scalar.Null(field.Type) : value(dice, field.Type)).ToArray())
            .ToArray();
        var columns = schema.Fields.Select((field, i) => Build(dice, field.Type, [.. rows.Select(row => row[i])], value)).ToArray();
        return new RandomTable(schema, rows, new RowBatch(length, columns));
    }

    static Column Build(Dice dice, DataType type, Scalar[] values, Func<Dice, DataType, Scalar> value)
    {
        if (dice.Chance(50))
        {
            var plain = Column.Create(type);
            foreach (var item in values) plain.Append(item);
            return plain;
        }
        var entries = values.Where(item => !item.IsNull).Distinct().ToList();
        for (var extra = dice.Pick(0, 0, 3, 100); extra > 0; extra--) entries.Insert(dice.Below(entries.Count + 1), value(dice, type));
        var coded = new DictionaryColumn(type);
        foreach (var entry in entries) coded.Dictionary.Append(entry);
        foreach (var item in values)
        {
            if (item.IsNull) coded.AppendNull();
            else coded.AppendSpan(1)[0] = dice.Chance(50) ? entries.IndexOf(item) : entries.LastIndexOf(item);
        }
        return coded;
    }

    public static Scalar RandomValue(Dice dice, DataType type)
    {
        switch (type.Kind)
        {
            case TypeKind.Bool: return Scalar.Bool(dice.Chance(50));
            case TypeKind.Float or TypeKind.Double: return Scalar.Floating(type, type.Kind == TypeKind.Float ? (float)RandomFloating(dice, isFloat: true) : RandomFloating(dice, isFloat: false));
            case TypeKind.String: return Scalar.Bytes(type, Encoding.UTF8.GetBytes(RandomText(dice)));
            case TypeKind.Binary: return Scalar.Bytes(type, dice.Chance(50) ? Encoding.UTF8.GetBytes(RandomText(dice)) : [0xFF, (byte)dice.Below(2)]);
            case TypeKind.Uuid: return Scalar.Bytes(type, [.. Enumerable.Range(0, 16).Select(i => (byte)(i is 0 or 15 ? dice.Below(2) * 0x81 : 7))]);
            case TypeKind.Time: return Scalar.Integer(type, dice.Chance(50) ? dice.Below(3) : (long)(dice.Bits() % (ulong)(86_400 * TemporalText.UnitsPerSecond(type.Unit))));
            default: return Scalar.Integer(type, RandomInteger(dice, type));
        }
    }

    static Int128 RandomInteger(Dice dice, DataType type)
    {
        var (min, max) = type.Kind switch
        {
            TypeKind.Int8 => ((Int128)sbyte.MinValue, (Int128)sbyte.MaxValue),
            TypeKind.Int16 => (short.MinValue, short.MaxValue),
            TypeKind.Int32 => (int.MinValue, int.MaxValue),
            TypeKind.UInt8 => (0, byte.MaxValue),
            TypeKind.UInt16 => (0, ushort.MaxValue),
            TypeKind.UInt32 => (0, uint.MaxValue),
            TypeKind.UInt64 => (0, ulong.MaxValue),
            // Beyond these days, dates have no text form that is read again.
            TypeKind.Date => (-2_000_000_000, 2_000_000_000),
            TypeKind.Timestamp when type.Unit == TimeUnit.Millis => (-2_000_000_000L * 86_400_000, 2_000_000_000L * 86_400_000),
            TypeKind.Decimal => (1 - Power(type.Precision), Power(type.Precision) - 1),
            _ => (long.MinValue, long.MaxValue),
        };
        var perOne = type.Kind switch
        {
            TypeKind.Decimal => Power(type.Scale),
            TypeKind.Timestamp => 43_200 * (Int128)TemporalText.UnitsPerSecond(type.Unit),
            _ => 1,
        };
        var value = dice.Below(6) switch
        {
            0 => dice.Pick(min, min + 1, max, max - 1),
            1 => new Int128(dice.Bits(), dice.Bits()) >> dice.Below(128),
            2 => (dice.Below(9) - 4) * perOne + dice.Below(3) - 1,
            3 => dice.Below(200) - 100,
            _ => (dice.Below(9) - 4) * perOne,
        };
        return Int128.Clamp(value, min, max);
    }

    static Int128 Power(int exponent)
    {
        Int128 power = 1;
        for (; exponent > 0; exponent--) power *= 10;
        return power;
    }

    static double RandomFloating(Dice dice, bool isFloat) => dice.Below(5) switch
    {
        0 => dice.Pick(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0.0, double.Epsilon, isFloat ? float.MaxValue : double.MaxValue, 9007199254740993, 1e30),
        1 => BitConverter.UInt64BitsToDouble(dice.Bits()),
        2 => (dice.Below(21) - 10) / 10.0,
        _ => dice.Below(9) - 4,
    };

    public static string RandomText(Dice dice) => string.Concat(Enumerable.Range(0, dice.Pick(0, 1, 1, 2, 5, 20)).Select(_ => dice.Pick("a", "b", "Z", "'", "é", "😀", "\u0001")));
}
