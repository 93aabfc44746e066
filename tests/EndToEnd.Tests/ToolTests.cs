using System.Diagnostics;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The command as a .NET tool: packed, installed from the package alone, and run.</summary>
public sealed class ToolTests : IDisposable
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly string _folder = Directory.CreateTempSubdirectory("fanfold-tool-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string In(string name) => Path.Combine(_folder, name);

    [Fact]
    public async Task Tool_InstalledFromItsPackage_RunsASpec()
    {
        await DotNetAsync("pack", "src/LocalHost", "-o", In("packages"), "--artifacts-path", In("artifacts"), "-nologo", "-nodeReuse:false");
        await File.WriteAllTextAsync(In("nuget.config"), $"""<configuration><packageSources><clear /><add key="here" value="{In("packages")}" /></packageSources></configuration>""", Cancellation);
        await DotNetAsync("tool", "install", "Fanfold.Tool", "--tool-path", In("tools"), "--configfile", In("nuget.config"));
        using var fanfold = new Fanfold(new Executable(In("tools/fanfold"), [], new Dictionary<string, string>()));
        SeedData.WriteClustered(fanfold, "lake/trips");

        var run = (await fanfold.RunAsync(global::Fanfold.EndToEnd.Tests.Fanfold.Spec("lake/trips", "ff", """{ "aggregates": { "n": "len()" } }""", "results/out.parquet"))).Exits(0);

        Assert.Equal(("succeeded", 9), ((string?)run.Json["status"], (int)run.Json["partitions"]!["succeeded"]!));
    }

    static async Task DotNetAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Executable.DotNet, arguments) { WorkingDirectory = Executable.Root, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, $"`dotnet {string.Join(' ', arguments)}` exits with {process.ExitCode}:{Environment.NewLine}{string.Concat(output)}");
    }
}
