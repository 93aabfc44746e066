using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Benchmarks.SinglePass;

namespace Fanfold.Benchmarks;

/// <summary>What a cap costs in time: jobs whose states need far more than the smallest caps, as whole runs of the command, against the same with room for everything.</summary>
static class MemoryBenchmark
{
    const string Ample = "8GiB";

    static readonly string[] Caps = ["512MiB", "128MiB", "64MiB"];

    static readonly (string Name, string Reduce)[] Jobs =
    [
        ("group-by, a number", """{ "groupBy": ["number"], "aggregates": { "n": "len()", "total": "sum(x)" } }"""),
        ("group-by, a string", """{ "groupBy": ["text"], "aggregates": { "n": "len()", "total": "sum(x)" } }"""),
        ("sort", """{ "select": ["number", "x"], "sort": ["number"] }"""),
    ];

    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("fanfold-memory-").FullName;
        try
        {
            var groups = options.Small ? 500_000 : 10_000_000;
            var source = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "lake", "many")).FullName, "a.parquet");
            Duck.Execute($"""
                copy (select 0 as p, (i * 7919 % {groups}) * 1000003 as number, 'key ' || (i * 7919 % {groups}) as text, i % 1000 as x from range({2 * groups}) t(i))
                to '{source}' (format parquet, row_group_size 1000000)
                """);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"\n## The price of a cap, {2 * groups:N0} rows, {groups:N0} groups\n\n| job | cap | wall s | CPU s | wall, × ample | CPU, × ample | largest worker MiB | scratch MiB |\n|---|---|---|---|---|---|---|---|"));
            foreach (var job in Jobs) await MeasureAsync(command, options, output, folder, job);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task MeasureAsync(Published command, BenchmarkOptions options, TextWriter output, string folder, (string Name, string Reduce) job)
    {
        MeasuredRun? ample = null;
        // The first run does not count: the file comes into the page cache.
        foreach (var cap in (string[])[Ample, Ample, .. Caps])
        {
            var spec = Path.Combine(folder, "spec.json");
            await File.WriteAllTextAsync(spec, Spec(job.Reduce, cap).ToJsonString());
            var run = await MeasuredRun.StartAsync(command, folder, "run", spec, "--store", folder, "--fresh", "--json");
            if (cap == Ample && ample is null)
            {
                ample = run;
                File.Move(Path.Combine(folder, "results", "out.parquet"), Path.Combine(folder, "ample.parquet"), overwrite: true);
                continue;
            }
            if (cap == Ample) ample = run;
            if (options.Check) Check(folder);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"| {job.Name} | {cap} | {run.ElapsedMs / 1000:0.00} | {run.CpuSeconds:0.00} | {run.ElapsedMs / ample!.ElapsedMs:0.00} | {run.CpuSeconds / ample.CpuSeconds:0.00} | {(double)run.Summary["peakWorkerMemory"]! / (1 << 20):0.0} | {Scratch(folder) / (1 << 20):0} |"));
        }
    }

    static double Scratch(string folder) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "results", "out.parquet.manifest.json")))!["partitions"]!.AsArray().Sum(partition => (double?)partition!["scratchBytes"] ?? 0);

    static JsonObject Spec(string reduce, string cap) => new()
    {
        ["version"] = 1,
        ["source"] = new JsonObject { ["path"] = "lake/many" },
        ["partitionBy"] = new JsonObject { ["column"] = "p" },
        ["reduce"] = JsonNode.Parse(reduce),
        ["output"] = new JsonObject { ["path"] = "results/out.parquet" },
        ["limits"] = new JsonObject { ["memory"] = cap, ["timeout"] = "01:00:00" },
        ["strategy"] = "perPartition",
    };

    static void Check(string folder)
    {
        var (ours, ample) = ($"(from '{folder}/results/out.parquet')", $"(from '{folder}/ample.parquet')");
        var differing = Duck.Rows($"select count(*) from (({ours} except all {ample}) union all ({ample} except all {ours}))")[0][0]!.GetValue<double>();
        if (differing > 0) throw new InvalidOperationException($"{differing} rows differ from those of the run with ample memory");
    }
}
