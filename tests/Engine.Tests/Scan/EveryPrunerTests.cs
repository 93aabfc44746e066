using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Scan;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Scan;

/// <summary>Files with page indexes, bloom filters and dictionaries, by writers that make them: every set of pruners gives the rows that the reference gives.</summary>
public class EveryPrunerTests
{
    internal static readonly Schema Schema = new([new("c0", DataType.Int32), new("c1", DataType.Int64), new("c2", DataType.String), new("c3", DataType.Double)]);

    internal static readonly IReadOnlyList<IReadOnlySet<Pruner>> Sets =
    [
        Enum.GetValues<Pruner>().ToHashSet(), new HashSet<Pruner>(), .. Enum.GetValues<Pruner>().Select(off => Enum.GetValues<Pruner>().Where(pruner => pruner != off).ToHashSet()),
    ];

    internal sealed record Case(RandomTable Table, Condition Condition, Scalar Partition, int PageBytes, int RowGroupRows, bool Dictionary, bool V2);

    static readonly Gen<Case> Cases = new DiceGen<Case>(Make, made => made.Table.Rows.Length);

    [Fact]
    public void Scan_PagesOfParquetSharp_AnyPruners_AgreesWithTheReference()
    {
        var counts = new PruningCounts();
        Cases.Sample(made => Check(made, Sharp(made), counts), iter: Soak.Cases(400), threads: 1, print: Print);
        Assert.True(counts.Rows(Pruner.PageIndex) > 10_000, $"only {counts.Rows(Pruner.PageIndex)} rows were pruned by page indexes");
        Assert.True(counts.RowGroups(Pruner.Dictionary) > 20, $"only {counts.RowGroups(Pruner.Dictionary)} row groups were pruned by dictionaries");
    }

    [Fact]
    public void Scan_FiltersOfDuckDb_AnyPruners_AgreesWithTheReference()
    {
        using var duckDb = new DuckDb();
        Cases.Sample(made => Check(made, Duck(made, duckDb), new PruningCounts()), iter: Soak.Cases(60), threads: 1, print: Print);
    }

    [Fact]
    public void Scan_ValueThatNoFilterOfDuckDbHas_ReadsNothing()
    {
        using var duckDb = new DuckDb();
        var path = duckDb.File("even.parquet");
        duckDb.Execute($"COPY (SELECT (i % 50 * 2)::int AS c0, i::bigint AS c1, 'text' AS c2, i / 2.0 AS c3 FROM range(20000) t(i)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 4096)");
        var footer = ParquetFiles.Footer(File.ReadAllBytes(path));
        var counts = new PruningCounts();
        var scan = new RowGroupScan(
            new MemorySource(File.ReadAllBytes(path)), [.. footer.Columns], footer.DataEnd, Predicate.Equal(Schema, 0, Scalar.Integer(DataType.Int32, 7)), null, new RowCollector(Schema), ParquetFiles.Buffers(), counts);
        Assert.All(scan.ScanAsync(footer.RowGroups, TestContext.Current.CancellationToken).ToBlockingEnumerable(TestContext.Current.CancellationToken), scanned => Assert.Equal(0, scanned.RowsDecoded));
        Assert.Equal(footer.RowGroups.Count, counts.RowGroups(Pruner.BloomFilter));
        ParquetFiles.Wait(scan.DisposeAsync());
    }

    [Fact]
    public void Scan_DictionaryThatTheFooterDoesNotName_IsFoundBeforeTheFirstPage()
    {
        var jumps = 0L;
        Cases.Sample(
            made =>
            {
                var counts = new PruningCounts();
                Check(made with { Dictionary = true }, Sharp(made with { Dictionary = true }), counts, Unnamed);
                jumps += counts.Rows(Pruner.PageIndex);
            },
            iter: Soak.Cases(40), threads: 1, print: Print);
        Assert.NotEqual(0, jumps);

        static RowGroup Unnamed(RowGroup group) => group with { Chunks = [.. group.Chunks.Select(chunk => chunk with { HasDictionary = false, IsDictionaryEncoded = false })] };
    }

