using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Scan;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Scan;

/// <summary>What a scan finds does not depend on the memory it has, as long as that is enough at all.</summary>
public class SmallAccountTests
{
    const int Rows = 9_000;

    static readonly DataType[] Types = [DataType.Int32, DataType.Int64, DataType.String, DataType.Double, DataType.String, DataType.Decimal(38, 2)];

    [Fact]
    public void Scan_SmallAccount_FindsTheSameRowsOrNoneAtAll()
    {
        var (done, refused) = (0, 0);
        var gen = Gen.Select(Tables.WithTypes(Types, Rows), Gen.Int[500, Rows], Gen.Int[0, Rows - 1], Gen.Bool, Gen.Int[256 << 10, 4 << 20]);
        gen.Sample((table, groupRows, pick, withPartition, limit) =>
        {
            var file = ParquetFiles.Write(table, groupRows);
            var partition = withPartition ? Predicate.Equal(table.Schema, 0, table.Columns[0][pick]) : null;
            var expected = Scan(table.Schema, file, partition, ParquetFiles.Buffers());
            var buffers = ParquetFiles.Buffers(limit);
            try
            {
                Assert.Equal(expected, Scan(table.Schema, file, partition, buffers));
                done++;
            }
            catch (Exception exception) when (exception is MemoryExceededException || exception.InnerException is MemoryExceededException)
            {
                Assert.InRange(limit, 0, 2 << 20);
                refused++;
            }
            Assert.InRange(buffers.Account.Held, 0, limit);
            PressingSource.Press(buffers.Account);
            Assert.InRange(buffers.Account.Held, 0, Engine.Buffers.ZstdBytes);
        }, iter: Soak.Cases(30), threads: 1);
        Assert.True(done > 10, $"only {done} scans had room, {refused} had none");
    }

    [Fact]
    public void Scan_FewRowsMuchWiderThanTheOthers_AreReadInSmallerBatches()
    {
        // A row in a hundred has 40 KiB: the average tells nothing about the hundred that follow each other.
        var schema = new Schema([new("i", DataType.Int64), new("s", DataType.String), new("t", DataType.String)]);
        var columns = schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        var random = new Random(7);
        for (var row = 0; row < 10_000; row++)
        {
            ((Column<long>)columns[0]).Append(row);
            for (var i = 1; i < 3; i++)
            {
                var bytes = new byte[row / 100 == 20 * i ? 40 << 10 : 8];
                random.NextBytes(bytes);
                ((BytesColumn)columns[i]).Append(bytes);
            }
        }
        var file = ParquetFiles.Write(new Table(schema, columns));
        var expected = Scan(schema, file, null, ParquetFiles.Buffers());
        // A page of 1 MiB, its compressed bytes, and a batch; the wide rows together have 4 MiB.
        Assert.Equal(expected, Scan(schema, file, null, ParquetFiles.Buffers(7 << 19)));
        Assert.Throws<Fanfold.Engine.Parquet.ParquetDataException>(() => Scan(schema, file, null, ParquetFiles.Buffers(1 << 20)));
    }

    static (ScanCounts Counts, string Rows) Scan(Schema schema, byte[] file, Predicate? partition, Buffers buffers)
    {
        var footer = ParquetFiles.Footer(file);
        var collector = new RowCollector(schema);
        var where = Expression.Parse("c1 <> 7 and (c2 <> 'a' or c2 is null)");
        var scan = new RowGroupScan(
            new MemorySource(file), [.. footer.Columns], footer.DataEnd, partition, schema.Count == Types.Length ? where.BindPredicate(schema).Value : null, collector, buffers, new PruningCounts());
        try
        {
            var counts = default(ScanCounts);
            foreach (var scanned in scan.ScanAsync(footer.RowGroups).ToBlockingEnumerable()) counts += scanned;
            return (counts, string.Join('\n', collector.Rows));
        }
        finally
        {
            ParquetFiles.Wait(scan.DisposeAsync());
        }
    }
}
