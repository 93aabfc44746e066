using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Files of other writers, whose rows are known by construction.</summary>
public class ReaderTests
{
    const int Rows = 12_000;

    static readonly Schema Schema = new([new("i", DataType.Int32), new("l", DataType.Int64), new("d", DataType.Double), new("s", DataType.String), new("u", DataType.String), new("b", DataType.Bool)]);

    // s repeats until row 6,000 and is distinct after, so that small dictionaries overflow in the middle of a chunk.
    static readonly Lazy<Table> Expected = new(() =>
    {
        var columns = Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        for (var row = 0; row < Rows; row++)
        {
            if (row % 5 == 0) columns[0].AppendNull();
            else ((Column<int>)columns[0]).Append(Int(row));
            ((Column<long>)columns[1]).Append(Long(row));
            if (row / 700 % 3 == 1) columns[2].AppendNull();
            else ((Column<double>)columns[2]).Append(row / 8.0);
            ((BytesColumn)columns[3]).Append(System.Text.Encoding.UTF8.GetBytes(Repeated(row)));
            if (row % 3 == 2) columns[4].AppendNull();
            else ((BytesColumn)columns[4]).Append(System.Text.Encoding.UTF8.GetBytes(Distinct(row)));
            ((Column<byte>)columns[5]).Append((byte)(row / 100 % 2));
        }
        return new Table(Schema, columns);
    });

    static int Int(int row) => row * 31 % 1009 - 500;

    static long Long(int row) => row * 1_000_000_007L % 998_244_353;

    static string Repeated(int row) => row < 6_000 ? $"wört {row % 40}" : $"rest {row}";

    static string Distinct(int row) => $"präfix {row % 10:d3} {row}";

    [Theory]
    [InlineData("uncompressed", "v1")]
    [InlineData("snappy", "v1")]
    [InlineData("zstd", "v2")]
    [InlineData("gzip", "v1")]
    [InlineData("brotli", "v1")]
    [InlineData("lz4_raw", "v2")]
    public void Read_FilesOfDuckDb_GivesTheirRows(string codec, string version)
    {
        using var duckDb = new DuckDb();
        var path = duckDb.File("duck.parquet");
        duckDb.Execute($"""
            COPY (SELECT CASE WHEN i % 5 <> 0 THEN i * 31 % 1009 - 500 END::INTEGER AS i, i * 1000000007 % 998244353 AS l, CASE WHEN i // 700 % 3 <> 1 THEN i / 8 END AS d,
                CASE WHEN i < 6000 THEN 'wört ' || (i % 40) ELSE 'rest ' || i END AS s, CASE WHEN i % 3 <> 2 THEN format('präfix {"{"}:03d{"}"} {"{"}{"}"}', i % 10, i) END AS u, i // 100 % 2 = 1 AS b
                FROM range({Rows}) r(i) ORDER BY r.i) TO '{path}' (FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {version}, ROW_GROUP_SIZE 5000)
            """);
        var file = File.ReadAllBytes(path);
        Assert.True(ParquetFiles.Footer(file).RowGroups.Count > 1);
        ParquetFiles.AssertReadsAs(Expected.Value, file);
        AssertSkipsAgree(file);
    }

    public static TheoryData<bool, bool, string> SharpFiles()
    {
        var data = new TheoryData<bool, bool, string>();
        foreach (var v2 in new[] { false, true })
        {
            data.Add(v2, true, "Plain");
            foreach (var encoding in new[] { "Plain", "Delta", "DeltaByteArray", "ByteStreamSplit" }) data.Add(v2, false, encoding);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(SharpFiles))]
    public void Read_FilesOfParquetSharp_GivesTheirRows(bool v2, bool dictionary, string encoding)
    {
        var file = WriteSharp(v2, dictionary, encoding);
        ParquetFiles.AssertReadsAs(Expected.Value, file);
        AssertSkipsAgree(file);
    }

    static byte[] WriteSharp(bool v2, bool dictionary, string encoding)
    {
        using var builder = new ParquetSharp.WriterPropertiesBuilder();
        builder.DataPageVersion(v2 ? ParquetSharp.ParquetDataPageVersion.V2 : ParquetSharp.ParquetDataPageVersion.V1)
            .Compression(v2 ? ParquetSharp.Compression.Zstd : ParquetSharp.Compression.Snappy).DataPagesize(2_000).WriteBatchSize(100).DictionaryPagesizeLimit(3_000);
        if (!dictionary)
        {
            builder.DisableDictionary();
            foreach (var field in Schema.Fields) if (EncodingFor(encoding, field.Type) is { } wanted) builder.Encoding(field.Name, wanted);
        }
        using var stream = new MemoryStream();
        ParquetSharp.Column[] columns =
        [
            new ParquetSharp.Column<int?>("i"), new ParquetSharp.Column<long>("l"), new ParquetSharp.Column<double?>("d"),
            new ParquetSharp.Column<string>("s"), new ParquetSharp.Column<string>("u"), new ParquetSharp.Column<bool>("b"),
        ];
        using (var output = new ParquetSharp.IO.ManagedOutputStream(stream, leaveOpen: true))
        using (var properties = builder.Build())
        using (var writer = new ParquetSharp.ParquetFileWriter(output, columns, null, properties, null))
        {
            for (var from = 0; from < Rows; from += 8_000)
            {
                var rows = Enumerable.Range(from, Math.Min(8_000, Rows - from)).ToArray();
                using var group = writer.AppendRowGroup();
                Write(group, rows, row => row % 5 == 0 ? null : (int?)Int(row));
                Write(group, rows, Long);
                Write(group, rows, row => row / 700 % 3 == 1 ? null : (double?)(row / 8.0));
                Write(group, rows, Repeated);
                Write(group, rows, row => row % 3 == 2 ? null! : Distinct(row));
                Write(group, rows, row => row / 100 % 2 == 1);
            }
            writer.Close();
        }
        return stream.ToArray();
    }

