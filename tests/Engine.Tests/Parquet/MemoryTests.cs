using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Reading and writing inside an account, and what is said of what has no room in it.</summary>
public class MemoryTests
{
    [Fact]
    public void Read_FiveHundredColumnsInThreeMebibytes_GivesTheirRows()
    {
        var types = Enumerable.Range(0, 500).Select(i => i % 3 == 0 ? DataType.String : i % 3 == 1 ? DataType.Double : DataType.Int64).ToArray();
        var columns = types.Select(type => Column.Create(type)).ToArray();
        for (var row = 0; row < 2_000; row++)
        {
            foreach (var column in columns)
            {
                if ((row + column.Type.Width) % 11 == 0) column.AppendNull();
                else if (column is BytesColumn bytes) bytes.Append(BitConverter.GetBytes(row * 7919));
                else if (column is Column<double> doubles) doubles.Append(row / 3.0);
                else ((Column<long>)column).Append(row);
            }
        }
        var table = new Table(new Schema(types.Select((type, i) => new Field($"c{i}", type))), columns);
        var file = ParquetFiles.Write(table, 1_500);
        Assert.Equal(2_000, Read(table, file, ParquetFiles.Buffers(3 << 20)));
    }

    [Fact]
    public void Read_PageThatPassesTheAccount_NamesItsSizesAndWhatWouldDo()
    {
        var table = LongValues(5 << 20, 5 << 20);
        var file = ParquetFiles.Write(table);
        var refused = Assert.Throws<ParquetDataException>(() => Read(table, file, ParquetFiles.Buffers(6 << 20)));
        Assert.Equal(ParquetDefect.TooLarge, refused.Defect);
        Assert.Contains("the page takes 6 MiB decompressed", refused.Message, StringComparison.Ordinal);
        Assert.Equal((0, "s"), (refused.RowGroup, refused.Column));
        var needed = Assert.IsType<MemoryExceededException>(refused.InnerException).Needed;
        Assert.InRange(needed, 10 << 20, 17 << 20);
        Assert.Equal(table.Rows, Read(table, file, ParquetFiles.Buffers(needed)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_LongValues_InLittleMoreThanOne(bool random)
    {
        var table = LongValues(random ? 3 << 20 : 0, 3 << 20);
        var output = new MemoryStream();
        var account = new MemoryAccount(6 << 20);
        using (var writer = new ParquetFileWriter(table.Schema, output, new Dictionary<string, string>(), account))
        {
            writer.WriteRowGroup(table.Columns);
            writer.Complete();
        }
        Assert.Equal(0, account.Held);
        var file = output.ToArray();
        ParquetFiles.AssertReadsAs(table, file);
        using var sharp = new ParquetSharp.ParquetFileReader(new ParquetSharp.IO.ManagedRandomAccessFile(new MemoryStream(file)));
        using var group = sharp.RowGroup(0);
        using var values = group.Column(0).LogicalReader<string?>();
        Assert.Equal(Enumerable.Range(0, table.Rows).Select(row => table.Columns[0].IsNull(row) ? -1 : ((BytesColumn)table.Columns[0]).Bytes(row).Length), values.ReadAll(table.Rows).Select(value => value?.Length ?? -1));
    }

    [Fact]
    public void Write_WithoutRoom_IsRefused()
    {
        var table = LongValues(100, 3 << 20);
        using var writer = new ParquetFileWriter(table.Schema, new MemoryStream(), new Dictionary<string, string>(), new MemoryAccount(1 << 20));
        Assert.Throws<MemoryExceededException>(() => writer.WriteRowGroup(table.Columns));
    }

    [Fact]
    public void Append_OldAndNewBufferTogether_MustHaveRoom()
    {
        var account = new MemoryAccount(20_000);
        var column = (Column<long>)Column.Create(DataType.Int64, account);
        column.AppendSpan(1_100);
        Assert.Throws<MemoryExceededException>(() => column.AppendSpan(600));
        Assert.Equal(8_800, account.Held);
        // The bitmap counts too.
        column.Clear();
        for (var row = 0; row < 1_100; row++) column.AppendNull();
        Assert.Equal(8_800 + 256, account.Held);
        column.Trim();
        Assert.Equal(0, account.Held);
    }

    /// <summary>Texts of which the first <paramref name="random"/> characters do not repeat, between short ones and a null.</summary>
    static Table LongValues(int random, int length)
    {
        var column = (BytesColumn)Column.Create(DataType.String);
        var numbers = new Random(3);
        for (var row = 0; row < 4; row++)
        {
            var text = new byte[row % 2 == 0 ? length + row : 5];
            text.AsSpan().Fill((byte)'a');
            for (var i = 0; i < Math.Min(random, text.Length); i++) text[i] = (byte)numbers.Next(32, 127);
            column.Append(text);
        }
        column.AppendNull();
        return new Table(new Schema([new Field("s", DataType.String)]), [column]);
    }

    static int Read(Table table, byte[] file, Buffers buffers)
    {
        var reader = new ColumnBatchReader(new MemorySource(file), ParquetFiles.Footer(file), table.Schema, buffers);
        var rows = 0;
        try
        {
            foreach (var batch in reader.ReadAsync(8192).ToBlockingEnumerable())
            {
                Assert.InRange(buffers.Account.Held, 1, buffers.Account.Limit);
                for (var i = 0; i < table.Columns.Length; i++) Tables.AssertSame(table.Columns[i], rows, batch.Columns[i], table.Schema[i].Name);
                rows += batch.Rows;
            }
        }
        finally
        {
            ParquetFiles.Wait(reader.DisposeAsync());
        }
        PressingSource.Press(buffers.Account);
        Assert.InRange(buffers.Account.Held, 0, Engine.Buffers.ZstdBytes);
        return rows;
    }
}
