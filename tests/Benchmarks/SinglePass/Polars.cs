using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>Polars on one thread in a node process; npm installs it beside its script when it is not there.</summary>
/// <param name="engine">Which of Polars' two engines runs the query.</param>
/// <param name="parallel">Polars' strategy of reading a file, which tells even on one thread.</param>
sealed class Polars(string engine, string parallel) : Contender
{
    static readonly IReadOnlyList<Polars> Modes = [new("in-memory", "auto"), new("streaming", "auto"), new("streaming", "row_groups")];

    static readonly Dictionary<string, string> OneThread = new() { ["POLARS_MAX_THREADS"] = "1" };

    public static string Folder { get; } = Path.Combine(Published.Root(), "tests", "Benchmarks", "polars");

    public override string Name => parallel == "auto" ? $"Polars ({engine})" : $"Polars ({engine}, {parallel})";

    /// <summary>Polars in each mode that may be the fastest.</summary>
    public static async Task<IReadOnlyList<Polars>> InstallAsync()
    {
        // npm removes the folder before it installs, so a stamp in it stands for a complete installation.
        var (stamp, state) = (Path.Combine(Folder, "node_modules", ".fanfold-installed"), await File.ReadAllTextAsync(Path.Combine(Folder, "package-lock.json")));
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == state) return Modes;
        using var npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts"]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await Task.WhenAll(npm.StandardOutput.ReadToEndAsync(), npm.StandardError.ReadToEndAsync());
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0) throw new InvalidOperationException($"Polars can't be installed: 'npm ci --ignore-scripts' in tests/Benchmarks/polars failed.{Environment.NewLine}{string.Concat(output)}");
        await File.WriteAllTextAsync(stamp, state);
        return Modes;
    }

    public override async Task<PassRun> RunAsync(Pass pass) => PassRun.OfPeer(await StartAsync(new JsonObject
    {
        ["question"] = pass.Question.ToString(),
        ["engine"] = engine,
        ["parallel"] = parallel,
        ["source"] = pass.Data.Glob,
        ["value"] = Pass.PartitionValue,
        ["output"] = pass.OutputFile,
    }), pass);

    public Task CopyAsync(string source, string target, int rowGroup) =>
        StartAsync(new JsonObject { ["question"] = "Copy", ["source"] = source, ["output"] = target, ["rowGroup"] = rowGroup });

    /// <summary>Docs/seed.md's loop in one process: scan, filter, group and collect for each value, then concat.</summary>
    public static Task<ProcessRun> LoopAsync(string source, IReadOnlyList<int?> values, string target) =>
        StartAsync(new JsonObject { ["question"] = "Loop", ["source"] = source, ["values"] = new JsonArray([.. values.Select(value => (JsonNode?)value)]), ["output"] = target });

    /// <summary>A question of the seed's job on as many threads as there are cores.</summary>
    public static Task<ProcessRun> StartOnAllCoresAsync(JsonObject task) => ProcessRun.StartAsync("node", [Path.Combine(Folder, "peer.cjs"), task.ToJsonString()], new Dictionary<string, string>());

    static Task<ProcessRun> StartAsync(JsonObject task) => ProcessRun.StartAsync("node", [Path.Combine(Folder, "peer.cjs"), task.ToJsonString()], OneThread);
}
