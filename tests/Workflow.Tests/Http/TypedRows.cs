using System.Text;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>Rows of every kind of column, with the values that formats most often get wrong, in the order in which a run over <c>key</c> puts them.</summary>
static class TypedRows
{
    /// <summary>No folder can be named like the third.</summary>
    static readonly string?[] Keys = ["", "a,\"b\"\n", new('k', 300), "ü=7", null];

    public static readonly Schema Schema = new(
    [
        new("key", DataType.String), new("long", DataType.Int64), new("ulong", DataType.UInt64), new("small", new DataType(TypeKind.Int8)), new("float", DataType.Float), new("double", DataType.Double),
        new("money", DataType.Decimal(18, 2)), new("wide", DataType.Decimal(38, 10)), new("text", DataType.String), new("bytes", DataType.Binary), new("id", DataType.Uuid), new("flag", DataType.Bool),
        new("day", DataType.Date), new("time", DataType.Time(TimeUnit.Micros)), new("local", DataType.Timestamp(TimeUnit.Micros)), new("instant", DataType.Timestamp(TimeUnit.Nanos, isUtc: true)),
    ]);

    static readonly string[] Texts = ["", " ", "plain", "a,b", "say \"no\"", "two\nlines", "cr\r", "größe 日本 😀", "NULL", "null", "\u0000\u0001", "</script>", "\\", "=1+1", new('x', 70_000)];

    static readonly double[] Doubles = [0.1, -0.0, 1e300, 5e-324, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 9007199254740993.0];

    static readonly Int128[] Longs = [9007199254740993, long.MaxValue, long.MinValue, 0, -1];

    static readonly Int128[] Wides = [Int128.Parse("99999999999999999999999999999999999999", null), Int128.Parse("-1", null), Int128.Parse("12345678901234567890123456789012345678", null), 0];

    /// <summary>So many rows for each key.</summary>
    public static List<Column[]> Groups(int rows) => [.. Keys.Select((key, group) => Group(key, group * rows, rows))];

    static Column[] Group(string? key, int first, int rows)
    {
        var columns = Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        for (var row = first; row < first + rows; row++)
        {
            columns[0].Append(key is null ? Scalar.Null(DataType.String) : Scalar.String(key));
            // Each column has a null now and then, never all at once.
            for (var i = 1; i < columns.Length; i++) columns[i].Append((row + i) % 7 == 0 ? Scalar.Null(Schema[i].Type) : Value(Schema[i].Type, row));
        }
        return columns;
    }

    static Scalar Value(DataType type, int row) => type.Kind switch
    {
        TypeKind.Int64 => Scalar.Integer(type, Longs[row % Longs.Length]),
        TypeKind.UInt64 => Scalar.Integer(type, row % 2 == 0 ? ulong.MaxValue : (ulong)row),
        TypeKind.Int8 => Scalar.Integer(type, row % 256 - 128),
        TypeKind.Float => Scalar.Floating(type, (float)Doubles[row % Doubles.Length]),
        TypeKind.Double => Scalar.Floating(type, Doubles[row % Doubles.Length]),
        TypeKind.Decimal => Scalar.Integer(type, type.Precision == 38 ? Wides[row % Wides.Length] : row * 7 - 50),
        TypeKind.String => Scalar.String(Texts[row % Texts.Length]),
        TypeKind.Binary => Scalar.Bytes(type, row % 3 == 0 ? [] : [0, 255, (byte)row]),
        TypeKind.Uuid => Scalar.Bytes(type, [.. new byte[12], 1, 2, 3, (byte)row]),
        TypeKind.Bool => Scalar.Bool(row % 2 == 0),
        TypeKind.Date => Scalar.Integer(type, row * 1000 - 20_000),
        TypeKind.Time => Scalar.Integer(type, row * 1_000_001L),
        _ => Scalar.Integer(type, row * 1_000_000_000_007L - 5),
    };

    public static byte[] Parquet(IReadOnlyList<Column[]> groups)
    {
        using var content = new MemoryStream();
        using var writer = new ParquetFileWriter(Schema, content, new Dictionary<string, string>());
        foreach (var group in groups) writer.WriteRowGroup(group);
        writer.Complete();
        return content.ToArray();
    }

    /// <summary>A value such that only equal ones have the same text, NaN and −0 told apart.</summary>
    public static string Exact(Scalar value) => value switch
    {
        { IsNull: true } => "null",
        { Type.IsFloating: true } => BitConverter.DoubleToInt64Bits(value.FloatingValue).ToString("x", null),
        { Type.Lane: Lane.Bytes } => "'" + Convert.ToHexStringLower(value.BytesValue),
        _ => value.IntegerValue.ToString(),
    };

    public static List<string> Exact(IEnumerable<Column[]> groups) =>
        [.. groups.SelectMany(group => Enumerable.Range(0, group[0].Length).Select(row => string.Join('|', group.Select(column => Exact(column[row])))))];
}
