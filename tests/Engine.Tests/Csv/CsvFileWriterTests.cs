using System.Text;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;

namespace Fanfold.Engine.Tests.Csv;

public class CsvFileWriterTests
{
    static byte[] Write(Table table, int batchRows = int.MaxValue)
    {
        using var output = new MemoryStream();
        var writer = new CsvFileWriter(table.Schema, output);
        for (var from = 0; from < table.Rows; from += Math.Min(table.Rows - from, batchRows)) writer.Write(table.Batch(from, Math.Min(table.Rows - from, batchRows)).Columns);
        writer.Complete();
        Assert.Equal(table.Rows, writer.Rows);
        return output.ToArray();
    }

    static string Text(DataType type, params Scalar[] values) =>
        Encoding.UTF8.GetString(Write(new Table(new Schema([new Field("a", type), new Field("b", DataType.Int32)]), [Tables.Of(type, values), Tables.Of(DataType.Int32, values.Select((_, i) => Scalar.Integer(DataType.Int32, i)))])))["a,b\n".Length..];

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "\"\"")]
    [InlineData(" ", "\" \"")]
    [InlineData(" a", "\" a\"")]
    [InlineData("a ", "\"a \"")]
    [InlineData("a b", "a b")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("\"", "\"\"\"\"")]
    [InlineData("a\"b\"", "\"a\"\"b\"\"\"")]
    [InlineData("a\nb", "\"a\nb\"")]
    [InlineData("a\rb", "\"a\rb\"")]
    [InlineData("=1+1", "=1+1")]
    [InlineData("größe 日本", "größe 日本")]
    public void Write_Text_IsQuotedWhereItMustBe(string text, string field) => Assert.Equal($"{field},0\n,1\n", Text(DataType.String, Scalar.String(text), Scalar.Null(DataType.String)));

    [Fact]
    public void Write_Values_AreSpelledAsReadersTakeThem()
    {
        Assert.Equal("0.1,0\n1E+300,1\nNaN,2\nInfinity,3\n-Infinity,4\n-0,5\n", Text(DataType.Double, [.. new[] { 0.1, 1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0 }.Select(Scalar.Double)]));
        Assert.Equal("0.1,0\n", Text(DataType.Float, Scalar.Floating(DataType.Float, 0.1f)));
        Assert.Equal("true,0\nfalse,1\n", Text(DataType.Bool, Scalar.Bool(true), Scalar.Bool(false)));
        Assert.Equal("-0.50,0\n12.00,1\n", Text(DataType.Decimal(20, 2), Scalar.Integer(DataType.Decimal(20, 2), -50), Scalar.Integer(DataType.Decimal(20, 2), 1200)));
        Assert.Equal("00ff,0\n\"\",1\n", Text(DataType.Binary, Scalar.Bytes(DataType.Binary, [0, 255]), Scalar.Bytes(DataType.Binary, [])));
        Assert.Equal("00000000-0000-0000-0000-000000000001,0\n", Text(DataType.Uuid, Scalar.Bytes(DataType.Uuid, [.. new byte[15], 1])));
        Assert.Equal("1970-01-02,0\n0001-01-01 (BC),1\n", Text(DataType.Date, Scalar.Integer(DataType.Date, 1), Scalar.Integer(DataType.Date, TemporalText.DaysFromCivil(0, 1, 1))));
        var (local, instant) = (DataType.Timestamp(TimeUnit.Millis), DataType.Timestamp(TimeUnit.Nanos, isUtc: true));
        Assert.Equal("1970-01-01T00:00:01.5,0\n", Text(local, Scalar.Integer(local, 1500)));
        Assert.Equal("1970-01-01T00:00:00.000000001Z,0\n1969-12-31T23:59:59.999999999Z,1\n", Text(instant, Scalar.Integer(instant, 1), Scalar.Integer(instant, -1)));
    }

    [Theory]
    [InlineData(63 * 1024)]
    [InlineData(64 * 1024)]
    [InlineData(1 << 20)]
    public void Write_LongText_IsWhole(int length)
    {
        var text = string.Concat(Enumerable.Range(0, length / 8).Select(i => i % 5 == 0 ? "\"quoted\"" : "abcdefg\n"));
        Assert.Equal($"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\",0\nend,1\n", Text(DataType.String, Scalar.String(text), Scalar.String("end")));
        Assert.Equal($"{new string('x', length)},0\n", Text(DataType.String, Scalar.String(new string('x', length))));
        Assert.Equal($"{new string('0', 2 * length)},0\n", Text(DataType.Binary, Scalar.Bytes(DataType.Binary, new byte[length])));
    }

    [Fact]
    public void Write_InAnyBatches_GivesTheSameBytes() => Gen.Select(Tables.Any(300), Gen.Int[1, 300]).Sample(
        x => Assert.Equal(Write(x.Item1), Write(x.Item1, x.Item2)), iter: Soak.Cases(30));

    [Fact]
    public void Write_AnyTable_DuckDbReadsTheSame()
    {
        using var duckDb = new DuckDb();
        Tables.WithTypes(Tables.AllTypes, 60, extreme: false).Sample(table =>
        {
            var columns = string.Join(", ", table.Schema.Fields.Select(field => $"'{field.Name}': '{DuckType(field.Type)}'"));
            var from = $"read_csv('{duckDb.Save(Write(table, 7), "table.csv")}', auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', allow_quoted_nulls = false, columns = {{{columns}}})";
            for (var i = 0; i < table.Columns.Length; i++)
            {
                var (type, name) = (table.Schema[i].Type, table.Schema[i].Name);
                var isText = DuckType(type) == "VARCHAR" && type.Kind != TypeKind.String;
                var shown = type.Kind == TypeKind.Binary ? $"upper({name})" : isText ? name : DuckDb.Shown(type, name)!;
                object? Show(Scalar value) => value.IsNull || !isText ? DuckDb.Show(value) : type.Kind == TypeKind.Binary ? DuckDb.Show(value) : value.ToString().Replace(' ', 'T') + (type is { Kind: TypeKind.Timestamp, IsUtc: true } ? "Z" : "");
                Assert.Equal(Enumerable.Range(0, table.Rows).Select(row => Show(table.Columns[i][row])), duckDb.Query($"SELECT {shown} FROM {from}").Select(row => row[0]));
            }
        }, iter: Soak.Cases(8), threads: 1);
    }

    static string DuckType(DataType type) => type switch
    {
        { Kind: TypeKind.Bool } => "BOOLEAN",
        { Kind: TypeKind.Int8 } => "TINYINT",
        { Kind: TypeKind.Int16 } => "SMALLINT",
        { Kind: TypeKind.Int32 } => "INTEGER",
        { Kind: TypeKind.Int64 } => "BIGINT",
        { Kind: TypeKind.UInt8 } => "UTINYINT",
        { Kind: TypeKind.UInt16 } => "USMALLINT",
        { Kind: TypeKind.UInt32 } => "UINTEGER",
        { Kind: TypeKind.UInt64 } => "UBIGINT",
        { Kind: TypeKind.Float } => "FLOAT",
        { Kind: TypeKind.Double } => "DOUBLE",
        { Kind: TypeKind.Decimal } => $"DECIMAL({type.Precision}, {type.Scale})",
        { Kind: TypeKind.Uuid } => "UUID",
        { Kind: TypeKind.Date } => "DATE",
        { Kind: TypeKind.Time, Unit: not TimeUnit.Nanos, IsUtc: false } => "TIME",
        { Kind: TypeKind.Timestamp, Unit: not TimeUnit.Nanos, IsUtc: true } => "TIMESTAMPTZ",
        { Kind: TypeKind.Timestamp, IsUtc: false } => type.Unit == TimeUnit.Nanos ? "TIMESTAMP_NS" : "TIMESTAMP",
        _ => "VARCHAR",
    };
}
