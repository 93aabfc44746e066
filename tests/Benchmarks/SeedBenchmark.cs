using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Benchmarks.SinglePass;

namespace Fanfold.Benchmarks;

/// <summary>
/// The job of docs/seed.md, whole: the loop in one Polars process against <c>fanfold run</c> with a process per partition, over one set of files.
/// Values of ff are spread evenly, sorted, with half of all rows in one of them, or null in a tenth of the rows.
/// </summary>
static class SeedBenchmark
{
    const int Partitions = 64;
    const int Files = 8;

    static readonly (string Name, string Value, string Order)[] Layouts =
    [
        ("even", $"(i * 7919 % {Partitions})::int", "i"),
        ("clustered", $"(i * 7919 % {Partitions})::int", "ff, i"),
        ("skewed", $"(case when i % 2 = 0 then 0 else i * 7919 % {Partitions} end)::int", "i"),
        ("null-bearing", $"(case when i % 10 = 0 then null else i * 7919 % {Partitions} end)::int", "i"),
    ];

    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        await Polars.InstallAsync();
        var folder = Directory.CreateTempSubdirectory("fanfold-seed-").FullName;
        try
        {
            await output.WriteLineAsync($"\n## The seed's job, {Partitions} partitions\n\n| ff | Fanfold s | Polars' loop s | largest worker MiB | the loop's peak MiB |\n|---|---|---|---|---|");
            foreach (var layout in Layouts) await MeasureAsync(command, options, output, folder, layout);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task MeasureAsync(Published command, BenchmarkOptions options, TextWriter output, string folder, (string Name, string Value, string Order) layout)
    {
        var source = Directory.CreateDirectory(Path.Combine(folder, layout.Name, "lake", "trips")).FullName;
        var rows = options.Small ? 160_000 : 20_000_000;
        for (var file = 0; file < Files; file++)
        {
            Duck.Execute($"""
                copy (select * from (select {layout.Value} as ff, 'c' || (i % 5) as category, (i // 3 % 4)::int as zone, case when i % 11 = 0 then null else (i % 9973) / 4.0 end::double as amount,
                    (i * 31 % 1000 / 10.0)::double as distance, i from range({rows}) t(i)) order by {layout.Order} limit {rows / Files} offset {file * (rows / Files)})
                to '{source}/trips-{file}.parquet' (format parquet, row_group_size {(options.Small ? 4096 : 262_144)})
                """);
        }
        var spec = Path.Combine(folder, "spec.json");
        await File.WriteAllTextAsync(spec, Spec().ToJsonString());
        var ours = await MeasuredRun.StartAsync(command, folder, "run", spec, "--store", Path.Combine(folder, layout.Name), "--json");
        var concat = Path.Combine(folder, layout.Name, "polars.parquet");
        var theirs = await Polars.LoopAsync($"{source}/*.parquet", [.. Enumerable.Range(0, Partitions).Select(value => (int?)value), null], concat);
        if (options.Check) Check(Path.Combine(folder, layout.Name, "results", "trips.parquet"), concat);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"| {layout.Name} | {ours.ElapsedMs / 1000:0.00} | {theirs.WallSeconds:0.00} | {(double)ours.Summary["peakWorkerMemory"]! / (1 << 20):0} | {(double)JsonNode.Parse(theirs.Output)!["peak"]! / (1 << 20):0} |"));
    }

    static JsonObject Spec() => new()
    {
        ["version"] = 1,
        ["source"] = new JsonObject { ["path"] = "lake/trips" },
        ["partitionBy"] = new JsonObject { ["column"] = "ff" },
        ["where"] = "distance > 2.5",
        ["reduce"] = new JsonObject { ["groupBy"] = new JsonArray("category", "zone"), ["aggregates"] = new JsonObject { ["n"] = "len()", ["total"] = "sum(amount)" } },
        ["output"] = new JsonObject { ["path"] = "results/trips.parquet" },
        ["strategy"] = "perPartition",
    };

    // All amounts are quarters, so every order of a sum gives the same.
    static void Check(string ours, string theirs)
    {
        static string Rows(string file) => $"(select ff, category, zone, n::bigint as n, total::double as total from '{file}')";
        var differing = Duck.Rows($"select count(*) from (({Rows(ours)} except all {Rows(theirs)}) union all ({Rows(theirs)} except all {Rows(ours)}))")[0][0]!.GetValue<double>();
        var rows = Duck.Rows($"select count(*) from '{ours}'")[0][0]!.GetValue<double>();
        if (differing > 0 || rows < Partitions) throw new InvalidOperationException($"{differing} of {rows} rows of '{ours}' are not those of '{theirs}'");
    }
}
