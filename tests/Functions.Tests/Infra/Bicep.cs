using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fanfold.Engine.Tests;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>The Bicep compiler of the test project's package.</summary>
static class Bicep
{
    static readonly Lazy<string> Executable = new(MakeExecutable);

    static readonly Lazy<JsonNode> MainTemplate = new(static () => Compile("infra/main.bicep"));
    static readonly Lazy<JsonNode> EventsTemplate = new(static () => Compile("infra/events.bicep"));

    /// <summary>infra/main.bicep as the template that Azure is given.</summary>
    public static JsonNode Main => MainTemplate.Value;

    /// <summary>infra/events.bicep as the template that Azure is given.</summary>
    public static JsonNode Events => EventsTemplate.Value;

    /// <summary>What the linter has to say of a file; its exit code says nothing.</summary>
    /// <param name="file">In the repository, or absolute.</param>
    public static IReadOnlyList<string> Lint(string file)
    {
        using var report = JsonDocument.Parse(Run("lint", Path.Combine(Repository.Root, file), "--diagnostics-format", "sarif"));
        return [.. report.RootElement.GetProperty("runs")[0].GetProperty("results").EnumerateArray()
            .Select(static result => $"{result.GetProperty("ruleId").GetString()}: {result.GetProperty("message").GetProperty("text").GetString()}")];
    }

    static JsonNode Compile(string file) => JsonNode.Parse(Run("build", Path.Combine(Repository.Root, file), "--stdout"))!;

    static string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable.Value, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Length > 0 ? output : throw new InvalidOperationException($"bicep ended with {process.ExitCode}: {errors.Result}");
    }

    static string MakeExecutable()
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var file = typeof(Bicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static pair => pair.Key == "Bicep").Value!;
        if (OperatingSystem.IsWindows() || File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute)) return file;
        // Packages are unpacked without the bit, and the folder of packages may belong to somebody else.
        var copy = Path.Combine(Directory.CreateTempSubdirectory("fanfold-bicep-").FullName, "bicep");
        File.Copy(file, copy);
        File.SetUnixFileMode(copy, mode);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
        return copy;
    }
}
