using System.Globalization;
using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.Benchmarks;

/// <summary>
/// What a partition costs beside its own work, and how that grows with their number. The partitions hold no rows, so a task is a look-up in the
/// plan, a receipt and its part of the journal; once in the command's own process, once with a worker process each.
/// </summary>
static class OrchestrationBenchmark
{
    const string Header = "| store | tasks run | lanes | partitions | ms per partition | marginal ms | memory early → late, MiB |\n|---|---|---|---|---|---|---|";

    public static async Task RunAsync(Published command, BenchmarkOptions options, TextWriter output)
    {
        int[] counts = options.Small ? [10, 100] : [100, 1000, 10000];
        var folder = Directory.CreateTempSubdirectory("fanfold-bench-").FullName;
        try
        {
            await output.WriteLineAsync($"\n## Orchestration overhead\n\n{Header}");
            await MeasureAsync(command, options, output, folder, "directory", Path.Combine(folder, "store"), new DirectoryObjectStore(Path.Combine(folder, "store")), counts);
            await using var azurite = await AzuriteServer.StartAsync();
            await MeasureAsync(command, options, output, folder, "Azurite", azurite.Endpoint.AbsoluteUri, BlobObjectStore.InAzurite(azurite.Endpoint), counts);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task MeasureAsync(Published command, BenchmarkOptions options, TextWriter output, string folder, string store, string address, IObjectStore objects, int[] counts)
    {
        await objects.PutAsync("lake/one/a.parquet", await WriteDataAsync(folder), PutCondition.None);
        foreach (var isolation in (string[])["none", "process"])
        {
            foreach (var lanes in (int[])[2, 8])
            {
                (int Count, double Ms) before = default;
                // A process each is measured where it tells something new: at the middle size.
                foreach (var count in isolation == "none" ? counts : counts[..2])
                {
                    await File.WriteAllTextAsync(Path.Combine(folder, "spec.json"), Spec(count, lanes).ToJsonString());
                    var run = await MeasuredRun.StartAsync(command, folder, "run", "spec.json", "--store", address, "--isolation", isolation, "--json");
                    if (options.Check) Check(run.Summary, count);
                    var marginal = before.Count == 0 ? "" : ((run.ElapsedMs - before.Ms) / (count - before.Count)).ToString("0.00", CultureInfo.InvariantCulture);
                    await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"| {store} | {(isolation == "none" ? "in process" : "a process each")} | {lanes} | {count:N0} | {run.ElapsedMs / count:0.00} | {marginal} | {run.ResidentMiB(0.2, 0.4):0} → {run.ResidentMiB(0.9, 1):0} |"));
                    before = (count, run.ElapsedMs);
                }
            }
        }
    }

    static JsonObject Spec(int partitions, int lanes) => new()
    {
        ["version"] = 1,
        ["source"] = new JsonObject { ["path"] = "lake/one" },
        ["partitionBy"] = new JsonObject { ["column"] = "ff", ["values"] = new JsonArray([.. Enumerable.Range(0, partitions).Select(value => (JsonNode)value)]) },
        ["reduce"] = new JsonObject { ["aggregates"] = new JsonObject { ["n"] = "len()" } },
        ["output"] = new JsonObject { ["path"] = "results/out.parquet" },
        ["limits"] = new JsonObject { ["parallel"] = lanes },
        ["strategy"] = "perPartition",
    };

    static void Check(JsonNode summary, int partitions)
    {
        var counts = summary["partitions"]!;
        if ((int)counts["succeeded"]! != 1 || (int)counts["empty"]! != partitions - 1 || (int)summary["rowsOut"]! != 1)
            throw new InvalidOperationException($"expected one partition with rows of {partitions}, the run gave {counts.ToJsonString()}");
    }

    /// <summary>One row group, all of it of partition 0.</summary>
    static async Task<byte[]> WriteDataAsync(string folder)
    {
        var file = Path.Combine(folder, "a.parquet");
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"copy (select 0 as ff, i as x from range(100) t(i)) to '{file}' (format parquet)";
        command.ExecuteNonQuery();
        return await File.ReadAllBytesAsync(file);
    }
}