    [Fact]
    public void Scan_MutatedFile_EndsWithAllMemoryGivenBack()
    {
        using var duckDb = new DuckDb();
        var gen = Gen.Select(Cases, Gen.Bool, Gen.Int[0, 4], Gen.Double[0, 1], Gen.Double[0, 1], Gen.Byte);
        var (read, refused) = (0, 0);
        DamageTests.Watched(say => gen.Sample(
            (made, sharp, kind, at, other, value) =>
            {
                var file = sharp ? Sharp(made) : Duck(made, duckDb);
                say($"{Print(made)}, {(sharp ? "ParquetSharp" : "DuckDB")}, mutation {kind} at {at}, {other}, {value}");
                for (var i = 0; i < 20; i++)
                {
                    var mutant = DamageTests.Mutate(file, kind, (at + i * 0.05) % 1, other, value);
                    var buffers = ParquetFiles.Buffers();
                    try
                    {
                        var footer = ParquetFiles.Footer(mutant);
                        if (footer.Columns.Count < Schema.Count || Enumerable.Range(0, Schema.Count).Any(ordinal => footer.Columns[ordinal].Type != Schema[ordinal].Type)) continue;
                        var scan = new RowGroupScan(new MemorySource(mutant), [.. footer.Columns], footer.DataEnd, Predicate.Equal(Schema, 0, made.Partition), null, new RowCollector(Schema), buffers, new PruningCounts());
                        try
                        {
                            foreach (var _ in scan.ScanAsync(footer.RowGroups).ToBlockingEnumerable()) read++;
                        }
                        finally
                        {
                            ParquetFiles.Wait(scan.DisposeAsync());
                        }
                    }
                    catch (ParquetDataException)
                    {
                        refused++;
                    }
                    // What is in reserve gives way, what was not given back does not.
                    buffers.Account.Charge(buffers.Account.Limit);
                }
            },
            iter: Soak.Cases(60), threads: 1));
        Assert.True(read > 100 && refused > 100, $"{read} row groups were read, {refused} files refused");
    }

    internal static Case Make(Dice dice)
    {
        // Values around a drifting centre: bounds of pages are narrow, and those of row groups are not.
        var spread = dice.Pick(1, 3, 50);
        var drift = dice.Pick(0, 1, 20);
        var at = 0;
        var table = RandomTable.Make(dice, Schema, dice.Pick(1, 100, 700, 3000), (inner, type) =>
        {
            if (type == Schema[0].Type) at++;
            var value = at * drift / 100 + inner.Below(spread);
            return type.Kind switch
            {
                TypeKind.String => Scalar.String($"text {value:d4}"),
                TypeKind.Double => Scalar.Floating(type, inner.Chance(2) ? double.NaN : value / 4.0),
                _ => Scalar.Integer(type, value),
            };
        });
        var partition = dice.Chance(90) ? dice.Pick(table.Rows)[0] : Scalar.Integer(Schema[0].Type, dice.Below(60));
        return new Case(table, new RandomCondition(dice, table).Make(2), partition, dice.Pick(60, 400, 5000), dice.Pick(97, 1009, 5000), dice.Chance(60), dice.Chance(50));
    }

