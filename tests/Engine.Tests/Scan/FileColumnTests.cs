using System.Numerics;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Scan;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Scan;

/// <summary>Files that have columns of the scan in a narrower type, or not at all: every set of pruners gives the rows that the reference gives.</summary>
public class FileColumnTests
{
    // c0 and c1 are stored narrower, k and missing not at all.
    static readonly Schema Schema = new([
        new("c0", DataType.Int64), new("c1", DataType.Decimal(22, 2)), new("c2", DataType.String), new("c3", DataType.Double),
        new("k", DataType.String), new("missing", DataType.Int32)]);

    sealed record Case(EveryPrunerTests.Case Stored, RandomTable Table, Condition? Condition, int PartitionColumn, Scalar Partition, Scalar? RangeEnd)
    {
        public Predicate Predicate => Partition.IsNull || RangeEnd is null ? Predicate.Equal(Schema, PartitionColumn, Partition) : Predicate.Range(Schema, PartitionColumn, Partition, RangeEnd);

        public bool IsIn(Scalar[] row)
        {
            var value = row[PartitionColumn];
            if (Partition.IsNull || RangeEnd is not { } end) return value == Partition;
            return !value.IsNull && !value.IsNaN && Scalar.Compare(value, Partition) >= 0 && Scalar.Compare(value, end) < 0;
        }
    }

    [Fact]
    public void Scan_WidenedAndConstantColumns_AnyPruners_AgreesWithTheReference()
    {
        var counts = new PruningCounts();
        new DiceGen<Case>(Make, made => made.Table.Rows.Length).Sample(made => Check(made, EveryPrunerTests.Sharp(made.Stored), counts), iter: Soak.Cases(200), threads: 1, print: Print);
        Assert.True(counts.Rows(Pruner.PageIndex) > 5_000, $"only {counts.Rows(Pruner.PageIndex)} rows were pruned by page indexes");
        Assert.True(counts.RowGroups(Pruner.Dictionary) > 10, $"only {counts.RowGroups(Pruner.Dictionary)} row groups were pruned by dictionaries");
    }

    [Fact]
    public void Scan_WidenedColumnsOfDuckDb_AnyPruners_AgreesWithTheReference()
    {
        using var duckDb = new DuckDb();
        new DiceGen<Case>(Make, made => made.Table.Rows.Length).Sample(made => Check(made, EveryPrunerTests.Duck(made.Stored, duckDb), new PruningCounts()), iter: Soak.Cases(30), threads: 1, print: Print);
    }

    [Fact]
    public void Scan_NothingButConstants_ReadsNothingAndCountsTheFootersRows()
    {
        var (source, footer) = Numbers();
        FileColumn[] columns = [FileColumn.Of(Scalar.String("north")), FileColumn.Of(Scalar.Null(DataType.Int32))];
        var schema = new Schema([new("k", DataType.String), new("missing", DataType.Int32)]);
        var reducer = new GroupReducer(schema, (schema[0], Scalar.String("north")), [1], [new Aggregate("n", AggregateFunction.Len, -1)], []);

        var counts = Scan(source, footer, columns, Predicate.Equal(schema, 0, Scalar.String("north")), reducer, footer.RowGroups.Select(group => group with { Chunks = [] }));

        Assert.Equal(new ScanCounts(1000, 0, 1000, 1000), counts);
        Assert.Equal(0, source.BytesRead);
        Assert.Equal(["north", "null", "1000"], Assert.Single(reducer.Finish().ToList()).Select(column => column[0].ToString()));
    }

    [Fact]
    public void Scan_ConstantPartitionColumn_CountsTheRowsOfAStoredOne()
    {
        var (source, footer) = Numbers();
        FileColumn[] columns = [FileColumn.Of(Scalar.String("north")), footer.Columns[0]];
        var schema = new Schema([new("k", DataType.String), new("i", DataType.Int64)]);
        var reducer = new GroupReducer(schema, (schema[0], Scalar.String("north")), [], [new Aggregate("sum", AggregateFunction.Sum, 1)], []);
        // A footer that promises more rows than the pages have.
        var lying = footer.RowGroups.Select(group => group with { Rows = group.Rows + 1, Chunks = [group.Chunks[0] with { Values = group.Rows + 1 }] });

        Assert.Throws<ParquetDataException>(() => Scan(source, footer, columns, Predicate.Equal(schema, 0, Scalar.String("north")), reducer, lying));
        Assert.NotEqual(0, source.BytesRead);
    }

    [Fact]
    public void Scan_ConstantOfAnotherPartition_PrunesAllRows()
    {
        var (source, footer) = Numbers();
        var schema = new Schema([new("k", DataType.String), new("i", DataType.Int64)]);
        foreach (var constant in (Scalar[])[Scalar.String("south"), Scalar.Null(DataType.String)])
        {
            var counts = Scan(source, footer, [FileColumn.Of(constant), footer.Columns[0]], Predicate.Equal(schema, 0, Scalar.String("north")), new RowCollector(schema), footer.RowGroups);
            Assert.Equal(new ScanCounts(0, 1000, 0, 0), counts);
        }
        Assert.Equal(0, source.BytesRead);
    }

    [Fact]
    public void Scan_TimestampBeyondTheFinerUnit_IsRefusedByFileAndColumn()
    {
        var millis = DataType.Timestamp(TimeUnit.Millis);
        var nanos = DataType.Timestamp(TimeUnit.Nanos);
        var file = ParquetFiles.Write(new Table(new Schema([new("at", millis)]), [Tables.Of(millis, [Scalar.Integer(millis, long.MaxValue / 1000)])]));
        var footer = ParquetFiles.Footer(file);
        var schema = new Schema([new("at", nanos)]);

        var refused = Assert.Throws<ParquetDataException>(() =>
            Scan(new MemorySource(file, "lake/old.parquet"), footer, [FileColumn.Of(footer.Columns[0], nanos)], null, new RowCollector(schema), footer.RowGroups));

        Assert.Equal((ParquetDefect.Unsupported, "lake/old.parquet", "at", 0), (refused.Defect, refused.File, refused.Column, refused.RowGroup));
        Assert.Contains("timestamp(ns)", refused.Message, StringComparison.Ordinal);
    }

