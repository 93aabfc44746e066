using System.Diagnostics;
using System.Reflection;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The benchmarks run and their answers are right. Their figures are for a quiet machine, not for a test.</summary>
public class BenchmarkTests
{
    [Theory]
    [InlineData("orchestration", "| Azurite |")]
    [InlineData("single-pass", "| scan, sum of 3 columns, B, written by Polars | Fanfold |")]
    [InlineData("group-by", "| a string key, 1,000,000 groups | Fanfold |")]
    [InlineData("memory", "| sort | 64MiB |")]
    [InlineData("seed", "| null-bearing |")]
    public async Task Benchmark_Small_GivesRightAnswers(string name, string lastRows)
    {
        Assert.SkipUnless(Executable.HasGcc || Environment.GetEnvironmentVariable("CI") == "true", "benchmarks measure the published command, and publishing needs gcc: apt-get install gcc zlib1g-dev");
        var program = typeof(BenchmarkTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "Benchmarks").Value!;
        var start = new ProcessStartInfo(Executable.DotNet, [program, name, "--small", "--check"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FANFOLD_COMMAND"] = (await Executable.GetAsync()).File;
        using var benchmark = Process.Start(start)!;
        var output = await Task.WhenAll(benchmark.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), benchmark.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await benchmark.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(benchmark.ExitCode == 0, string.Concat(output));
        Assert.Contains(lastRows, output[0], StringComparison.Ordinal);
    }
}
