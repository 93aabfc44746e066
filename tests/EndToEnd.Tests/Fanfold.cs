using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Fanfold.EndToEnd.Tests;

/// <summary>How one call of the command ended.</summary>
sealed record Ended(int ExitCode, string Output, string Errors)
{
    /// <summary>stdout as the one JSON document that it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public string[] ErrorCodes => [.. Json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("code").GetString()!)];
}

/// <summary>The command as a user has it, in a fresh folder with a store and room for specs.</summary>
sealed class Fanfold : IDisposable
{
    static readonly TimeSpan HangsAfter = TimeSpan.FromMinutes(3);

    public Fanfold() => Directory.CreateDirectory(Store);

    public string Folder { get; } = Directory.CreateTempSubdirectory("fanfold-e2e-").FullName;

    public string Store => Path.Combine(Folder, "store");

    public string InStore(string path) => Path.Combine(Store, path);

    public async Task<Ended> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "fanfold.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var hang = new CancellationTokenSource(HangsAfter);
        try
        {
            await process.WaitForExitAsync(hang.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"`fanfold {string.Join(' ', arguments)}` hung; stderr: {await errors}");
        }
        return new Ended(process.ExitCode, await output, await errors);
    }

    /// <summary><c>run</c> with <c>--json</c> over this store.</summary>
    public Task<Ended> RunSpecAsync(string spec, params string[] options) => RunAsync(["run", WriteSpec(spec), "--store", Store, "--json", .. options]);

    public string WriteSpec(string spec)
    {
        var path = Path.Combine(Folder, $"spec-{Guid.CreateVersion7():n}.json");
        File.WriteAllText(path, spec, new UTF8Encoding(false));
        return path;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
