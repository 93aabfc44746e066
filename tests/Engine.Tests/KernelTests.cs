using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Fanfold.Engine.Tests;

public class KernelTests
{
    /// <summary>Set in the process that runs these tests without vector instructions.</summary>
    const string Portable = "FANFOLD_TESTS_PORTABLE";

    [Fact]
    public void Run_OnThisMachine_AgreesWithPlainCode() => Assert.Empty(KernelCheck.Run().Failed);

    [Fact]
    public async Task EngineTests_WithoutVectorInstructions_PassToo()
    {
        if (Environment.GetEnvironmentVariable(Portable) == "1")
        {
            Assert.False(Vector128.IsHardwareAccelerated);
            Assert.Equal("portable", KernelCheck.Run().BitUnpacking);
            return;
        }
        var start = new ProcessStartInfo(Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? [typeof(KernelTests).Assembly.Location] : []) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_EnableHWIntrinsic"] = "0";
        start.Environment[Portable] = "1";
        using var tests = Process.Start(start)!;
        var output = await Task.WhenAll(tests.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), tests.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await tests.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(tests.ExitCode == 0, string.Concat(output));
    }
}
