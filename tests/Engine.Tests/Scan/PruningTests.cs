using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Scan;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Scan;

/// <summary>Scanning what pruning leaves gives the rows that scanning everything gives, and those that the reference gives.</summary>
public class PruningTests
{
    sealed record Case(RandomTable Table, Condition Condition, int RowGroupRows, Scalar Partition);

    static readonly Gen<Case> Cases = new DiceGen<Case>(dice =>
    {
        var table = RandomTable.Make(dice);
        var partition = table.Rows.Length > 0 && dice.Chance(90) ? dice.Pick(table.Rows)[0] : Scalar.Null(table.Schema[0].Type);
        return new Case(table, new RandomCondition(dice, table).Make(), 1 + dice.Below(60), partition);
    }, made => made.Table.Rows.Length * made.Table.Schema.Count);

    [Fact]
    public void Scan_PrunedUnprunedAndReference_Agree()
    {
        var prunedGroups = 0;
        Cases.Sample(made =>
        {
            var file = TableFile.Write(made.Table, made.RowGroupRows);
            var expected = made.Table.Rows.Where(row => row[0] == made.Partition && made.Condition.Holds(row) == true).Select(TableFile.Text).ToList();
            var (pruned, skipped) = Scan(made, file, prune: true);
            var (unpruned, none) = Scan(made, file, prune: false);
            Assert.Equal(expected, unpruned);
            Assert.Equal(expected, pruned);
            Assert.Equal(0, none);
            Interlocked.Add(ref prunedGroups, skipped);
        }, iter: Soak.Cases(3_000), print: made => $"{made.Partition} and {made.Condition.Text}\n{string.Join(", ", made.Table.Schema.Fields)}\n{string.Join("\n", made.Table.Rows.Select(TableFile.Text))}");
        Assert.True(prunedGroups > 1_000, $"only {prunedGroups} row groups were pruned");
    }

    static (List<string> Rows, int Skipped) Scan(Case made, byte[] file, bool prune)
    {
        var schema = made.Table.Schema;
        var footer = TableFile.Footer(file);
        var partition = Predicate.Equal(schema, 0, made.Partition);
        var where = Expression.Parse(made.Condition.Text).BindPredicate(schema).Value!;
        var collector = new RowCollector(schema);
        var (skipped, counts, decoded) = (0, default(ScanCounts), 0L);
        var groups = new List<RowGroup>();
        foreach (var group in footer.RowGroups)
        {
            ColumnBounds[] bounds = [.. footer.Columns.Select(column => ColumnStatistics.Bounds(column, group.Chunks[column.Ordinal]))];
            if (prune && !(partition.CanMatch(bounds) && where.CanMatch(bounds)))
            {
                skipped++;
                continue;
            }
            groups.Add(group);
            decoded += group.Rows;
        }
        var scan = new RowGroupScan(new MemorySource(file), [.. footer.Columns], footer.DataEnd, partition, where, collector, ParquetFiles.Buffers(), new PruningCounts(), prune ? null : new HashSet<Pruner>());
        foreach (var scanned in scan.ScanAsync(groups).ToBlockingEnumerable()) counts += scanned;
        ParquetFiles.Wait(scan.DisposeAsync());
        Assert.Equal(decoded, counts.RowsDecoded + counts.RowsPruned);
        if (!prune) Assert.Equal(0, counts.RowsPruned);
        Assert.Equal(collector.Rows.Count, counts.RowsSelected);
        if (!prune) Assert.Equal(made.Table.Rows.Count(row => row[0] == made.Partition), counts.RowsInPartition);
        return (collector.Rows, skipped);
    }
}
