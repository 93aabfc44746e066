namespace Fanfold.Benchmarks.SinglePass;

/// <summary>
/// One pass over a data set, as a whole process: the published worker against DuckDB and Polars, each on one thread, in pairs that take turns.
/// The ratio is that of a pair's two runs, and the median over the pairs.
/// </summary>
static class SinglePassBenchmark
{
    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        var scratch = Directory.CreateTempSubdirectory("fanfold-bench-").FullName;
        try
        {
            var (ours, duck) = (new FanfoldWorker(command.Worker), new Duck());
            var polars = await Polars.InstallAsync();
            var clustered = await DataSet.WriteAsync(Layout.Clustered, "snappy", options.Small);
            var even = await DataSet.WriteAsync(Layout.Even, "snappy", options.Small);
            var evenZstd = await DataSet.WriteAsync(Layout.Even, "zstd", options.Small);
            var clusteredTwin = await DataSet.WriteTwinAsync(clustered, polars[0], options.Small);
            var evenTwin = await DataSet.WriteTwinAsync(even, polars[0], options.Small);

            (string Title, Question Question, DataSet Data)[] jobs =
            [
                ("start-up, no data", Question.Nothing, even),
                ("filter + group-by, B (even)", Question.FilterAndGroup, even),
                ("filter + group-by, A (clustered)", Question.FilterAndGroup, clustered),
                ("filter, project 2 string columns, B", Question.FilterAndProject, even),
                ("scan, sum of 3 columns, B", Question.Scan, even),
                ("filter + group-by, B, zstd", Question.FilterAndGroup, evenZstd),
                ("filter + group-by, B, written by Polars", Question.FilterAndGroup, evenTwin),
                ("filter + group-by, A, written by Polars", Question.FilterAndGroup, clusteredTwin),
                ("filter, project 2 string columns, B, written by Polars", Question.FilterAndProject, evenTwin),
                ("scan, sum of 3 columns, B, written by Polars", Question.Scan, evenTwin),
            ];
            await output.WriteLineAsync(Report.Header("Single pass", await Versions.DescribeAsync(command), even.Rows, Pairs(options)));
            foreach (var (title, question, data) in jobs)
            {
                var pass = new Pass(question, data, scratch);
                var series = new Series(pass, options.Check);
                // A run of each that does not count: files come into the page cache, and Polars' best mode is found.
                await series.RunAsync(ours);
                await series.RunAsync(duck);
                var best = await FindBestAsync(series, polars, options.Small ? 1 : 3);
                var (againstDuck, againstPolars) = (new List<(PassRun, PassRun)>(), new List<(PassRun, PassRun)>());
                for (var pair = 0; pair < Pairs(options); pair++)
                {
                    againstDuck.Add((await series.RunAsync(ours), await series.RunAsync(duck)));
                    againstPolars.Add((await series.RunAsync(ours), await series.RunAsync(best)));
                }
                await output.WriteLineAsync(Report.Rows(title, [(duck.Name, againstDuck), (best.Name, againstPolars)]));
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    static int Pairs(BenchmarkOptions options) => options.Small ? 1 : 9;

    static async Task<Contender> FindBestAsync(Series series, IReadOnlyList<Polars> modes, int runs)
    {
        var medians = new List<(Polars Mode, double CpuSeconds)>();
        foreach (var mode in modes)
        {
            var seconds = new List<double>();
            for (var run = 0; run < runs; run++) seconds.Add((await series.RunAsync(mode)).CpuSeconds);
            medians.Add((mode, Report.Median(seconds)));
        }
        return medians.MinBy(median => median.CpuSeconds).Mode;
    }
}
