using System.Collections.Concurrent;
using Fanfold.Tests;
using Microsoft.Playwright;

namespace Fanfold.EndToEnd.Tests.Page;

/// <summary>A tab of its own. Whatever its console says, whatever it throws, and every request that it makes is kept.</summary>
sealed class OpenPage : IAsyncDisposable
{
    /// <summary>For what a page comes to by itself; a test that waits so long has failed.</summary>
    const float Patience = 180_000;

    static readonly NpmInstall Axe = new("axe");

    readonly IBrowserContext _context;
    readonly ConcurrentQueue<string> _complaints = [];

    OpenPage(IBrowserContext context, IPage tab) => (_context, Tab) = (context, tab);

    public IPage Tab { get; }

    /// <summary>In the order in which they were made.</summary>
    public ConcurrentQueue<IRequest> Requests { get; } = [];

    public static async Task<OpenPage> CreateAsync(Chromium chromium, int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light, bool offline = false)
    {
        var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme, Offline = offline, AcceptDownloads = true });
        context.SetDefaultTimeout(Patience);
        var page = new OpenPage(context, await context.NewPageAsync());
        page.Tab.Console += (_, message) => { if (message.Type is "error" or "warning") page._complaints.Enqueue($"console {message.Type}: {message.Text}"); };
        page.Tab.PageError += (_, error) => page._complaints.Enqueue($"thrown: {error}");
        page.Tab.Dialog += async (_, dialog) => { page._complaints.Enqueue($"dialog: {dialog.Message}"); await dialog.DismissAsync(); };
        page.Tab.Request += (_, request) => page.Requests.Enqueue(request);
        return page;
    }

    public Task GoToAsync(string address) => Tab.GotoAsync(address, new PageGotoOptions { WaitUntil = WaitUntilState.Commit });

    /// <summary>The card of this heading.</summary>
    public ILocator Card(string title) => Tab.Locator($"section[aria-label=\"{title}\"]");

    public ILocator Button(string name) => Tab.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>Waits until the page says that the run has come to this.</summary>
    public Task StatusAsync(string words) => Tab.Locator("h1", new PageLocatorOptions { HasText = words }).WaitForAsync();

    /// <summary>Waits until an expression of the page's is true. The page allows no text to be evaluated, so the waiting is a part of the text.</summary>
    public async Task UntilAsync(string expression)
    {
        try
        {
            await AskAsync<bool>($"new Promise(done => {{ const look = () => {expression} ? done(true) : requestAnimationFrame(look); look(); }})").WaitAsync(TimeSpan.FromMilliseconds(Patience), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"it never came to be that {expression}, but: {await AskAsync<string>("document.body.innerText")}");
        }
    }

    public Task<T> AskAsync<T>(string expression) => Tab.EvaluateAsync<T>(expression);

    /// <summary>The counters under the header, by name.</summary>
    public Task<Dictionary<string, string>> CountersAsync() =>
        AskAsync<Dictionary<string, string>>("Object.fromEntries([...document.querySelectorAll('.counters > div')].map(one => [one.querySelector('dt').textContent, one.querySelector('dd').textContent]))");

    /// <summary>What axe finds wrong with the page as it is.</summary>
    public async Task<IReadOnlyList<string>> FaultsOfAccessAsync()
    {
        await Axe.EnsureAsync();
        await Tab.EvaluateAsync(await File.ReadAllTextAsync(Path.Combine(Axe.Folder, "node_modules", "axe-core", "axe.min.js")));
        return await AskAsync<string[]>("axe.run().then(found => found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))");
    }

    /// <summary>Whether pictures are wanted: <c>FANFOLD_WRITE_SCREENSHOT=1</c>.</summary>
    public static bool TakesPictures { get; } = Environment.GetEnvironmentVariable("FANFOLD_WRITE_SCREENSHOT") == "1";

    /// <summary>Keeps a picture of the whole page in <c>artifacts/page</c>, where pictures are wanted.</summary>
    public async Task PictureAsync(string name)
    {
        if (TakesPictures) await Tab.ScreenshotAsync(new PageScreenshotOptions { FullPage = true, Path = Path.Combine(Executable.Root, "artifacts", "page", $"{name}.png") });
    }

    /// <summary>Nothing went wrong unheard.</summary>
    public void AssertQuiet() => Assert.Empty(_complaints);

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