    static (MemorySource Source, FileMetadata Footer) Numbers()
    {
        var file = ParquetFiles.Write(new Table(new Schema([new("i", DataType.Int64)]), [Tables.Of(DataType.Int64, Enumerable.Range(0, 1000).Select(i => Scalar.Int64(i)))]), 300);
        return (new MemorySource(file), ParquetFiles.Footer(file));
    }

    static Case Make(Dice dice)
    {
        var stored = EveryPrunerTests.Make(dice);
        var constants = new[] { dice.Chance(30) ? Scalar.Null(DataType.String) : Scalar.String(dice.Pick("a", "text 0003", "")), Scalar.Null(DataType.Int32) };
        var rows = stored.Table.Rows.Select(row => row.Select((value, i) => Widened(value, Schema[i].Type)).Concat(constants).ToArray()).ToArray();
        var table = new RandomTable(Schema, rows, stored.Table.Batch);
        var column = dice.Pick(0, 0, 1, 4);
        var partition = dice.Chance(90) ? dice.Pick(rows)[column] : column == 4 ? Scalar.String("b") : Scalar.Integer(Schema[column].Type, 7);
        Scalar? end = dice.Chance(70) || partition.IsNull ? null : column == 4 ? Scalar.String(partition + "\0") : Scalar.Integer(Schema[column].Type, partition.IntegerValue + 1 + dice.Below(500));
        return new Case(stored, table, dice.Chance(80) ? new RandomCondition(dice, table).Make(2) : null, column, partition, end);
    }

    /// <summary>The reference: exact arithmetic, one value at a time.</summary>
    static Scalar Widened(Scalar value, DataType type) =>
        value.IsNull ? Scalar.Null(type)
        : type.Kind == TypeKind.Decimal ? Scalar.Integer(type, (Int128)((BigInteger)value.IntegerValue * 100))
        : type.Kind == TypeKind.Int64 ? Scalar.Integer(type, value.IntegerValue)
        : value;

    static void Check(Case made, byte[] file, PruningCounts counts)
    {
        var footer = ParquetFiles.Footer(file);
        FileColumn[] columns =
        [
            .. footer.Columns.Select((column, i) => FileColumn.Of(column, Schema[i].Type)),
            FileColumn.Of(made.Table.Rows[0][4]), FileColumn.Of(made.Table.Rows[0][5]),
        ];
        var where = made.Condition is { } condition ? Expression.Parse(condition.Text).BindPredicate(Schema).Value! : null;
        var inPartition = made.Table.Rows.Where(made.IsIn).ToList();
        var expected = inPartition.Where(row => made.Condition is null || made.Condition.Holds(row) == true).Select(TableFile.Text).ToList();
        foreach (var pruners in EveryPrunerTests.Sets)
        {
            var groups = !pruners.Contains(Pruner.Statistics) ? footer.RowGroups : footer.RowGroups.Where(group => CanMatch(made.Predicate, columns, group)).ToList();
            var collector = new RowCollector(Schema);
            var sum = Scan(new MemorySource(file), footer, columns, made.Predicate, collector, groups, where, pruners, counts);
            Assert.Equal(expected, collector.Rows);
            Assert.Equal(inPartition.Count, sum.RowsInPartition);
            Assert.Equal(expected.Count, sum.RowsSelected);
            Assert.Equal(groups.Sum(group => group.Rows), sum.RowsDecoded + sum.RowsPruned);
            if (where is null || !pruners.Contains(Pruner.Statistics)) continue;
            collector.Rows.Clear();
            Scan(new MemorySource(file), footer, columns, made.Predicate, collector, groups.Where(group => CanMatch(where, columns, group)), where, pruners, counts);
            Assert.Equal(expected, collector.Rows);
        }
    }

    static bool CanMatch(Predicate predicate, FileColumn[] columns, RowGroup group) =>
        predicate.CanMatch([.. columns.Select(column => column.Bounds(column.Stored is { } stored ? group.Chunks[stored.Ordinal] : null))]) && FileColumn.CanMatch(predicate, columns);

    static ScanCounts Scan(
        MemorySource source, FileMetadata footer, FileColumn[] columns, Predicate? partition, Reducer reducer, IEnumerable<RowGroup> groups, Predicate? where = null, IReadOnlySet<Pruner>? pruners = null,
        PruningCounts? counts = null)
    {
        var buffers = ParquetFiles.Buffers();
        var scan = new RowGroupScan(source, columns, footer.DataEnd, partition, where, reducer, buffers, counts ?? new PruningCounts(), pruners);
        var sum = default(ScanCounts);
        try
        {
            foreach (var scanned in scan.ScanAsync([.. groups]).ToBlockingEnumerable()) sum += scanned;
        }
        finally
        {
            ParquetFiles.Wait(scan.DisposeAsync());
        }
        // What is in reserve gives way, what was not given back does not.
        buffers.Account.Charge(buffers.Account.Limit);
        return sum;
    }

    static string Print(Case made) =>
        $"{Schema[made.PartitionColumn].Name} {made.Partition} to {made.RangeEnd}, {made.Condition?.Text}, {made.Stored with { Table = null!, Condition = null! }}\n{string.Join("\n", made.Table.Rows.Take(50).Select(TableFile.Text))}";
}
