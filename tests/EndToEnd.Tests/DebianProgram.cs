using System.Diagnostics;

namespace Fanfold.EndToEnd.Tests;

/// <summary>A program that some tests need: as it is found on the path, else as apt installs it on Debian.</summary>
/// <param name="package">Of Debian.</param>
/// <param name="names">Under which systems have it.</param>
sealed class DebianProgram(string package, params string[] names)
{
    // Classes run at the same time, and apt lets one in.
    static readonly SemaphoreSlim Apt = new(1);

    string[] Install => ["apt-get", "install", "-y", "--no-install-recommends", package];

    /// <summary>Its path.</summary>
    public async Task<string> EnsureAsync()
    {
        await Apt.WaitAsync();
        try
        {
            if (Find() is { } found) return found;
            if (!Environment.IsPrivilegedProcess || !File.Exists("/etc/debian_version"))
                throw new InvalidOperationException($"These tests need {package}. Install it: '{string.Join(' ', Install)}' on Debian, as root.");
            // The lists of a fresh machine may be empty or old.
            await RunAsync(["apt-get", "update"]);
            var (exitCode, output) = await RunAsync(Install);
            return Find() ?? throw new InvalidOperationException($"These tests need {package}, and '{string.Join(' ', Install)}' ended with {exitCode}:{Environment.NewLine}{output}");
        }
        finally
        {
            Apt.Release();
        }
    }

    string? Find() => names.SelectMany(static name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    static async Task<(int ExitCode, string Output)> RunAsync(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" } };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(output));
    }
}
