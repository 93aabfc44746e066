using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The memory that a plan expects of a task against what its worker came to.</summary>
public sealed class MemoryForecastTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    [Theory]
    [InlineData("""{ "groupBy": ["few"], "aggregates": { "n": "len()", "total": "sum(amount)", "average": "mean(distance)" } }""")]
    [InlineData("""{ "groupBy": ["few", "many"], "aggregates": { "n": "len()", "most": "max(amount)", "spread": "std(amount)" } }""")]
    [InlineData("""{ "groupBy": ["text"], "aggregates": { "n": "len()", "total": "sum(amount)" } }""")]
    [InlineData("""{ "aggregates": { "total": "sum(amount)", "other": "sum(distance)" } }""")]
    [InlineData("""{ "aggregates": { "texts": "n_unique(text)", "middle": "median(amount)" } }""")]
    [InlineData("""{ "select": ["id", "text", "amount"] }""")]
    [InlineData("""{ "select": ["id", "text", "amount"], "sort": ["-amount"] }""")]
    public async Task Run_OfAMillionRows_NeedsNotMuchMoreThanThePlanExpects(string reduce)
    {
        const string result = "results/out.parquet";
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake/trips")).FullName;
        Duck.Execute($"""
            copy (select (hash(i) % 2)::int as ff, i as id, (hash(i + 1) % 200)::int as few, (hash(i + 2) % 50000)::int as many, 'text ' || to_hex(hash(i + 3)) as text,
                  (hash(i + 4) >> 11) / 9007199254740992.0::double as amount, (hash(i + 5) % 1000) / 10.0::double as distance from range(1000000) t(i))
            to '{folder}/a.parquet' (format parquet, row_group_size 122880)
            """);

        var run = (await _fanfold.RunAsync(Fanfold.Spec("lake/trips", "ff", reduce, result))).Exits(0);

        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(result + ".manifest.json"), TestContext.Current.CancellationToken))!;
        foreach (var partition in manifest["partitions"]!.AsArray())
        {
            var (forecast, peak) = ((double)partition!["forecastMemory"]!, (double)partition["peakMemory"]!);
            Assert.True(forecast >= 0.7 * peak, $"{forecast:N0} bytes were expected, and {peak:N0} needed");
            // A forecast that is always the cap would be of no use.
            Assert.True(forecast <= 2.5 * peak, $"{forecast:N0} bytes were expected, and only {peak:N0} needed");
        }
        Assert.Equal(manifest["partitions"]!.AsArray().Max(partition => (long)partition!["forecastMemory"]!), (long)run.Json["forecastWorkerMemory"]!);
    }
}
