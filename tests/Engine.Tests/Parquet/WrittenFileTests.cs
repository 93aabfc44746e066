using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>What other readers find in written files beside the values: types, page indexes, encodings.</summary>
public class WrittenFileTests
{
    /// <summary>Columns of so many rows that a chunk has several pages: in order, against it, in no order, with pages of nulls alone, of NaN, of long and of few texts.</summary>
    static Table ManyPages(int rows)
    {
        var schema = new Schema([
            new Field("up", DataType.Int64), new Field("down", DataType.Int32), new Field("mixed", DataType.Double), new Field("gaps", DataType.Decimal(9, 2)),
            new Field("nan", DataType.Float), new Field("wide", DataType.String), new Field("few", DataType.String), new Field("none", DataType.Date)]);
        var random = new Random(7);
        var columns = schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        for (var row = 0; row < rows; row++)
        {
            columns[0].Append(Scalar.Int64(row));
            columns[1].Append(Scalar.Integer(DataType.Int32, -row));
            columns[2].Append(row % 7 == 0 ? Scalar.Null(DataType.Double) : Scalar.Double(random.NextDouble()));
            columns[3].Append(row < rows / 2 ? Scalar.Null(DataType.Decimal(9, 2)) : Scalar.Integer(DataType.Decimal(9, 2), row));
            columns[4].Append(Scalar.Floating(DataType.Float, row == 5 ? float.NaN : row));
            columns[5].Append(Scalar.String(random.NextInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture) + new string('w', row % 40)));
            columns[6].Append(Scalar.String($"text {row % 50}"));
            columns[7].Append(Scalar.Null(DataType.Date));
        }
        return new Table(schema, columns);
    }

    [Fact]
    public void PageIndex_OfEveryColumn_SaysWhatThePagesHold()
    {
        var table = ManyPages(100_000);
        var file = ParquetFiles.Write(table);
        var footer = ParquetFiles.Footer(file);
        var chunks = Assert.Single(footer.RowGroups).Chunks;
        for (var i = 0; i < chunks.Count; i++)
        {
            var chunk = chunks[i];
            var places = OffsetIndex.Parse(Slice(chunk.OffsetIndex), chunk, table.Rows)!;
            Assert.True(places.Pages > 1, $"{table.Schema[i].Name} has {places.Pages} pages");
            Assert.Equal(table.Schema[i].Name == "nan", chunk.ColumnIndex is null);
            if (chunk.ColumnIndex is null) continue;
            var bounds = ColumnIndex.Parse(Slice(chunk.ColumnIndex), footer.Columns[i], places.Pages)!;
            for (var page = 0; page < places.Pages; page++)
            {
                var (from, to) = (places.Rows(page).From, places.Rows(page).To);
                var values = Enumerable.Range((int)from, (int)(to - from)).Select(row => table.Columns[i][row]).Where(value => !value.IsNull).ToList();
                values.Sort((left, right) => Scalar.Compare(left, right));
                Assert.Equal(values.Count == 0 ? ColumnBounds.Unknown : new ColumnBounds(values[0], values[^1]), bounds[page]);
            }
            Assert.Equal(table.Schema[i].Name != "few", !chunk.HasDictionary);
            Assert.Equal(chunk.HasDictionary, chunk.IsDictionaryEncoded);
        }
        ParquetFiles.AssertReadsAs(table, file);

        ReadOnlySpan<byte> Slice(ByteRange? range) => file.AsSpan((int)range!.Value.Offset, (int)range.Value.Length);
    }

    [Fact]
    public void PageIndex_IsUsedByDuckDbToTheSameAnswer()
    {
        using var duckDb = new DuckDb();
        var path = duckDb.Save(ParquetFiles.Write(ManyPages(100_000), 60_000));
        Assert.Equal([1L, 2L, 14286L, 2_000L], duckDb.Query($"""
            select (select count(*) from '{path}' where up = 70000), (select count(*) from '{path}' where down in (-1, -99999)), (select count(*) from '{path}' where mixed is null), (select count(*) from '{path}' where few = 'text 7')
            """)[0]);
    }

    static readonly ParquetSharp.LogicalTypeEnum[] PlainTypes = [ParquetSharp.LogicalTypeEnum.None, ParquetSharp.LogicalTypeEnum.Undefined];

    [Fact]
    public void Types_AreAnnotatedAsParquetSharpReadsThem()
    {
        var table = Tables.WithTypes(Tables.AllTypes, 30).Generate(new PCG(1), null, out _);
        using var file = new ParquetSharp.ParquetFileReader(new MemoryStream(ParquetFiles.Write(table, 13)));
        using var group = file.RowGroup(0);
        for (var i = 0; i < table.Schema.Count; i++)
        {
            var (type, descriptor) = (table.Schema[i].Type, file.FileMetaData.Schema.Column(i));
            using var logical = descriptor.LogicalType;
            Assert.Equal(type.Kind switch
            {
                TypeKind.Bool or TypeKind.Float or TypeKind.Double or TypeKind.Binary => ParquetSharp.LogicalTypeEnum.None,
                TypeKind.Decimal => ParquetSharp.LogicalTypeEnum.Decimal,
                TypeKind.String => ParquetSharp.LogicalTypeEnum.String,
                TypeKind.Uuid => ParquetSharp.LogicalTypeEnum.Uuid,
                TypeKind.Date => ParquetSharp.LogicalTypeEnum.Date,
                TypeKind.Time => ParquetSharp.LogicalTypeEnum.Time,
                TypeKind.Timestamp => ParquetSharp.LogicalTypeEnum.Timestamp,
                _ => ParquetSharp.LogicalTypeEnum.Int,
            }, PlainTypes.Contains(logical.Type) ? ParquetSharp.LogicalTypeEnum.None : logical.Type);
            Assert.Equal(type switch
            {
                { Kind: TypeKind.Bool } => ParquetSharp.PhysicalType.Boolean,
                { Kind: TypeKind.Decimal, Precision: <= 9 } or { Kind: TypeKind.UInt32 } or { Kind: TypeKind.Time, Unit: TimeUnit.Millis } or { Lane: Lane.Int32 } => ParquetSharp.PhysicalType.Int32,
                { Kind: TypeKind.Decimal, Precision: > 18 } or { Kind: TypeKind.Uuid } => ParquetSharp.PhysicalType.FixedLenByteArray,
                { Kind: TypeKind.Float } => ParquetSharp.PhysicalType.Float,
                { Kind: TypeKind.Double } => ParquetSharp.PhysicalType.Double,
                { Kind: TypeKind.String or TypeKind.Binary } => ParquetSharp.PhysicalType.ByteArray,
                _ => ParquetSharp.PhysicalType.Int64,
            }, descriptor.PhysicalType);
            if (logical is ParquetSharp.TimestampLogicalType timestamp) Assert.Equal((type.IsUtc, type.Unit.ToString()), (timestamp.IsAdjustedToUtc, timestamp.TimeUnit.ToString()));
            if (logical is ParquetSharp.TimeLogicalType time) Assert.Equal((type.IsUtc, type.Unit.ToString()), (time.IsAdjustedToUtc, time.TimeUnit.ToString()));
            if (logical is ParquetSharp.DecimalLogicalType number) Assert.Equal((type.Precision, type.Scale), (number.Precision, number.Scale));
            using var column = group.MetaData.GetColumnChunkMetaData(i);
            Assert.Equal(Enumerable.Range(0, 13).Count(row => table.Columns[i].IsNull(row)), (int)column.Statistics!.NullCount);
            Assert.Equal(ParquetSharp.Compression.Zstd, column.Compression);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void File_OfHardlyAnyRows_IsReadByAll(int rows)
    {
        var table = Tables.WithTypes(Tables.AllTypes, 1, extreme: false).Generate(new PCG(3), null, out _);
        if (rows == 0) table = new Table(table.Schema, [.. table.Columns.Select(column => Tables.Slice(column, 0, 0))]);
        var bytes = ParquetFiles.Write(table);
        using var duckDb = new DuckDb();
        Assert.Equal((long)rows, duckDb.Query($"select count(*) from '{duckDb.Save(bytes)}'")[0][0]);
        using var file = new ParquetSharp.ParquetFileReader(new MemoryStream(bytes));
        Assert.Equal((rows, rows), ((int)file.FileMetaData.NumRows, file.FileMetaData.NumRowGroups));
        Assert.Equal(rows, ParquetFiles.Footer(bytes).Rows);
    }

    [Fact]
    public void File_OfWideTextAndOddNames_IsReadBack()
    {
        var schema = new Schema([new Field("größe 日本 😀", DataType.String), new Field("a.b\"c'd=/\\", DataType.Int32)]);
        var values = new[] { Scalar.String(new string('x', 1 << 20)), Scalar.Null(DataType.String), Scalar.String(string.Concat(Enumerable.Repeat("日本", 200_000))), Scalar.String("") };
        var table = new Table(schema, [Tables.Of(DataType.String, values), Tables.Of(DataType.Int32, values.Select((_, i) => Scalar.Integer(DataType.Int32, i)))]);
        var bytes = ParquetFiles.Write(table, 2);
        ParquetFiles.AssertReadsAs(table, bytes);
        using var duckDb = new DuckDb();
        Assert.Equal([[1L << 20, 0], [null, 1], [400_000L, 2], [0L, 3]], duckDb.Query($"select length(\"größe 日本 😀\"), \"a.b\"\"c'd=/\\\" from '{duckDb.Save(bytes)}'"));
        using var file = new ParquetSharp.ParquetFileReader(new MemoryStream(bytes));
        using var group = file.RowGroup(0);
        Assert.Equal(1 << 20, group.Column(0).LogicalReader<string>().ReadAll(2)[0].Length);
    }

    [Fact]
    public void Begin_AnotherFile_WritesItAsItsOwnWriterWould() => Gen.Select(Tables.Any(200), Gen.Int[1, 100]).Sample((table, rows) =>
    {
        using var first = new MemoryStream();
        using var second = new MemoryStream();
        using var writer = new ParquetFileWriter(table.Schema, first, new Dictionary<string, string> { ["a"] = "1", ["b"] = "zwei" });
        foreach (var output in new[] { first, second })
        {
            if (output == second) writer.Begin(second);
            for (var from = 0; from < table.Rows; from += rows) writer.WriteRowGroup(table.Batch(from, Math.Min(rows, table.Rows - from)).Columns);
            writer.Complete();
        }
        Assert.Equal(ParquetFiles.Write(table, rows), first.ToArray());
        Assert.Equal(first.ToArray(), second.ToArray());
    }, iter: Soak.Cases(30));
}
