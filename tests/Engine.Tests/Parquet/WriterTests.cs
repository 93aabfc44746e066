using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

public class WriterTests
{
    static readonly Gen<(Table Table, int[] Groups)> TableInGroups = Gen.Select(Tables.Any(600), Gen.Int[1, 400].Array[1, 3]);

    [Fact]
    public void Write_AnyTableInAnyRowGroups_IsReadBackEqual() => TableInGroups.Sample(
        x => ParquetFiles.AssertReadsAs(x.Table, ParquetFiles.Write(x.Table, x.Groups)), iter: Soak.Cases(150));

    [Fact]
    public void Write_EveryType_IsReadBackEqual() => Tables.WithTypes(Tables.AllTypes, 100).Sample(
        table => ParquetFiles.AssertReadsAs(table, ParquetFiles.Write(table, 37)), iter: Soak.Cases(10));

    [Fact]
    public void Write_ManyPages_IsReadBackEqual()
    {
        DataType[] types = [DataType.Int64, DataType.Bool, DataType.String, DataType.String, DataType.Decimal(38, 2)];
        var random = new Random(5);
        var columns = types.Select(type => Column.Create(type)).ToArray();
        for (var row = 0; row < 300_000; row++)
        {
            if (row % 11 == 0) columns[0].AppendNull();
            else ((Column<long>)columns[0]).Append(random.NextInt64());
            ((Column<byte>)columns[1]).Append((byte)random.Next(2));
            ((BytesColumn)columns[2]).Append(BitConverter.GetBytes(random.Next(40_000))); // coded
            ((BytesColumn)columns[3]).Append(BitConverter.GetBytes(random.NextInt64())); // plain
            ((Column<Int128>)columns[4]).Append(random.NextInt64());
        }
        var table = new Table(new Schema(types.Select((type, i) => new Field($"c{i}", type))), columns);
        ParquetFiles.AssertReadsAs(table, ParquetFiles.Write(table));
    }

    [Fact]
    public void Write_SameRowsTwice_GivesTheSameBytes() => TableInGroups.Sample(
        x => Assert.Equal(ParquetFiles.Write(x.Table, x.Groups), ParquetFiles.Write(x.Table, x.Groups)), iter: Soak.Cases(50));

    [Fact]
    public void Write_NoRows_IsAFileWithTheSchema()
    {
        var file = ParquetFiles.Footer(ParquetFiles.Write(new Table(new Schema(Tables.AllTypes.Select((type, i) => new Field($"c{i}", type))), [.. Tables.AllTypes.Select(type => Column.Create(type))])));
        Assert.Equal(0, file.Rows);
        Assert.Equal(Tables.AllTypes, file.Columns.Select(column => column.Type!.Value));
        Assert.Equal("zwei", file.KeyValues["b"]);
    }

    [Fact]
    public void Statistics_OfAnyColumn_AreTheTrueBounds() => TableInGroups.Sample(x =>
    {
        var file = ParquetFiles.Footer(ParquetFiles.Write(x.Table, x.Groups));
        var from = 0;
        foreach (var group in file.RowGroups)
        {
            for (var i = 0; i < x.Table.Columns.Length; i++)
            {
                var values = Enumerable.Range(from, (int)group.Rows).Select(row => x.Table.Columns[i][row]).ToList();
                Assert.Equal(values.Count(value => value.IsNull), group.Chunks[i].NullCount);
                values.RemoveAll(value => value.IsNull);
                values.Sort((left, right) => Scalar.Compare(left, right));
                var known = values.Count > 0 && !values[^1].IsNaN && values[0].BytesValue.Length <= 64 && values[^1].BytesValue.Length <= 64;
                Assert.Equal(known ? new ColumnBounds(values[0], values[^1]) : ColumnBounds.Unknown, ColumnStatistics.Bounds(file.Columns[i], group.Chunks[i]));
            }
            from += (int)group.Rows;
        }
    }, iter: Soak.Cases(100));

