using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Benchmarks.SinglePass;

namespace Fanfold.Benchmarks.Strategies;

/// <summary>The shape of the trillion-row challenge: a station of 412 and a measure of one decimal, files of ten million rows; by station the least, the mean and the greatest.</summary>
static class StationsBenchmark
{
    const int Stations = 412;

    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        var files = options.Small ? 2 : 10;
        var rows = options.Small ? 200_000 : 10_000_000;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"\n## Least, mean and greatest by station, {(long)files * rows:N0} rows in {files} files\n\n| measure | wall s | CPU s | rows / s / core |\n|---|---|---|---|"));
        foreach (var isCoded in (bool[])[true, false])
        {
            var root = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"fanfold-bench-stations-{(long)files * rows}-{(isCoded ? "dictionary" : "plain")}"));
            await EnsureAsync(root, files, rows, isCoded);
            var state = Directory.CreateTempSubdirectory("fanfold-stations-").FullName;
            try
            {
                var spec = Path.Combine(state, "spec.json");
                await File.WriteAllTextAsync(spec, Spec().ToJsonString());
                var runs = new List<TreeRun>();
                for (var round = 0; round < options.Rounds; round++)
                {
                    runs.Add(await TreeRun.StartAsync(command.File, state, "run", spec, "--data", root, "--store", state, "--strategy", "sharedScan", "--fresh", "--json"));
                    Check(Path.Combine(state, "results", "out.parquet"), (long)files * rows);
                }
                var (wall, cpu) = (Report.Median(runs.Select(run => run.WallSeconds)), Report.Median(runs.Select(run => run.CpuSeconds)));
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {(isCoded ? "dictionary-coded" : "PLAIN")} | {wall:0.00} | {cpu:0.00} | {files * (double)rows / cpu / 1e6:0.0} M of CPU, {files * (double)rows / wall / Environment.ProcessorCount / 1e6:0.0} M of wall |"));
            }
            finally
            {
                Directory.Delete(state, recursive: true);
            }
        }
    }

    static JsonObject Spec() => new()
    {
        ["version"] = 1,
        ["source"] = new JsonObject { ["path"] = "lake" },
        ["partitionBy"] = new JsonObject { ["column"] = "station" },
        ["reduce"] = new JsonObject { ["aggregates"] = new JsonObject { ["least"] = "min(measure)", ["average"] = "mean(measure)", ["greatest"] = "max(measure)", ["n"] = "count(measure)" } },
        ["output"] = new JsonObject { ["path"] = "results/out.parquet" },
    };

    static async Task EnsureAsync(string root, int files, int rows, bool isCoded)
    {
        if (Directory.Exists(root)) return;
        var unfinished = Directory.CreateDirectory($"{root}-{Environment.ProcessId}").FullName;
        var lake = Directory.CreateDirectory(Path.Combine(unfinished, "lake")).FullName;
        for (var file = 0; file < files; file++)
        {
            // One decimal between −99.9 and 99.9: some two thousand values, which a dictionary holds; or more than one does.
            var measure = isCoded ? "(hash(i * 8 + 2) % 1999)::int / 10.0 - 99.9" : "(hash(i * 8 + 2) % 1999)::int / 10.0 - 99.9 + (hash(i * 8 + 3) >> 11) / 9007199254740992e6";
            await Task.Run(() => Duck.Execute(string.Create(CultureInfo.InvariantCulture, $"""
                copy (select 'Station_' || lpad((hash(i * 8 + 1) % {Stations})::varchar, 4, '0') as station, ({measure})::double as measure from range({(long)file * rows}, {(long)(file + 1) * rows}) t(i))
                to '{lake}/{file:00}.parquet' (format parquet, compression snappy, row_group_size 262144)
                """)));
        }
        Directory.Move(unfinished, root);
    }

    static void Check(string result, long rows)
    {
        var row = Duck.Rows($"select count(*), sum(n) from '{result}'")[0];
        if (row[0]!.GetValue<double>() != Stations || row[1]!.GetValue<double>() != rows) throw new InvalidOperationException($"{row[0]} stations and {row[1]} rows");
    }
}
