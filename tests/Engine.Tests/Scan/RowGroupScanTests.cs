using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Scan;
using Fanfold.Engine.Tests.Parquet;
using Fanfold.Engine.Tests.Reduce;

namespace Fanfold.Engine.Tests.Scan;

public class RowGroupScanTests
{
    // c0 is the partition column, c1 the one of `where`.
    static readonly DataType[] Types = [DataType.Int32, DataType.Int64, DataType.String, DataType.Double];

    [Theory]
    [InlineData(TypeKind.Int32)]
    [InlineData(TypeKind.String)]
    [InlineData(TypeKind.Double)]
    public void Scan_PartitionAndWhere_EqualsFilteringByHand(TypeKind kind) =>
        Gen.Select(Tables.WithTypes([new DataType(kind), .. Types[1..]], 400), Gen.Int[1, 200].Array[1, 3], Gen.Int[0, 399], Gen.Int[-5, 5], Gen.Bool)
            .Sample((table, groups, pick, threshold, withWhere) =>
            {
                var value = table.Columns[0][pick];
                var where = Expression.Parse($"c1 > {threshold} or c1 is null").BindPredicate(table.Schema).Value!;
                var (counts, output) = Scan(table, groups, Predicate.Equal(table.Schema, 0, value), withWhere ? where : null);
                var inPartition = Enumerable.Range(0, table.Rows).Where(row => Scalar.Compare(table.Columns[0][row], value) == 0).ToList();
                var selected = inPartition.Where(row => !withWhere || table.Columns[1].IsNull(row) || table.Columns[1][row].IntegerValue > threshold).ToList();
                Assert.Equal(new ScanCounts(table.Rows, 0, inPartition.Count, selected.Count), counts);
                AssertRows(table, selected, output);
            }, iter: Soak.Cases(150));

    [Fact]
    public void Scan_SparsePartitionOfManyBatches_SkipsPagesAndKeepsRowsTogether()
    {
        // 100,000 rows of which a stretch in the middle and one near the end are in the partition.
        var columns = Types.Select(type => Column.Create(type)).ToArray();
        for (var row = 0; row < 100_000; row++)
        {
            ((Column<int>)columns[0]).Append(row is >= 40_000 and < 41_000 or 99_990 ? 7 : 1);
            ((Column<long>)columns[1]).Append(row);
            ((BytesColumn)columns[2]).Append(BitConverter.GetBytes(row));
            ((Column<double>)columns[3]).Append(row / 2.0);
        }
        var table = new Table(new Schema(Types.Select((type, i) => new Field($"c{i}", type))), columns);
        var value = Scalar.Integer(DataType.Int32, 7);
        var (counts, output) = Scan(table, [60_000], Predicate.Equal(table.Schema, 0, value), Expression.Parse("c1 <> 40005").BindPredicate(table.Schema).Value);
        Assert.Equal(new ScanCounts(100_000, 0, 1_001, 1_000), counts);
        AssertRows(table, [.. Enumerable.Range(40_000, 1_000).Append(99_990).Where(row => row != 40_005)], output);
    }

    [Fact]
    public void Scan_WithoutPredicates_SelectsEveryRow() => Tables.Any(200).Sample(table =>
    {
        var (counts, output) = Scan(table, [64], null, null);
        Assert.Equal(new ScanCounts(table.Rows, 0, table.Rows, table.Rows), counts);
        AssertRows(table, [.. Enumerable.Range(0, table.Rows)], output);
    }, iter: Soak.Cases(50));

    static (ScanCounts Counts, List<IReadOnlyList<Column>> Output) Scan(Table table, int[] groups, Predicate? partition, Predicate? where)
    {
        var file = ParquetFiles.Write(table, groups);
        var footer = ParquetFiles.Footer(file);
        var reducer = new RowsReducer(table.Schema, new Field("partition", DataType.Bool), Scalar.Bool(true), [.. Enumerable.Range(0, table.Columns.Length)], []);
        var scan = new RowGroupScan(new MemorySource(file), [.. footer.Columns], footer.DataEnd, partition, where, reducer, ParquetFiles.Buffers(), new PruningCounts());
        var rows = new CollectedRows(reducer);
        var counts = default(ScanCounts);
        foreach (var scanned in scan.ScanAsync(footer.RowGroups).ToBlockingEnumerable()) counts += scanned;
        ParquetFiles.Wait(scan.DisposeAsync());
        Assert.Equal(table.Rows, counts.RowsDecoded + counts.RowsPruned);
        counts = counts with { RowsDecoded = table.Rows, RowsPruned = 0 };
        return (counts, [rows.Finish()]);
    }

    static void AssertRows(Table table, List<int> rows, List<IReadOnlyList<Column>> output)
    {
        Assert.Equal(rows.Count, output.Sum(columns => columns[0].Length));
        if (rows.Count == 0) return;
        for (var i = 0; i < table.Columns.Length; i++)
        {
            var expected = Column.Create(table.Schema[i].Type);
            foreach (var row in rows) expected.AppendFrom(table.Columns[i], row);
            Tables.AssertSame(expected, 0, Assert.Single(output)[i + 1], $"column {i}");
        }
    }
}