    [Fact]
    public void Write_AnyTable_DuckDbReadsTheSame()
    {
        using var duckDb = new DuckDb();
        Tables.WithTypes(Tables.AllTypes, 60, extreme: false).Sample(table =>
        {
            var from = $"read_parquet('{duckDb.Save(ParquetFiles.Write(table, 25))}')";
            var counts = duckDb.Query($"SELECT count(*), {string.Join(", ", table.Schema.Fields.Select(field => $"count({field.Name})"))} FROM {from}")[0];
            Assert.Equal([(long)table.Rows, .. table.Columns.Select(column => (long)(column.Length - column.NullCount))], counts);
            for (var i = 0; i < table.Columns.Length; i++)
            {
                if (DuckDb.Shown(table.Schema[i].Type, table.Schema[i].Name) is not { } shown) continue;
                var rows = duckDb.Query($"SELECT {shown} FROM {from}");
                Assert.Equal(Enumerable.Range(0, table.Rows).Select(row => DuckDb.Show(table.Columns[i][row])), rows.Select(row => row[0]));
            }
        }, iter: Soak.Cases(8), threads: 1);
    }

    static readonly DataType[] CommonTypes = [DataType.Int32, DataType.Int64, DataType.Double, DataType.String];

    [Fact]
    public void Write_CommonTypes_ParquetSharpReadsTheSame() => Tables.WithTypes(CommonTypes, 80).Sample(table =>
    {
        using var file = new ParquetSharp.ParquetFileReader(new MemoryStream(ParquetFiles.Write(table, 33)));
        Assert.Equal(table.Rows, file.FileMetaData.NumRows);
        var from = 0;
        for (var g = 0; g < file.FileMetaData.NumRowGroups; g++)
        {
            using var group = file.RowGroup(g);
            var rows = (int)group.MetaData.NumRows;
            AssertValues(table, 0, from, group.Column(0).LogicalReader<int?>().ReadAll(rows));
            AssertValues(table, 1, from, group.Column(1).LogicalReader<long?>().ReadAll(rows));
            AssertValues(table, 2, from, group.Column(2).LogicalReader<double?>().ReadAll(rows));
            AssertValues(table, 3, from, group.Column(3).LogicalReader<string>().ReadAll(rows));
            from += rows;
        }
        Assert.Equal(table.Rows, from);
    }, iter: Soak.Cases(20));

    [Fact]
    public async Task Write_CommonTypes_ParquetNetReadsTheSame()
    {
        for (var seed = 0u; seed < 10; seed++)
        {
            var table = Tables.WithTypes(CommonTypes, 80).Generate(new PCG(seed), null, out _);
            await using var reader = await global::Parquet.ParquetReader.CreateAsync(new MemoryStream(ParquetFiles.Write(table, 33)), cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(table.Rows, reader.Metadata!.NumRows);
            var from = 0;
            for (var g = 0; g < reader.RowGroupCount; g++)
            {
                using var group = reader.OpenRowGroupReader(g);
                var rows = (int)group.RowCount;
                AssertValues(table, 0, from, await ReadAsync<int>(group, reader, 0, rows));
                AssertValues(table, 1, from, await ReadAsync<long>(group, reader, 1, rows));
                AssertValues(table, 2, from, await ReadAsync<double>(group, reader, 2, rows));
                var strings = new string?[rows];
                await group.ReadAsync(reader.Schema.DataFields[3], strings.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
                AssertValues(table, 3, from, strings);
                from += rows;
            }
        }
    }

    static async Task<T?[]> ReadAsync<T>(global::Parquet.ParquetRowGroupReader group, global::Parquet.ParquetReader reader, int column, int rows) where T : struct
    {
        var values = new T?[rows];
        await group.ReadAsync<T>(reader.Schema.DataFields[column], values.AsMemory());
        return values;
    }

    static void AssertValues<T>(Table table, int column, int from, T[] actual)
    {
        for (var row = 0; row < actual.Length; row++)
        {
            var expected = table.Columns[column][from + row];
            object? value = expected.IsNull ? null : expected.Type.Kind switch
            {
                TypeKind.Int32 => (int)expected.IntegerValue,
                TypeKind.Int64 => (long)expected.IntegerValue,
                TypeKind.Double => expected.FloatingValue,
                _ => expected.ToString(),
            };
            Assert.Equal(value, actual[row]);
        }
    }
}
