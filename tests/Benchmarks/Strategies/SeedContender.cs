using System.Text.Json.Nodes;
using Fanfold.Benchmarks.SinglePass;
using Fanfold.Worker;

namespace Fanfold.Benchmarks.Strategies;

/// <summary>What a whole job cost.</summary>
/// <param name="LargestMiB">The peak resident memory of its largest process; of Fanfold of its largest worker.</param>
/// <param name="AllMiB">The same of all its processes at once.</param>
sealed record JobRun(double WallSeconds, double CpuSeconds, double LargestMiB, double AllMiB)
{
    public static JobRun Of(ProcessRun run)
    {
        var peak = PassRun.MiB((long)JsonNode.Parse(run.Output)!["peak"]!);
        return new JobRun(run.WallSeconds, run.CpuSeconds, peak, peak);
    }
}

/// <summary>A way to do the seed's job, on all cores.</summary>
/// <param name="Run">Does it, and leaves the result in the file.</param>
sealed record SeedContender(string Name, Func<DataSet, string, Task<JobRun>> Run)
{
    public static SeedContender PolarsLoop { get; } = new("Polars, loop in one process", async (data, output) =>
        JobRun.Of(await Polars.StartOnAllCoresAsync(new JsonObject { ["question"] = "SeedLoop", ["source"] = data.Glob, ["values"] = All(), ["output"] = output })));

    public static SeedContender Trick { get; } = new("Polars, a fresh process per value", async (data, output) =>
    {
        var (wall, cpu, peak) = (0.0, 0.0, 0.0);
        var files = Enumerable.Range(0, SeedJob.Values).Select(value => $"{output}.{value}").ToList();
        for (var value = 0; value < files.Count; value++)
            Add(await Polars.StartOnAllCoresAsync(new JsonObject { ["question"] = "SeedTurn", ["source"] = data.Glob, ["value"] = value, ["output"] = files[value] }));
        Add(await Polars.StartOnAllCoresAsync(new JsonObject { ["question"] = "SeedConcat", ["files"] = new JsonArray([.. files.Select(file => (JsonNode)file)]), ["output"] = output }));
        foreach (var file in files) File.Delete(file);
        return new JobRun(wall, cpu, peak, peak);

        void Add(ProcessRun run)
        {
            var one = JobRun.Of(run);
            (wall, cpu, peak) = (wall + one.WallSeconds, cpu + one.CpuSeconds, Math.Max(peak, one.LargestMiB));
        }
    });

    public static SeedContender PolarsGroupBy { get; } = new("Polars, one group-by", async (data, output) =>
        JobRun.Of(await Polars.StartOnAllCoresAsync(new JsonObject { ["question"] = "SeedGroup", ["source"] = data.Glob, ["output"] = output })));

    public static SeedContender DuckLoop { get; } = new("DuckDB, loop in one process", async (data, output) => JobRun.Of(await Duck.StartAsync(Environment.ProcessorCount, SeedJob.LoopSql(data, output))));

    public static SeedContender DuckGroupBy { get; } = new("DuckDB, one group-by", async (data, output) => JobRun.Of(await Duck.StartAsync(Environment.ProcessorCount, SeedJob.Sql(data, output))));

    /// <summary>The whole command, from its plan to its commit, with nothing to reuse.</summary>
    public static SeedContender Fanfold(Published command, string strategy) => new($"Fanfold, {strategy}", async (data, output) =>
    {
        var state = Directory.CreateTempSubdirectory("fanfold-strategies-").FullName;
        try
        {
            var spec = Path.Combine(state, "spec.json");
            await File.WriteAllTextAsync(spec, SeedJob.Spec(data).ToJsonString());
            var run = await TreeRun.StartAsync(command.File, state, "run", spec, "--data", data.Root, "--store", state, "--strategy", strategy, "--fresh", "--json");
            File.Copy(Path.Combine(state, "results", "out.parquet"), output);
            return new JobRun(run.WallSeconds, run.CpuSeconds, PassRun.MiB((long)JsonNode.Parse(run.Output)!["peakWorkerMemory"]!), PassRun.MiB(run.PeakBytes));
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    });

    static JsonArray All() => new([.. Enumerable.Range(0, SeedJob.Values).Select(value => (JsonNode)value)]);
}