    static void Check(Case made, byte[] file, PruningCounts counts, Func<RowGroup, RowGroup>? change = null)
    {
        var footer = ParquetFiles.Footer(file);
        var rowGroups = footer.RowGroups.Select(change ?? (group => group)).ToList();
        var where = Expression.Parse(made.Condition.Text).BindPredicate(Schema).Value!;
        foreach (var condition in (Predicate?[])[where, null])
        {
            var inPartition = made.Table.Rows.Where(row => row[0] == made.Partition).ToList();
            var expected = inPartition.Where(row => condition is null || made.Condition.Holds(row) == true).Select(TableFile.Text).ToList();
            foreach (var pruners in Sets)
            {
                var collector = new RowCollector(Schema);
                // Room for what one column holds while it is read, and for nothing that is idle.
                var buffers = ParquetFiles.Buffers(made.V2 ? 512 << 10 : 1 << 30);
                IByteSource source = made.V2 ? new PressingSource(file, buffers.Account) : new MemorySource(file);
                var scan = new RowGroupScan(source, [.. footer.Columns], footer.DataEnd, Predicate.Equal(Schema, 0, made.Partition), condition, collector, buffers, counts, pruners);
                var sum = default(ScanCounts);
                foreach (var scanned in scan.ScanAsync(rowGroups).ToBlockingEnumerable()) sum += scanned;
                ParquetFiles.Wait(scan.DisposeAsync());
                Assert.Equal(expected, collector.Rows);
                Assert.Equal(inPartition.Count, sum.RowsInPartition);
                Assert.Equal(expected.Count, sum.RowsSelected);
                Assert.Equal(made.Table.Rows.Length, sum.RowsDecoded + sum.RowsPruned);
            }
        }
    }

    internal static byte[] Sharp(Case made)
    {
        using var builder = new ParquetSharp.WriterPropertiesBuilder();
        builder.EnableWritePageIndex().DataPagesize(made.PageBytes).WriteBatchSize(16).Compression(ParquetSharp.Compression.Snappy)
            .DataPageVersion(made.V2 ? ParquetSharp.ParquetDataPageVersion.V2 : ParquetSharp.ParquetDataPageVersion.V1);
        if (!made.Dictionary) builder.DisableDictionary();
        using var stream = new MemoryStream();
        ParquetSharp.Column[] columns = [new ParquetSharp.Column<int?>("c0"), new ParquetSharp.Column<long?>("c1"), new ParquetSharp.Column<string>("c2"), new ParquetSharp.Column<double?>("c3")];
        using (var output = new ParquetSharp.IO.ManagedOutputStream(stream, leaveOpen: true))
        using (var properties = builder.Build())
        using (var writer = new ParquetSharp.ParquetFileWriter(output, columns, null, properties, null))
        {
            foreach (var rows in made.Table.Rows.Chunk(made.RowGroupRows))
            {
                using var group = writer.AppendRowGroup();
                Write(group, rows, row => row[0].IsNull ? null : (int?)(int)row[0].IntegerValue);
                Write(group, rows, row => row[1].IsNull ? null : (long?)(long)row[1].IntegerValue);
                Write(group, rows, row => row[2].IsNull ? null! : row[2].ToString());
                Write(group, rows, row => row[3].IsNull ? null : (double?)row[3].FloatingValue);
            }
            writer.Close();
        }
        return stream.ToArray();
    }

    internal static byte[] Duck(Case made, DuckDb duckDb)
    {
        // DuckDB remembers what it read under a name.
        var (from, to) = (duckDb.Save(TableFile.Write(made.Table, 5000), $"{Guid.NewGuid():n}.parquet"), duckDb.File($"{Guid.NewGuid():n}.parquet"));
        duckDb.Execute($"COPY (SELECT * FROM '{from}') TO '{to}' (FORMAT parquet, ROW_GROUP_SIZE 2048)");
        return File.ReadAllBytes(to);
    }

    static void Write<T>(ParquetSharp.RowGroupWriter group, Scalar[][] rows, Func<Scalar[], T> value)
    {
        using var writer = group.NextColumn().LogicalWriter<T>();
        writer.WriteBatch(rows.Select(value).ToArray());
    }

    static string Print(Case made) => $"{made.Partition} and {made.Condition.Text}, {made with { Table = null!, Condition = null! }}\n{string.Join("\n", made.Table.Rows.Take(50).Select(TableFile.Text))}";
}
