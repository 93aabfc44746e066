using System.Diagnostics;
using Fanfold.Engine.Tests;
using Fanfold.SdkReference;

namespace Fanfold.Functions.Tests;

/// <summary>What a build against the declarations of the SDK says to whoever runs or publishes it.</summary>
public class ReferenceBuildTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_FailsWithTheSentence()
    {
        var (code, said) = await DotNetAsync("exec", typeof(App).Assembly.Location);
        Assert.NotEqual(0, code);
        Assert.Contains(NotTheSdk.Sentence, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_FailsBeforeAnythingIsBuilt()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "never-published");
        var (code, said) = await DotNetAsync("publish", Path.Combine(Repository.Root, "src/Functions"), "-p:FunctionsSdk=reference", "-o", folder, "--no-restore", "-nologo");
        Assert.NotEqual(0, code);
        Assert.Contains("compiles src/Functions against declarations that do not run", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    static async Task<(int Code, string Said)> DotNetAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, await output + await errors);
    }
}
