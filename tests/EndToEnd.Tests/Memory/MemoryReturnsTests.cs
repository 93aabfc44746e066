using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests.Memory;

/// <summary>The seed's complaint: what one turn of the loop took, the next did not get back. <c>FANFOLD_SOAK=1</c> takes ten times the turns.</summary>
public sealed class MemoryReturnsTests : IDisposable
{
    const string Result = "results/out.parquet";

    static readonly int Tasks = Environment.GetEnvironmentVariable("FANFOLD_SOAK") == "1" ? 10_000 : 1_000;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    /// <summary>A task each, of numbers and of texts that no two tasks share.</summary>
    [Theory]
    [InlineData("none", 2000)]
    [InlineData("process", 200)]
    public async Task Run_AThousandTasks_EndsWithTheMemoryThatItHadEarly(string isolation, int rows)
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake/tasks")).FullName;
        Duck.Execute($"""
            copy (select (i // {rows})::int as p, i * 0.5 as x, i % 97 as key, 'a text of row ' || i as text from range({(long)Tasks * rows}) t(i))
            to '{folder}/a.parquet' (format parquet, row_group_size {Math.Max(2048, rows)})
            """);
        await using var store = await StoreUnderTest.CreateAsync(StoreKind.Directory, _fanfold);
        var spec = Fanfold.Spec("lake/tasks", "p", """{ "groupBy": ["key"], "aggregates": { "total": "sum(x)", "texts": "n_unique(text)", "last": "max(text)" } }""", Result, """{ "limits": { "parallel": 2 } }""");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString(), TestContext.Current.CancellationToken);
        var memory = new ResidentMemory();

        using var command = await _fanfold.StartAsync("run", "spec.json", "--store", store.Name, "--isolation", isolation, "--json");
        await memory.WatchAsync(command);
        var run = (await command.EndAsync()).Exits(0);

        Assert.Equal(Tasks, (int)run.Json["partitions"]!["succeeded"]!);
        Assert.Equal(Duck.Rows($"select sum(n), sum(total) from (select count(*) as n, sum(x) as total from '{folder}/a.parquet')"), Duck.Rows($"select sum(texts), sum(total) from '{_fanfold.PathOf(Result)}'"));
        memory.AssertFlat();
        if (isolation == "none") return;
        var peaks = Directory.GetFiles(_fanfold.PathOf($"fanfold/runs/{run.Json["runId"]}/receipts")).Order(StringComparer.Ordinal)
            .Select(file => (long)JsonNode.Parse(File.ReadAllText(file))!["peakMemory"]!).ToList();
        // Discovery has one, too.
        Assert.Equal(Tasks + 1, peaks.Count);
        ResidentMemory.AssertFlat("worker", peaks, (0, 0.2), (0.8, 1));
    }
}
