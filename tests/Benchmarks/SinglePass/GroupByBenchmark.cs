namespace Fanfold.Benchmarks.SinglePass;

/// <summary>Group-bys over all rows, as whole processes: the published worker against DuckDB, each on one thread and writing its groups into a Parquet file, in pairs that take turns.</summary>
static class GroupByBenchmark
{
    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        var scratch = Directory.CreateTempSubdirectory("fanfold-bench-").FullName;
        try
        {
            var (ours, duck) = (new FanfoldWorker(command.Worker), new Duck());
            var data = await DataSet.WriteGroupsAsync(options.Small);
            (string Title, Question Question)[] jobs =
            [
                ("one key, 200 groups", Question.GroupFew),
                ("two keys, 100,000 groups", Question.GroupPairs),
                ("a string key, 1,000,000 groups", Question.GroupMany),
            ];
            await output.WriteLineAsync(Report.Header("Group-by", await Versions.WithoutPolarsAsync(command), data.Rows, Pairs(options)));
            foreach (var (title, question) in jobs)
            {
                var series = new Series(new Pass(question, data, scratch), options.Check);
                // A run of each that does not count: files come into the page cache.
                await series.RunAsync(ours);
                await series.RunAsync(duck);
                var pairs = new List<(PassRun, PassRun)>();
                for (var pair = 0; pair < Pairs(options); pair++) pairs.Add((await series.RunAsync(ours), await series.RunAsync(duck)));
                await output.WriteLineAsync(Report.Rows(title, [(duck.Name, pairs)]));
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    static int Pairs(BenchmarkOptions options) => options.Small ? 1 : 9;
}