    static void Write<T>(ParquetSharp.RowGroupWriter group, int[] rows, Func<int, T> value)
    {
        using var writer = group.NextColumn().LogicalWriter<T>();
        writer.WriteBatch(rows.Select(value).ToArray());
    }

    static ParquetSharp.Encoding? EncodingFor(string encoding, DataType type) => (encoding, type.Kind) switch
    {
        ("Delta", TypeKind.Int32 or TypeKind.Int64) => ParquetSharp.Encoding.DeltaBinaryPacked,
        ("Delta", TypeKind.String) => ParquetSharp.Encoding.DeltaLengthByteArray,
        ("Delta", TypeKind.Bool) => ParquetSharp.Encoding.Rle,
        ("DeltaByteArray", TypeKind.String) => ParquetSharp.Encoding.DeltaByteArray,
        ("ByteStreamSplit", TypeKind.Double or TypeKind.Int32 or TypeKind.Int64) => ParquetSharp.Encoding.ByteStreamSplit,
        _ => null,
    };

    /// <summary>Reads each column in turns of all rows, none, or some of them, and compares what is read with the known rows.</summary>
    static void AssertSkipsAgree(byte[] file)
    {
        var footer = ParquetFiles.Footer(file);
        var steps = Gen.Select(Gen.Int[0, 3], Gen.OneOf(Gen.Int[1, 20], Gen.Int[1, 900], Gen.Int[1, 4_000]), Gen.Int[1, 40]).Array[1, 60];
        steps.Sample(plan =>
        {
            foreach (var parquetColumn in footer.Columns) Assert.Equal(RowsRead(parquetColumn, plan, pressed: false), RowsRead(parquetColumn, plan, pressed: true));
        }, iter: Soak.Cases(25));

        long RowsRead(ParquetColumn parquetColumn, (int Kind, int Wanted, int Every)[] plan, bool pressed)
        {
            var source = new MemorySource(file);
            var buffers = ParquetFiles.Buffers(pressed ? 2 << 20 : 1 << 30);
            using var reader = new ColumnChunkReader(source, new ReadAhead(source, buffers), parquetColumn, footer.DataEnd, buffers);
            var start = 0;
            foreach (var group in footer.RowGroups)
            {
                reader.Open(group.Ordinal, group.Chunks[parquetColumn.Ordinal]);
                var at = 0;
                foreach (var (kind, wanted, every) in plan)
                {
                    var rows = Math.Min(wanted, (int)group.Rows - at);
                    if (rows == 0) break;
                    if (pressed && every % 3 > 0) PressingSource.Press(buffers.Account);
                    if (pressed && every % 4 == 0)
                    {
                        // There and back again.
                        var place = reader.Place;
                        Next(reader, rows, null);
                        reader.ReturnTo(place);
                    }
                    if (kind == 0) reader.Skip(rows);
                    else if (kind == 1) Tables.AssertSame(Expected.Value.Columns[parquetColumn.Ordinal], start + at, Next(reader, rows, null), parquetColumn.Name);
                    else
                    {
                        // Single rows now and then, or runs with single rows between them.
                        int[] positions = [.. Enumerable.Range(0, rows).Where(row => kind == 2 == (row * 7 % every == 0))];
                        var expected = Column.Create(parquetColumn.Type!.Value);
                        foreach (var row in positions) expected.AppendFrom(Expected.Value.Columns[parquetColumn.Ordinal], start + at + row);
                        if (positions.Length == 0) reader.Skip(rows);
                        else Tables.AssertSame(expected, 0, Next(reader, rows, positions), parquetColumn.Name);
                    }
                    at += rows;
                }
                start += (int)group.Rows;
            }
            return reader.RowsRead;
        }
    }

    static Column Next(ColumnChunkReader reader, int rows, int[]? positions)
    {
        var column = reader.ReadAsync(positions is null ? RowSelection.All(rows) : RowSelection.Some(rows, positions), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        Assert.Equal(positions?.Length ?? rows, column.Length);
        return column;
    }
}
