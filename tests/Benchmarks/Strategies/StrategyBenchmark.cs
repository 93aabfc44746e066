using System.Globalization;
using Fanfold.Benchmarks.SinglePass;

namespace Fanfold.Benchmarks.Strategies;

/// <summary>The seed's job as whole processes on all cores: Fanfold's strategies and the peers, in rounds in which each runs once.</summary>
static class StrategyBenchmark
{
    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        await Polars.InstallAsync();
        var (single, shared) = (SeedContender.Fanfold(command, "perPartition"), SeedContender.Fanfold(command, "sharedScan"));
        SeedContender[] contenders = [single, shared, SeedContender.Trick, SeedContender.PolarsLoop, SeedContender.PolarsGroupBy, SeedContender.DuckLoop, SeedContender.DuckGroupBy];
        foreach (var layout in (Layout[])[Layout.Even, Layout.Clustered])
        {
            var data = await DataSet.WriteAsync(layout, "snappy", options.Small);
            var versions = await Versions.DescribeAsync(command);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"""

                ## The seed's job, layout {(layout == Layout.Even ? "B: every row group holds every value" : "A: each file sorted by the value")}

                {versions}
                {data.Rows:N0} rows in 8 files. Whole processes on all cores, medians of {options.Rounds} rounds; ratios are taken round by round: Fanfold's figure / the peer's.

                | way | wall s | CPU s | largest process MiB | all processes MiB |
                |---|---|---|---|---|
                """));
            var runs = await RoundsAsync(contenders, data, options.Rounds);
            foreach (var contender in contenders)
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {contender.Name} | {Median(contender, run => run.WallSeconds):0.00} | {Median(contender, run => run.CpuSeconds):0.00} | {Median(contender, run => run.LargestMiB):0} | {Median(contender, run => run.AllMiB):0} |"));
            await output.WriteLineAsync("\n| figure | ratio |\n|---|---|");
            foreach (var ours in (SeedContender[])[single, shared])
            {
                await RatioAsync("wall", ours, SeedContender.Trick, run => run.WallSeconds);
                await RatioAsync("wall", ours, SeedContender.DuckGroupBy, run => run.WallSeconds);
                await RatioAsync("CPU", ours, SeedContender.DuckGroupBy, run => run.CpuSeconds);
                await RatioAsync("largest process", ours, SeedContender.PolarsLoop, run => run.LargestMiB);
                await RatioAsync("all processes", ours, SeedContender.PolarsLoop, run => run.AllMiB);
            }

            double Median(SeedContender contender, Func<JobRun, double> figure) => Report.Median(runs[contender].Select(figure));

            Task RatioAsync(string what, SeedContender ours, SeedContender theirs, Func<JobRun, double> figure) => output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"| {what}: {ours.Name} / {theirs.Name} | {Report.Median(runs[ours].Zip(runs[theirs], (left, right) => figure(left) / figure(right))):0.000} |"));
        }
    }

    /// <summary>The runs of each after one that does not count, which brings the files into the page cache. All answers are compared.</summary>
    static async Task<Dictionary<SeedContender, List<JobRun>>> RoundsAsync(SeedContender[] contenders, DataSet data, int rounds)
    {
        var runs = contenders.ToDictionary(contender => contender, _ => new List<JobRun>());
        var scratch = Directory.CreateTempSubdirectory("fanfold-bench-").FullName;
        try
        {
            var first = Path.Combine(scratch, "first.parquet");
            await SeedContender.DuckGroupBy.Run(data, first);
            for (var round = 0; round < rounds; round++)
            {
                foreach (var contender in contenders)
                {
                    var answer = Path.Combine(scratch, "answer.parquet");
                    runs[contender].Add(await contender.Run(data, answer));
                    SeedJob.Check(first, answer);
                    File.Delete(answer);
                }
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
        return runs;
    }
}
