using System.Diagnostics;
using Microsoft.Playwright;

namespace Fanfold.EndToEnd.Tests.Page;

/// <summary>
/// A browser for all tests of a class: Chromium as <c>FANFOLD_CHROMIUM</c> names it or as it is found, else as apt installs it on Debian. It can reach
/// 127.0.0.1 and no other host.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    static readonly string[] Install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"];

    // Classes run at the same time, and apt lets one in.
    static readonly Lazy<Task<string>> Program = new(FindAsync);

    IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var program = await Program.Value;
        Environment.SetEnvironmentVariable("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        _playwright = await Playwright.CreateAsync();
        string[] args = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server"];
        // Chromium has no sandbox for root.
        if (Environment.IsPrivilegedProcess) args = [.. args, "--no-sandbox"];
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Headless = true, Args = args });
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null) await Browser.DisposeAsync();
        _playwright?.Dispose();
    }

    static async Task<string> FindAsync()
    {
        if (Environment.GetEnvironmentVariable("FANFOLD_CHROMIUM") is { Length: > 0 } named) return named;
        if (Find() is { } found) return found;
        if (!Environment.IsPrivilegedProcess || !File.Exists("/etc/debian_version"))
            throw new InvalidOperationException($"The tests of the page need Chromium. Install it ('{string.Join(' ', Install)}' on Debian, as root), or name it in FANFOLD_CHROMIUM.");
        // The lists of a fresh machine may be empty or old.
        await RunAsync(["apt-get", "update"]);
        var (exitCode, output) = await RunAsync(Install);
        return Find() ?? throw new InvalidOperationException($"The tests of the page need Chromium, and '{string.Join(' ', Install)}' ended with {exitCode}:{Environment.NewLine}{output}");
    }

    static string? Find() => Names.SelectMany(static name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

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
