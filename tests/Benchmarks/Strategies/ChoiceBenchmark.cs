using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Benchmarks.SinglePass;

namespace Fanfold.Benchmarks.Strategies;

/// <summary>Whether <c>auto</c> takes the strategy that turns out cheaper, over layouts from even to clustered.</summary>
static class ChoiceBenchmark
{
    const int Mixtures = 12;

    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        var (single, shared, auto) = (SeedContender.Fanfold(command, "perPartition"), SeedContender.Fanfold(command, "sharedScan"), SeedContender.Fanfold(command, "auto"));
        await output.WriteLineAsync("\n## What auto takes, from even to clustered\n\n| sorted by ff, twelfths of a file | perPartition wall s | CPU s | sharedScan wall s | CPU s | auto takes | cheaper |\n|---|---|---|---|---|---|---|");
        var scratch = Directory.CreateTempSubdirectory("fanfold-bench-").FullName;
        try
        {
            for (var sorted = 0; sorted <= Mixtures; sorted++)
            {
                var data = await DataSet.WriteMixtureAsync(sorted, options.Small);
                var (one, all) = (await RunAsync(single), await RunAsync(shared));
                var chosen = await ChosenAsync(command, data);
                var cheaper = one.CpuSeconds < all.CpuSeconds ? "perPartition" : "sharedScan";
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {sorted} | {one.WallSeconds:0.00} | {one.CpuSeconds:0.00} | {all.WallSeconds:0.00} | {all.CpuSeconds:0.00} | {chosen} | {cheaper} |"));

                async Task<JobRun> RunAsync(SeedContender contender)
                {
                    var answer = Path.Combine(scratch, "answer.parquet");
                    File.Delete(answer);
                    return await contender.Run(data, answer);
                }
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    static async Task<string> ChosenAsync(Published command, DataSet data)
    {
        var folder = Directory.CreateTempSubdirectory("fanfold-choice-").FullName;
        try
        {
            var spec = Path.Combine(folder, "spec.json");
            await File.WriteAllTextAsync(spec, SeedJob.Spec(data).ToJsonString());
            var plan = await TreeRun.StartAsync(command.File, folder, "plan", spec, "--data", data.Root, "--store", folder, "--json");
            return (string)JsonNode.Parse(plan.Output)!["strategy"]!;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
