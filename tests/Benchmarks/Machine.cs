using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fanfold.Benchmarks;

/// <summary>Where figures come from; they mean nothing without it.</summary>
static class Machine
{
    public static string Describe()
    {
        var model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        return $"{model ?? RuntimeInformation.OSArchitecture.ToString()}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, SDK {Sdk()}";
    }

    static string Sdk()
    {
        using var dotnet = Process.Start(new ProcessStartInfo(Published.DotNet, ["--version"]) { WorkingDirectory = Published.Root(), RedirectStandardOutput = true })!;
        var version = dotnet.StandardOutput.ReadToEnd().Trim();
        dotnet.WaitForExit();
        return version;
    }
}
