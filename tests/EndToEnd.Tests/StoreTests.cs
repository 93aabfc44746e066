using Fanfold.EndToEnd.Tests.Memory;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The same job over a directory and over Blob Storage.</summary>
public sealed class StoreTests : IDisposable
{
    const string Result = "results/out.parquet";
    const int Tiny = 1000;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    /// <summary>The rows of a result, wherever it is.</summary>
    async Task<List<string>> RowsAsync(StoreUnderTest store)
    {
        var local = Path.Combine(_fanfold.Folder, "result.parquet");
        await File.WriteAllBytesAsync(local, await store.ReadAsync(Result), Cancellation);
        return Duck.ReadResult(local);
    }

    [Fact]
    public async Task Run_SeedJob_GivesTheSameBytesOnBothStoresAtAnyParallelism()
    {
        var data = SeedData.WriteEven(_fanfold, "lake/trips");
        var spec = Fanfold.Spec("lake/trips", "ff", """
            { "groupBy": ["category", "zone"], "aggregates": { "n": "len()", "total": "sum(amount)", "average": "mean(amount)", "longest": "max(distance)" } }
            """, Result, """{ "where": "distance > 2.5" }""");
        var hashes = new HashSet<string>();
        foreach (var kind in Enum.GetValues<StoreKind>())
        {
            await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
            if (kind != StoreKind.Directory) await store.FillAsync(_fanfold.Store, "lake");
            foreach (var parallel in (string[])["1", "8"])
            {
                (await _fanfold.RunAsync(spec, store, "--parallel", parallel)).Exits(0);
                hashes.Add(await store.HashAsync(Result));
            }
            Assert.Equal(
                Duck.Rows($"select ff, category, zone, count(*), coalesce(sum(amount), 0), avg(amount), max(distance) from {data} where distance > 2.5 group by all order by ff nulls last, category, zone"),
                await RowsAsync(store));
        }
        Assert.Single(hashes);
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Run_ManyTinyPartitions_GivesEachItsRow(StoreKind kind)
    {
        await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        var made = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "made", "lake", "tiny")).FullName;
        Duck.Execute($"copy (select 'p' || (i // 7) as p, i from range({7 * Tiny}) t(i) order by p, i) to '{made}/a.parquet' (format parquet, row_group_size 2048)");
        await store.FillAsync(Path.Combine(_fanfold.Folder, "made"), "lake");
        var spec = Fanfold.Spec("lake/tiny", "p", """{ "aggregates": { "n": "len()", "total": "sum(i)" } }""", Result, """{ "limits": { "parallel": 4 } }""");

        var memory = new ResidentMemory();
        var run = (await _fanfold.RunAsync(spec, store, memory.WatchAsync)).Exits(0);

        Assert.Equal(Tiny, (int)run.Json["partitions"]!["succeeded"]!);
        Assert.Equal(Tiny, (int)run.Json["rowsOut"]!);
        Assert.Equal(Tiny + 2, _fanfold.Workers.Count);
        Assert.Equal(Duck.Rows($"select p, count(*), sum(i) from '{made}/a.parquet' group by p order by p"), await RowsAsync(store));
        memory.AssertBounded();
    }
}
