using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

public sealed class PublishTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    [Fact]
    public async Task Publish_GivesAFolderThatRunsByItself()
    {
        Assert.SkipUnless(Executable.HasGcc || Environment.GetEnvironmentVariable("CI") == "true", "publishing needs gcc: apt-get install gcc zlib1g-dev");
        var folder = Path.GetDirectoryName((await Executable.GetAsync()).File)!;
        Assert.True(File.Exists(Path.Combine(folder, "Worker.native")), $"no native worker in '{folder}'; is gcc installed (apt-get install gcc zlib1g-dev)?");
        SeedData.WriteClustered(_fanfold, "lake/trips");

        var run = (await _fanfold.RunAsync(Fanfold.Spec("lake/trips", "ff", """{ "aggregates": { "n": "len()" } }""", "results/out.parquet"))).Exits(0);

        // The runtime of a managed worker alone needs more.
        Assert.InRange((long)run.Json["peakWorkerMemory"]!, 1, 40 << 20);
        Assert.Equal(1 + 9 + 1, _fanfold.Workers.Count);
    }

    [Fact]
    public async Task Kernels_OfTheNativeWorker_AreThoseOfTheProcessorAndRight()
    {
        Assert.SkipUnless(Executable.HasGcc || Environment.GetEnvironmentVariable("CI") == "true", "publishing needs gcc: apt-get install gcc zlib1g-dev");
        var worker = Path.Combine(Path.GetDirectoryName((await Executable.GetAsync()).File)!, "Worker.native");
        using var process = Process.Start(new ProcessStartInfo(worker, ["--kernels"]) { RedirectStandardOutput = true })!;
        var report = JsonNode.Parse(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken))!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, process.ExitCode);
        Assert.Empty(report["failed"]!.AsArray());
        // The worker is compiled for processors of the last ten years, and must use what they have.
        if (!Avx2.IsSupported) return;
        Assert.Equal("avx2", (string)report["bitUnpacking"]!);
        Assert.Equal(256, (int)report["comparisonBits"]!);
        Assert.Equal(256, (int)report["sumBits"]!);
    }
}
