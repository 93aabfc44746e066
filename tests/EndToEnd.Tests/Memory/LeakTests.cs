using System.Reflection;
using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests.Memory;

/// <summary>Plug-ins that take memory until there is none, whatever kind of memory it is.</summary>
public sealed class LeakTests : IDisposable
{
    const int Cap = 192;

    static readonly string Worker = typeof(LeakTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "PluginWorker").Value! + ".dll";

    readonly Fanfold _fanfold = new(Executable.FromSource);

    public void Dispose() => _fanfold.Dispose();

    [Theory]
    [InlineData("leaks-arrays")]
    [InlineData("leaks-objects")]
    [InlineData("leaks-natively")]
    public async Task Run_PluginThatLeaks_EndsAsMemoryBelowTheCap(string plugin)
    {
        SeedData.WriteEven(_fanfold, "lake/trips");
        var spec = Fanfold.Spec("lake/trips", "ff", $$"""{ "plugin": "{{plugin}}" }""", "results/out.parquet",
            $$"""{ "partitionBy": { "column": "ff", "values": [0, 1] }, "limits": { "memory": "{{Cap}}MiB", "retries": 0, "parallel": 1 } }""");

        var run = (await _fanfold.RunAsync(spec, "--worker", Worker, "--max-memory", $"{Cap}MiB")).Exits(1);

        Assert.All(run.Errors, error => Assert.Equal("memory", (string?)error["code"]));
        Assert.Equal("0", (string?)run.Errors[0]["partition"]);
        Assert.All(run.Errors, error => Assert.Contains("limits.memory", (string?)error["message"], StringComparison.Ordinal));
        var peak = (long)run.Json["peakWorkerMemory"]!;
        TestContext.Current.TestOutputHelper!.WriteLine($"peak {peak / 1048576.0:0.0} MiB; {run.Errors[0]["message"]}");
        // The last look at a worker that died may be 50 ms old.
        Assert.InRange(peak, 1, (long)Cap << 20);
    }
}
