using System.Diagnostics;
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
sealed class Fanfold : IDisposable
{
    static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

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

    public Task<Outcome> CallAsync(params string[] args) => CallAsync(args, stdin: "");

    public async Task<Outcome> CallAsync(string[] args, string stdin)
    {
        var start = new ProcessStartInfo(DotNet) { WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in (string[])[Path.Combine(AppContext.BaseDirectory, "fanfold.dll"), .. args]) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ending.CancelAfter(Timeout);
        var stdout = process.StandardOutput.ReadToEndAsync(ending.Token);
        var stderr = process.StandardError.ReadToEndAsync(ending.Token);
        try
        {
            await process.StandardInput.WriteAsync(stdin.AsMemory(), ending.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(ending.Token);
            return new Outcome(process.ExitCode, await stdout, await stderr);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"`fanfold {string.Join(' ', args)}` did not end within {Timeout}");
        }
    }

    static string DotNet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

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
        };
        foreach (var (name, value) in JsonNode.Parse(more)!.AsObject()) spec[name] = value?.DeepClone();
        return spec;
    }
}
