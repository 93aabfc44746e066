using Microsoft.Playwright;

namespace Fanfold.EndToEnd.Tests.Page;

/// <summary>
/// A browser for all tests of a class: Chromium as <c>FANFOLD_CHROMIUM</c> names it or as it is found, else as apt installs it on Debian. It can reach
/// 127.0.0.1 and no other host.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    static readonly DebianProgram Found = new("chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

    IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var program = await FindAsync();
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

    static async Task<string> FindAsync() => Environment.GetEnvironmentVariable("FANFOLD_CHROMIUM") is { Length: > 0 } named ? named : await Found.EnsureAsync();
}
