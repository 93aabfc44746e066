using System.Text.Json.Nodes;
using Fanfold.EndToEnd.Tests.Http;
using Fanfold.Storage;

namespace Fanfold.EndToEnd.Tests.Page;

/// <summary>Names that come from files and from callers are text on the page, and a saved page needs nobody.</summary>
public sealed class HostilePageTests(Chromium chromium, ApisUnderTest apis) : IClassFixture<Chromium>, IClassFixture<ApisUnderTest>
{
    const string Column = "<img src=x onerror=\"window.hacked=1\">";
    const string Key = "</script><script>window.hacked=2</script>";
    const string Total = "\"'><svg onload=window.hacked=3>";

    static readonly string[] Values =
    [
        "<script>window.hacked=4</script>", "\"><img src=x onerror=window.hacked=5>", "</script><script>window.hacked=6</script>", "<!--<script>", "\u202Egnp.exe", "שלום", "a\nb", "'; window.hacked=7; '", "__proto__", "", "&lt;b&gt;", "🦆", "${window.hacked=8}", "$&$`$'",
        new string('w', 3000),
    ];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static string Quoted(string text) => '"' + text.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    static async Task StartAsync(ApiUnderTest api, string id)
    {
        var folder = Directory.CreateTempSubdirectory("fanfold-tests-").FullName;
        try
        {
            var file = Path.Combine(folder, "a.parquet");
            Duck.Execute($"""
                copy (select v as {Quoted(Column)}, 'k' || i as {Quoted(Key)}, i * 1.5 as {Quoted(Total)} from (values {string.Join(", ", Values.Select(value => $"({Literal(value)})"))}, (null)) t(v), range(4) r(i)) to {Literal(file)} (format parquet)
                """);
            await api.Objects.PutAsync($"lake/{id}/a.parquet", await File.ReadAllBytesAsync(file, Cancellation), PutCondition.None, Cancellation);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        var reduce = new JsonObject { ["groupBy"] = new JsonArray(Key), ["aggregates"] = new JsonObject { [Total + "!"] = $"sum({Quoted(Total)})" } };
        await api.Client.StartAsync(id, Fanfold.Spec($"lake/{id}", Column, reduce.ToJsonString(), $"results/{id}.parquet").ToJsonString(), Cancellation);
    }

    [Fact]
    public async Task Names_OfAnyKind_AreText_AlsoInASavedPage()
    {
        var api = await apis.GetAsync(ApiKind.ServeDirectory);
        await StartAsync(api, "hostile");
        await api.Client.WaitAsync("hostile", cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/hostile?code=canary-of-the-key");
        await page.StatusAsync("Succeeded");
        await page.UntilAsync("document.querySelectorAll('.preview tbody tr').length === 64");
        await AssertTextAsync(page);
        Assert.Empty(await page.FaultsOfAccessAsync());
        // The key goes on in the header of each request, and is not to be seen.
        foreach (var request in page.Requests.Where(request => request.Url.Contains("/api/", StringComparison.Ordinal)))
        {
            Assert.Equal("canary-of-the-key", await request.HeaderValueAsync("x-functions-key"));
            Assert.DoesNotContain("canary", request.Url, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("canary", await page.AskAsync<string>("document.body.innerText"), StringComparison.Ordinal);

        var download = await page.Tab.RunAndWaitForDownloadAsync(() => page.Button("Save as one file").ClickAsync());
        Assert.Equal("hostile.html", download.SuggestedFilename);
        page.AssertQuiet();
        var folder = Directory.CreateTempSubdirectory("fanfold-tests-").FullName;
        try
        {
            var file = Path.Combine(folder, "report.html");
            await download.SaveAsAsync(file);
            Assert.DoesNotContain("canary", await File.ReadAllTextAsync(file, Cancellation), StringComparison.Ordinal);
            await using var saved = await OpenPage.CreateAsync(chromium, offline: true);
            await saved.GoToAsync(new Uri(file).AbsoluteUri);
            await saved.StatusAsync("Succeeded");
            await saved.UntilAsync("document.querySelectorAll('.preview tbody tr').length === 64");
            Assert.Contains("A saved report.", await saved.AskAsync<string>("document.body.innerText"), StringComparison.Ordinal);
            await AssertTextAsync(saved);
            foreach (var name in new[] { "Redrive", "Cancel", "Save as one file" }) Assert.True(await saved.Button(name).IsHiddenAsync() || await saved.Button(name).CountAsync() == 0, name);
            Assert.Empty(await saved.FaultsOfAccessAsync());
            // The file itself, and nothing else.
            Assert.Equal(new Uri(file).AbsoluteUri, Assert.Single(saved.Requests, request => !request.Url.StartsWith("data:", StringComparison.Ordinal)).Url);
            saved.AssertQuiet();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("%3Cimg%20src=x%20onerror=window.hacked=1%3E")]
    [InlineData("%22%3E%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E")]
    [InlineData("%E2%80%AEexe.gnp")]
    [InlineData("UPPER")]
    public async Task Ids_ThatAreNone_AreShownAsText_WithWhatTheApiSays(string id)
    {
        var api = await apis.GetAsync(ApiKind.ServeDirectory);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/{id}#%3Cscript%3Ewindow.hacked=2%3C/script%3E");
        await page.Tab.GetByText("invalid-run-id").WaitForAsync();
        Assert.False(await page.AskAsync<bool>("'hacked' in window"));
        Assert.Equal(0, await page.Tab.Locator("main img, main script, header img").CountAsync());
        Assert.DoesNotContain('\u202E', await page.AskAsync<string>("document.body.innerText + document.title"));
    }

    static async Task AssertTextAsync(OpenPage page)
    {
        Assert.False(await page.AskAsync<bool>("'hacked' in window"));
        Assert.Equal(0, await page.Tab.Locator("main img, main script, main iframe, main object").CountAsync());
        var text = await page.AskAsync<string>("document.querySelector('main').textContent");
        foreach (var shown in new[] { Column, Key, Total + "!", "<script>window.hacked=4</script>", "\\u202egnp.exe", "שלום", "a\\u000ab", "__proto__", "empty text", "&lt;b&gt;", "🦆", "$&$`$'" }) Assert.Contains(shown, text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', text);
        Assert.Equal(0, await page.AskAsync<int>("[...document.querySelectorAll('*')].filter(one => [...one.attributes].some(attribute => attribute.name.startsWith('on'))).length"));
        var partitions = await page.Card("Every partition").Locator("table").GetAttributeAsync("aria-rowcount");
        Assert.Equal($"{Values.Length + 2}", partitions);
    }
}
