using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Worker;

namespace Fanfold.Workflow.Tests.Running;

public class ParquetTableTests
{
    /// <summary>What a task with a cap of 64 MiB has for its data.</summary>
    const long SmallAccount = 30 << 20;

    static readonly Dictionary<string, string> Metadata = new() { ["key"] = "value" };

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public void Append_BatchesOfAnySize_EndGroupsAtTheSameRows(int batchRows)
    {
        var limits = new RowGroupLimits(500, 40_000);
        var schema = new Schema([new("i", DataType.Int64), new("s", DataType.String)]);
        var columns = Columns(schema);
        var random = new Random(5);
        var ends = new List<int>();
        var (rows, bytes) = (0, 0L);
        for (var row = 0; row < 3_000; row++)
        {
            // Some rows are wider than a whole group may be.
            var length = row % 700 == 699 ? 50_000 : row < 1_500 ? random.Next(20) : random.Next(300);
            ((Column<long>)columns[0]).Append(row);
            ((BytesColumn)columns[1]).AppendSpan(length).Fill((byte)('a' + row % 26));
            if (rows == 500 || rows > 0 && bytes + 12 + 2 * length > 40_000)
            {
                ends.Add(rows);
                (rows, bytes) = (0, 0);
            }
            rows++;
            bytes += 12 + 2 * length;
        }
        ends.Add(rows);
        var account = new MemoryAccount(long.MaxValue);
        using var output = new MemoryStream();
        using (var table = new ParquetTable(schema, output, Metadata, limits, account))
        {
            for (var from = 0; from < 3_000; from += batchRows)
            {
                table.Append(columns, from, Math.Min(3_000, from + batchRows));
                Assert.Equal(Math.Min(3_000, from + batchRows), table.Rows);
            }
            table.Complete();
        }
        Assert.Equal(0, account.Held);
        var footer = Footer(output.ToArray());
        Assert.Equal(ends, footer.RowGroups.Select(group => (int)group.Rows));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Combine_StringsOfTenMebibytes_StaysWithinASmallAccount(bool random)
    {
        var schema = new Schema([new("i", DataType.Int64), new("s", DataType.String)]);
        var columns = Columns(schema);
        var numbers = new Random(11);
        for (var row = 0; row < 6; row++)
        {
            ((Column<long>)columns[0]).Append(row);
            var text = new byte[row % 3 == 2 ? 100 : (10 << 20) - row];
            if (random) numbers.NextBytes(text);
            else text.AsSpan().Fill((byte)'x');
            ((BytesColumn)columns[1]).Append(text);
        }
        await CombineAsync(schema, columns);
    }

    [Fact]
    public async Task Combine_ThousandColumns_StaysWithinASmallAccount()
    {
        var schema = new Schema(Enumerable.Range(0, 1_000).Select(i => new Field($"c{i}", i % 2 == 0 ? DataType.Double : DataType.String)));
        var columns = Columns(schema);
        for (var row = 0; row < 1_500; row++)
        {
            foreach (var column in columns)
            {
                if (column is Column<double> doubles) doubles.Append(row * 0.7);
                else ((BytesColumn)column).Append(BitConverter.GetBytes(row * 99991));
            }
        }
        await CombineAsync(schema, columns);
    }

    /// <summary>Writes rows as a part, and the part as a result, both inside one account; compares the rows.</summary>
    static async Task CombineAsync(Schema schema, Column[] columns)
    {
        var account = new MemoryAccount(SmallAccount);
        var part = new MemoryStream();
        using (var table = new ParquetTable(schema, part, Metadata, RowGroupLimits.Part, account))
        {
            for (var row = 0; row < columns[0].Length; row++) table.Append(columns, row, row + 1);
            table.Complete();
        }
        Assert.Equal(0, account.Held);
        var result = new MemoryStream();
        using (var table = new ParquetTable(schema, result, Metadata, RowGroupLimits.Result, account))
        {
            await foreach (var batch in Read(part.ToArray(), schema, new Buffers(account))) table.Append(batch.Columns, 0, batch.Rows);
            table.Complete();
        }
        var rows = 0;
        await foreach (var batch in Read(result.ToArray(), schema, new Buffers(new MemoryAccount(long.MaxValue))))
        {
            for (var i = 0; i < columns.Length; i++)
            {
                for (var row = 0; row < batch.Rows; row++) Assert.Equal(0, Scalar.Compare(columns[i][rows + row], batch.Columns[i][row]));
            }
            rows += batch.Rows;
        }
        Assert.Equal(columns[0].Length, rows);
    }

    static async IAsyncEnumerable<RowBatch> Read(byte[] file, Schema schema, Buffers buffers)
    {
        await using var reader = new ColumnBatchReader(new MemoryFile(file), Footer(file), schema, buffers);
        await foreach (var batch in reader.ReadAsync(8192, TestContext.Current.CancellationToken)) yield return batch;
    }

    static FileMetadata Footer(byte[] file) => FooterReader.ReadAsync(new MemoryFile(file)).AsTask().GetAwaiter().GetResult();

    static Column[] Columns(Schema schema) => [.. schema.Fields.Select(field => Column.Create(field.Type))];

    sealed class MemoryFile(byte[] file) : IByteSource
    {
        public string Name => "part.parquet";

        public long Length => file.Length;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            file.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            return ValueTask.CompletedTask;
        }
    }
}
