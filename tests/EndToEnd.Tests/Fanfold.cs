using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>What one call of the command gave.</summary>
sealed record Outcome(int ExitCode, string Stdout, string Stderr)
{
    /// <summary>Stdout as the one document that it must be.</summary>
    public JsonNode Json => JsonNode.Parse(Stdout, documentOptions: new JsonDocumentOptions { AllowTrailingCommas = false }) ?? throw new JsonException("stdout holds null");

    public IReadOnlyList<JsonNode> Errors => [.. (Json["errors"]?.AsArray() ?? []).Select(error => error!)];

    public JsonNode Error => Assert.Single(Errors);

    /// <summary>This outcome when the exit code is right; a failure that shows all of it otherwise.</summary>
    public Outcome Exits(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, expected {exitCode}{Environment.NewLine}{Stdout}{Environment.NewLine}{Stderr}");
        return this;
    }
}

/// <summary>The real command in a folder of its own, which is both the working directory and the home of its stores.</summary>
/// <param name="executable">The command to call; by default the published one.</param>
sealed class Fanfold(Executable? executable = null) : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("fanfold-tests-").FullName;

    public string Store => Path.Combine(Folder, "store");

    public string PathOf(string stored) => Path.Combine(Store, stored);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Writes the spec and runs it with <c>--json</c> over this folder's store.</summary>
    public Task<Outcome> RunAsync(JsonObject spec, params string[] args)
    {
        File.WriteAllText(Path.Combine(Folder, "spec.json"), spec.ToJsonString());
        Directory.CreateDirectory(Store);
        return CallAsync(["run", "spec.json", "--store", Store, "--json", .. args]);
    }

    /// <summary>The same over another store.</summary>
    public Task<Outcome> RunAsync(JsonObject spec, StoreUnderTest store, params string[] args)
    {
        File.WriteAllText(Path.Combine(Folder, "spec.json"), spec.ToJsonString());
        return CallAsync(["run", "spec.json", "--store", store.Name, "--json", .. args]);
    }

    /// <param name="watch">Looks at the command while it runs; ends with it.</param>
    public async Task<Outcome> RunAsync(JsonObject spec, StoreUnderTest store, Func<RunningCommand, Task> watch)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "spec.json"), spec.ToJsonString(), TestContext.Current.CancellationToken);
        using var run = await StartAsync("run", "spec.json", "--store", store.Name, "--json");
        await watch(run);
        return await run.EndAsync();
    }

    public Task<Outcome> CallAsync(params string[] args) => CallAsync(args, stdin: "");

    public async Task<Outcome> CallAsync(string[] args, string stdin)
    {
        using var command = await StartAsync(args);
        await command.WriteAsync(stdin);
        return await command.EndAsync();
    }

    /// <summary>A call whose streams a shell redirects.</summary>
    public async Task<Outcome> CallInShellAsync(string redirection, params string[] args)
    {
        var command = executable ?? await Executable.GetAsync();
        var shell = new Executable("sh", ["-c", $"exec \"$@\" {redirection}", "sh", command.File, .. command.Prefix], command.Environment);
        using var running = RunningCommand.Start(shell, Folder, args, new Dictionary<string, string> { ["FANFOLD_WORKER_LOG"] = WorkerLog });
        await running.WriteAsync("");
        return await running.EndAsync();
    }

    /// <summary>Starts a call; its stdin stays open until it is written.</summary>
    public Task<RunningCommand> StartAsync(params string[] args) => StartAsync(new Dictionary<string, string>(), args);

    public async Task<RunningCommand> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] args) =>
        RunningCommand.Start(executable ?? await Executable.GetAsync(), Folder, args, new Dictionary<string, string>(environment) { ["FANFOLD_WORKER_LOG"] = WorkerLog });

    string WorkerLog => Path.Combine(Folder, "workers.log");

    /// <summary>The process ids of all workers that were started so far.</summary>
    public IReadOnlyList<string> Workers => File.Exists(WorkerLog) ? File.ReadAllLines(WorkerLog) : [];

    public static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    /// <summary>A spec from its parts; <paramref name="more"/> adds or replaces top-level fields.</summary>
    public static JsonObject Spec(string source, string column, string reduce, string output, string more = "{}")
    {
        var spec = new JsonObject
        {
            ["version"] = 1,
            ["source"] = new JsonObject { ["path"] = source },
            ["partitionBy"] = new JsonObject { ["column"] = column },
            ["reduce"] = JsonNode.Parse(reduce),
            ["output"] = new JsonObject { ["path"] = output },
            // Tests of partitions and their tasks mean these, however cheap one scan for all were.
            ["strategy"] = "perPartition",
        };
        foreach (var (name, value) in JsonNode.Parse(more)!.AsObject()) spec[name] = value?.DeepClone();
        return spec;
    }
}
