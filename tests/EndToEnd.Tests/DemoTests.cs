namespace Fanfold.EndToEnd.Tests;

public sealed class DemoTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    [Fact]
    public async Task Demo_Twice_RunsAllPartitionsInProcesses_AndMakesTheDataOnce()
    {
        var first = await _fanfold.RunAsync("demo", "--json");
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(64, first.Json.GetProperty("partitions").GetProperty("succeeded").GetInt32());
        Assert.Equal(1_280_000, first.Json.GetProperty("rowsIn").GetInt64());
        Assert.Equal(512, first.Json.GetProperty("rowsOut").GetInt64());
        Assert.True(first.Json.GetProperty("peakWorkerMemory").GetInt64() > 0);
        var folder = Path.Combine(_fanfold.Folder, ".fanfold/demo");
        var written = Written(folder);
        Assert.Equal(8, written.Count);

        var second = await _fanfold.RunAsync("demo");
        Assert.Equal(0, second.ExitCode);
        Assert.Equal(written, Written(folder));
        Assert.Contains("the data set is there already", second.Errors, StringComparison.Ordinal);
        foreach (var shown in new[] { "airport", "64 succeeded", "matched", "pruned", "peak memory", "elapsed" }) Assert.Contains(shown, second.Output, StringComparison.Ordinal);
        Assert.Equal(
            Duck.Rows($"select ff, category, count(*), round(sum(amount), 4), min(distance), max(distance) from read_parquet('{folder}/lake/trips/*.parquet') where distance > 0.5 group by all order by all"),
            Duck.Rows($"select ff, category, trips, round(total, 4), shortest, longest from read_parquet('{folder}/results/trips-by-category.parquet')"));
    }

    static Dictionary<string, DateTime> Written(string folder) => Directory.GetFiles(Path.Combine(folder, "lake/trips"), "*.parquet").ToDictionary(file => file, File.GetLastWriteTimeUtc);
}
