using System.Text.Json;
using Fanfold.Client;
using Fanfold.EndToEnd.Tests.Http;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.Playwright;
using RunStatus = Fanfold.Client.RunStatus;

namespace Fanfold.EndToEnd.Tests.Page;

/// <summary>The page in a browser, over a run that goes on, one that fails and is redriven, and one of 10,000 partitions.</summary>
public sealed class RunPageTests(Chromium chromium, ApisUnderTest apis, ITestOutputHelper output) : IClassFixture<Chromium>, IClassFixture<ApisUnderTest>
{
    const int Many = 10_000;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    Task<ApiUnderTest> ApiAsync() => apis.GetAsync(ApiKind.ServeDirectory);

    [Fact]
    public async Task Run_StartedWhileItsPageIsOpen_IsFollowedToItsEnd()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("live");
        await using var page = await OpenPage.CreateAsync(chromium);
        // The page of a run that is not there yet; the request for it is refused, which the console says.
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.Tab.GetByText("run-not-found").WaitForAsync();
        await page.AskAsync<bool>("(window.told = [], new MutationObserver(changes => { for (const { target, addedNodes } of changes) if (addedNodes.length > 0 && target.closest?.('[role=status]')) told.push(target.textContent); }).observe(document.body, { subtree: true, childList: true }), true)");
        await page.AskAsync<bool>("(window.isTheSame = true, window.seen = new Set(), new MutationObserver(() => seen.add(document.querySelector('h1 > span')?.textContent)).observe(document.body, { subtree: true, childList: true, characterData: true }), true)");
        var spec = scenario.Spec("live", """{ "parallel": 1 }""", $$"""{ "partitionBy": { "column": "ff", "values": [{{string.Join(", ", Enumerable.Range(0, 200))}}] } }""");
        await api.Client.StartAsync(id, spec, Cancellation);
        await page.StatusAsync("Succeeded");
        await page.UntilAsync("document.querySelectorAll('.preview tbody tr').length === 20");
        Assert.True(await page.AskAsync<bool>("window.isTheSame"));
        Assert.Contains("Running", await page.AskAsync<string[]>("[...window.seen].filter(text => text)"));
        // Told to those who do not see it, and how many partitions there are not again with each answer.
        Assert.Contains("Status: succeeded.", await page.AskAsync<string[]>("window.told"));
        Assert.InRange(await page.AskAsync<int>("window.told.filter(text => text.startsWith('200 partitions')).length"), 1, 3);
        // Heard, not asked for: the events bring the record.
        Assert.Contains(page.Requests, request => request.Url.EndsWith("/events", StringComparison.Ordinal));
        await page.UntilAsync("document.querySelector('.counters')?.textContent.includes('200partitions') || [...document.querySelectorAll('.counters > div')].some(one => one.textContent.includes('196'))");
        var counters = await page.CountersAsync();
        Assert.Equal(("200", "4", "196", "0"), (counters["partitions"], counters["succeeded"], counters["empty"], counters["failed"]));
        Assert.Equal(["20"], new[] { counters["rows out"] });
        Assert.Contains("200 in plan order", await page.Card("Partitions").InnerTextAsync(), StringComparison.Ordinal);
        await page.Card("State").GetByText("over HTTP").WaitForAsync();
        var costs = await page.AskAsync<string[]>("[...document.querySelectorAll('section[aria-label=\"Plan and actual\"] tr')].filter(row => /^(Processor time|On Azure)/.test(row.textContent)).map(row => [...row.cells].slice(1, 3).map(cell => cell.textContent).join(' | '))");
        Assert.Equal(2, costs.Length);
        Assert.All(costs, line => Assert.DoesNotContain("–", line, StringComparison.Ordinal));
        Assert.Contains("at most 1 at once", await page.Card("Timeline").Locator("canvas").First.GetAttributeAsync("aria-label") ?? "", StringComparison.Ordinal);
        Assert.Contains("avoided", await page.Card("Work avoided").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Peak memory of a worker", await page.Card("Plan and actual").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await page.Card("Chart").Locator("svg.chart").CountAsync());
        Assert.True(await page.Card("Errors").IsHiddenAsync());
        Assert.True(await page.Button("Cancel").IsHiddenAsync());
    }

    [Fact]
    public async Task Run_ThatFails_ShowsWhy_AndIsRedrivenFromThePage()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("failing");
        await scenario.BreakAsync(1);
        await scenario.BreakAsync(3);
        await api.Client.StartAsync(id, scenario.Spec("failing", """{ "retries": 0 }"""), Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.StatusAsync("Failed");
        await page.Card("Errors").GetByText("2 partitions failed").WaitForAsync();
        Assert.True(await page.Card("Result").IsHiddenAsync());
        await page.Card("Errors").GetByText("Show them").First.ClickAsync();
        await page.UntilAsync("[...document.querySelectorAll('.partitions tbody tr[data-index]')].every(row => row.textContent.includes('failed'))");
        Assert.Contains("status failed", await page.Card("Every partition").Locator(".shown").InnerTextAsync(), StringComparison.Ordinal);
        await AccessAsync(page, "failed");

        await page.AskAsync<bool>("window.isTheSame = true");
        await scenario.MendAsync(1);
        await scenario.MendAsync(3);
        await page.Card("Errors").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Redrive" }).First.ClickAsync();
        await page.StatusAsync("Succeeded");
        await page.UntilAsync("document.querySelectorAll('.preview tbody tr').length === 20");
        await page.Card("Errors").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Hidden });
        Assert.True(await page.AskAsync<bool>("window.isTheSame"));
        var counters = await page.CountersAsync();
        Assert.Equal(("4", "0", "2"), (counters["succeeded"], counters["failed"], counters["reused"]));
        page.AssertQuiet();
    }

    [Theory]
    [InlineData("50%", "Succeeded with failures", "1 failed of 2 allowed")]
    [InlineData("20%", "Failed", "1 failed of 0 allowed")]
    public async Task Run_ThatToleratesFailures_SaysHowManyOfHowMany(string tolerated, string status, string said)
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("tolerant");
        await scenario.BreakAsync(1);
        await api.Client.StartAsync(id, scenario.Spec("tolerant", $$"""{ "retries": 0, "toleratedFailures": "{{tolerated}}" }"""), Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.StatusAsync(status);
        await page.Card("State").GetByText(said).WaitForAsync();
        await AccessAsync(page, $"tolerant-{tolerated.TrimEnd('%')}");
        page.AssertQuiet();
    }

    [Fact]
    public async Task Run_OfASharedScan_ShowsItsSlices_AndThePartitionsOfItsResult_AlsoInASavedPage()
    {
        const string Shared = """{ "strategy": "sharedScan", "partitionBy": { "column": "ff", "values": [0, 1, 2, 3, 4, 5] } }""";
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var (id, failing) = (scenario.Id("shared"), scenario.Id("shared-failing"));
        await api.Client.StartAsync(id, scenario.Spec("shared", more: Shared), Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await ShowsBothAsync(page);
        await AccessAsync(page, "shared");
        var file = Path.GetTempFileName();
        try
        {
            await (await page.Tab.RunAndWaitForDownloadAsync(() => page.Button("Save as one file").ClickAsync())).SaveAsAsync(file + ".html");
            await using var saved = await OpenPage.CreateAsync(chromium, offline: true);
            await saved.GoToAsync(new Uri(file + ".html").AbsoluteUri);
            await ShowsBothAsync(saved);
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".html");
        }

        // Until then there are slices alone.
        await scenario.BreakAsync(1);
        await api.Client.StartAsync(failing, scenario.Spec("shared-failing", """{ "retries": 0 }""", Shared), Cancellation);
        await api.Client.WaitAsync(failing, cancellationToken: Cancellation);
        await page.GoToAsync($"{api.Endpoint}runs/{failing}");
        await page.Card("Errors").GetByText("1 slice failed").WaitForAsync();
        await page.Card("Errors").GetByText("first slice 1").WaitForAsync();
        var counters = await page.CountersAsync();
        Assert.Equal(("1", "1"), (counters["slices"], counters["failed"]));
        Assert.DoesNotContain("partitions", counters.Keys);
        Assert.True(await page.Card("Partitions of the result").IsHiddenAsync());
        page.AssertQuiet();

        static async Task ShowsBothAsync(OpenPage page)
        {
            await page.StatusAsync("Succeeded");
            await page.Card("Partitions of the result").GetByText("6 partitions").WaitForAsync();
            var rows = await page.AskAsync<string[]>("[...document.querySelectorAll('section[aria-label=\"Partitions of the result\"] tbody tr')].map(row => [...row.cells].map(cell => cell.textContent).join(' '))");
            Assert.Equal(["0 succeeded 2,000 5", "1 succeeded 2,000 5", "2 succeeded 2,000 5", "3 succeeded 2,000 5", "4 empty 0 0", "5 empty 0 0"], rows);
            await page.Card("Every slice").GetByText("slice 1", new LocatorGetByTextOptions { Exact = true }).WaitForAsync();
            await page.Card("Slices").GetByText("1 in plan order").WaitForAsync();
            Assert.True(await page.Card("Every partition").IsHiddenAsync());
            var counters = await page.CountersAsync();
            Assert.Equal(("6", "4", "2", "1"), (counters["partitions"], counters["succeeded"], counters["empty"], counters["slices"]));
            // What the loop would have read is told of all partitions, though one task did them.
            var avoided = await page.Card("Work avoided").InnerTextAsync();
            Assert.Contains("48,000 in the loop → 8,000 decoded", avoided, StringComparison.Ordinal);
            Assert.DoesNotContain("done", avoided, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Run_WhoseEventsDoNotComeThrough_IsAskedForAgain_ByItsETag()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("polled");
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.Tab.RouteAsync("**/events", route => route.AbortAsync());
        await api.Client.StartAsync(id, scenario.Spec("polled", """{ "parallel": 1 }""", $$"""{ "partitionBy": { "column": "ff", "values": [{{string.Join(", ", Enumerable.Range(0, 60))}}] } }"""), Cancellation);
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.Tab.GetByText("asking every 2 s").WaitForAsync();
        await page.StatusAsync("Succeeded");
        var asked = page.Requests.Where(request => request.Url.EndsWith($"/api/runs/{id}", StringComparison.Ordinal)).ToList();
        Assert.StartsWith("\"", await asked[^1].HeaderValueAsync("If-None-Match") ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ThatHasEnded_OutlastsAHostThatDoesNotAnswer_AndSaysSo()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("quiet");
        await api.Client.StartAsync(id, scenario.Spec("quiet"), Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);

        // What could not be read the first time is read when it can be.
        var refusals = 0;
        await page.Tab.RouteAsync("**/partitions*", async route =>
        {
            if (refusals++ == 0) await route.FulfillAsync(new RouteFulfillOptions { Status = 503, Body = "" });
            else await route.ContinueAsync();
        });
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.Tab.GetByText("unexpected-answer").WaitForAsync();
        await page.Card("Every partition").GetByText("4 partitions").WaitForAsync();
        await page.Tab.GetByText("unexpected-answer").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Hidden });
        Assert.Equal("4", (await page.CountersAsync())["succeeded"]);

        await page.Tab.Context.SetOfflineAsync(true);
        await page.Tab.GetByText("The host does not answer.").WaitForAsync();
        Assert.Equal("not connected", await page.Tab.Locator("#connection").InnerTextAsync());
        await page.Tab.Context.SetOfflineAsync(false);
        await page.Tab.GetByText("The host does not answer.").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Hidden });
        Assert.Equal("up to date", await page.Tab.Locator("#connection").InnerTextAsync());
    }

    [Fact]
    public async Task Run_ThatIsPurged_IsToldAsSuch_AndFollowedWhenItIsBegunAnew()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("purged");
        await scenario.BreakAsync(1);
        var spec = scenario.Spec("purged", """{ "retries": 0 }""");
        await api.Client.StartAsync(id, spec, Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.StatusAsync("Failed");
        await page.Button("Redrive").WaitForAsync();
        // As a purge does it.
        foreach (var path in (string[])[new RunPaths(id).Spec, new RunPaths(id).Status]) await api.Objects.DeleteAsync(path, Cancellation);
        await page.Tab.GetByText("Its state was purged").WaitForAsync();
        Assert.True(await page.Button("Redrive").IsHiddenAsync());
        await scenario.MendAsync(1);
        await foreach (var entry in api.Objects.ListAsync(new RunPaths(id).Root, Cancellation)) await api.Objects.DeleteAsync(entry.Path, Cancellation);
        await api.Client.StartAsync(id, spec, Cancellation);
        await page.StatusAsync("Succeeded");
        await page.Tab.GetByText("Its state was purged").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Hidden });
        await page.UntilAsync("document.querySelectorAll('.preview tbody tr').length === 20");
    }

    [Fact]
    public async Task Run_WithTwoReasonsToFail_ShowsThePartitionsOfEach_AndWholeMessages()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("reasons");
        await scenario.BreakAsync(1);
        await scenario.BreakAsync(3);
        await api.Client.StartAsync(id, scenario.Spec("reasons", """{ "retries": 0 }"""), Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        // One of them fails for something else, under the same code.
        await page.Tab.RouteAsync("**/partitions*", async route =>
        {
            var answer = await route.FetchAsync();
            var text = await answer.TextAsync();
            var third = text.IndexOf("\"message\":\"", text.IndexOf("\"index\":3", StringComparison.Ordinal), StringComparison.Ordinal);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = text.Insert(third + "\"message\":\"".Length, "something else: ") });
        });
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.Card("Errors").GetByText("for 2 reasons").WaitForAsync();
        await page.Card("Errors").GetByText("Show them").Last.ClickAsync();
        await page.Card("Every partition").GetByText("1 of 4 partitions").WaitForAsync();
        var row = page.Card("Every partition").Locator("tbody tr[data-index]");
        Assert.Equal("3", await row.GetAttributeAsync("data-index"));
        // The whole message, with the keyboard alone.
        await row.GetByRole(AriaRole.Button).FocusAsync();
        await page.Tab.Keyboard.PressAsync("Enter");
        await page.Tab.Locator("dialog").GetByText("something else: ").WaitForAsync();
        Assert.Empty(await page.FaultsOfAccessAsync());
        await page.Tab.Keyboard.PressAsync("Escape");
        await page.Tab.Locator("dialog").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        page.AssertQuiet();
    }

    [Fact]
    public async Task Run_WithoutARow_ShowsNone()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("none");
        await api.Client.StartAsync(id, scenario.Spec("none", more: """{ "where": "amount < -1" }"""), Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.Card("Result").GetByText("0 rows").WaitForAsync();
        Assert.Equal(0, await page.Card("Result").Locator("tbody tr").CountAsync());
        page.AssertQuiet();
    }

    [Fact]
    public async Task Run_RedrivenFromElsewhere_IsHeardOf_AndWhatAPlanMayHaveIsShown()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("elsewhere");
        await scenario.BreakAsync(2);
        await api.Client.StartAsync(id, scenario.Spec("elsewhere", """{ "retries": 0 }"""), Cancellation);
        await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.Tab.RouteAsync("**/plan", async route =>
        {
            var answer = await route.FetchAsync();
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = (await answer.TextAsync()).Insert(1, """ "cost":{"gbSeconds":12.5,"note":"<b>estimate</b>"},""") });
        });
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.StatusAsync("Failed");
        await page.Card("Plan and actual").GetByText("What each strategy would cost").ClickAsync();
        await page.Card("Plan and actual").GetByText("sharedScan").WaitForAsync();
        var plan = await page.Card("Plan and actual").InnerTextAsync();
        foreach (var shown in new[] { "gb seconds", "12.5", "<b>estimate</b>", "bytes fetched", "perPartition" }) Assert.Contains(shown, plan, StringComparison.Ordinal);
        await scenario.MendAsync(2);
        await api.Client.RedriveAsync(id, Cancellation);
        await page.StatusAsync("Succeeded");
        page.AssertQuiet();
    }

    [Fact]
    public async Task Run_UnderWay_IsCancelledFromThePage()
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("cancelled");
        await api.Client.StartAsync(id, scenario.Spec("cancelled", """{ "parallel": 1 }""", $$"""{ "partitionBy": { "column": "ff", "values": [{{string.Join(", ", Enumerable.Range(0, 400))}}] } }"""), Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync($"{api.Endpoint}runs/{id}");
        await page.Button("Cancel").ClickAsync();
        await page.Button("Keep it running").ClickAsync();
        await page.PictureAsync("running");
        await page.Button("Cancel").ClickAsync();
        await page.Button("Cancel the run").ClickAsync();
        await page.StatusAsync("Cancelled");
        await page.Button("Redrive").WaitForAsync();
        Assert.Equal(RunStatus.Cancelled, (await api.Client.GetAsync(id, Cancellation)).Status);
        page.AssertQuiet();
    }

    [Fact]
    public async Task Run_OfManyPartitions_OpensWhole_InASmallDocument()
    {
        var api = await ApiAsync();
        await SeededRun.WriteAsync(api.Objects, "large", Many, i => $"key-{i:D5}", "page 3 of column 'amount' does not match its checksum", Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium, 1400, 1000);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await page.GoToAsync($"{api.Endpoint}runs/large");
        await page.StatusAsync("Failed");
        var first = System.Diagnostics.Stopwatch.GetElapsedTime(began);
        var failed = Enumerable.Range(0, Many).Count(SeededRun.IsFailed);
        await page.UntilAsync($"document.querySelector('.partitions .shown')?.textContent.startsWith('{Many:N0} partitions')");
        output.WriteLine($"{Many:N0} partitions: the state is shown after {first.TotalMilliseconds:N0} ms, every partition after {System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalMilliseconds:N0} ms");

        Assert.InRange(await page.AskAsync<int>("document.querySelectorAll('*').length"), 200, 2500);
        var counters = await page.CountersAsync();
        Assert.Equal(($"{Many:N0}", $"{failed}", "20M"), (counters["partitions"], counters["failed"], counters["rows in"]));
        Assert.Equal("20,000,000", await page.Tab.Locator(".counters > div", new PageLocatorOptions { HasText = "rows in" }).GetAttributeAsync("title"));
        Assert.Contains($"{failed}×", await page.Card("Errors").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal($"{Many + 1}", await page.Card("Every partition").Locator("table").GetAttributeAsync("aria-rowcount"));

        // The last row is drawn once it is scrolled to.
        await page.AskAsync<bool>("(document.querySelector('.partitions .scroll').scrollTop = 1e9, true)");
        await page.Card("Every partition").GetByText($"key-{Many - 1:D5}").WaitForAsync();
        Assert.InRange(await page.AskAsync<int>("document.querySelectorAll('.partitions tbody tr').length"), 10, 80);
        await page.Card("Every partition").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Run time" }).ClickAsync();
        await page.Card("Every partition").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Run time" }).ClickAsync();
        Assert.Equal("descending", await page.Card("Every partition").Locator("th", new LocatorLocatorOptions { HasText = "Run time" }).GetAttributeAsync("aria-sort"));
        await page.Card("Every partition").GetByPlaceholder("Value or error").FillAsync("key-0004");
        await page.UntilAsync($"document.querySelector('.partitions .shown').textContent.startsWith('10 of {Many:N0} partitions · text “key-0004”')");
        await page.Button("Clear").ClickAsync();

        // The cells by keyboard: they say what they are, and lead to the row.
        var cells = page.Card("Partitions").Locator("canvas.heat");
        await cells.FocusAsync();
        await page.Tab.Keyboard.PressAsync("End");
        await page.Tab.Keyboard.PressAsync("ArrowLeft");
        Assert.Contains($"key-{Many - 2:D5}", await cells.GetAttributeAsync("aria-valuetext") ?? "", StringComparison.Ordinal);
        await page.Tab.Keyboard.PressAsync("Enter");
        Assert.Contains($"key-{Many - 2:D5}", await page.Tab.Locator(".partitions tr[aria-selected=true]").InnerTextAsync(), StringComparison.Ordinal);
        foreach (var measure in new[] { "Run time", "Bytes", "Rows", "Memory", "Status" }) await page.Card("Partitions").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = measure, Exact = true }).ClickAsync();
        await AccessAsync(page, "large");
        page.AssertQuiet();
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(480)]
    public async Task List_ShowsRuns_AndLeadsToThem(int width)
    {
        var api = await ApiAsync();
        using var scenario = await Scenario.CreateAsync(api);
        await using var page = await OpenPage.CreateAsync(chromium, width);
        await page.GoToAsync(api.Endpoint.AbsoluteUri);
        var id = scenario.Id("listed");
        await api.Client.StartAsync(id, scenario.Spec("listed"), Cancellation);
        // It comes without a reload.
        await page.Tab.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = id }).WaitForAsync();
        await page.Tab.GetByPlaceholder("Run id").FillAsync(scenario.Id(""));
        await page.Tab.GetByText("succeeded", new PageGetByTextOptions { Exact = true }).Last.WaitForAsync();
        await AccessAsync(page, $"list-{width}");
        await page.Tab.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = id }).ClickAsync();
        await page.StatusAsync("Succeeded");
        await page.UntilAsync("document.querySelectorAll('.preview tbody tr').length === 20");
        Assert.True(await page.AskAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than its window");
        await AccessAsync(page, $"run-{width}");
        page.AssertQuiet();
    }

    [Fact]
    public async Task List_OfMoreRunsThanAPageHas_BeginsWithTheNewest()
    {
        const int runs = 1200;
        await using var api = await ApiUnderTest.StartAsync(ApiKind.ServeDirectory);
        await Parallel.ForAsync(0, runs, Cancellation, async (i, token) =>
        {
            var record = new RunRecord { RunId = $"run-{i:D4}", SpecHash = new string('0', 64), Status = Workflow.Running.RunStatus.Failed, StartedAt = DateTimeOffset.UnixEpoch.AddHours(i), EndedAt = DateTimeOffset.UnixEpoch.AddHours(i + 1) };
            await api.Objects.PutAsync(new RunPaths(record.RunId).Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), PutCondition.None with { IsVolatile = true }, token);
        });
        await using var page = await OpenPage.CreateAsync(chromium);
        await page.GoToAsync(api.Endpoint.AbsoluteUri);
        await page.Tab.GetByText($"{runs:N0} runs", new PageGetByTextOptions { Exact = true }).WaitForAsync();
        Assert.Equal([$"run-{runs - 1:D4}", $"run-{runs - 2:D4}"], await page.AskAsync<string[]>("[...document.querySelectorAll('.runs tbody a')].slice(0, 2).map(link => link.textContent)"));
        page.AssertQuiet();
    }

    /// <summary>The picture of the README: a run whose statistics rule most row groups out. <c>FANFOLD_WRITE_SCREENSHOT=1</c> puts it into docs.</summary>
    [Fact]
    public async Task Run_OfTheReadme_ShowsWorkAvoided_AndDrawsALineOverTime()
    {
        var api = await ApiAsync();
        var folder = Directory.CreateTempSubdirectory("fanfold-tests-").FullName;
        try
        {
            for (var file = 0; file < 4; file++)
            {
                Duck.Execute($"""
                    copy (select z as zone, date '2026-01-01' + d::int as day, round(8 + 3 * sin(d / 7.0 + z) + (i * 7919 % 100) / 25.0, 2) as fare, (i % 9)::int as passengers
                    from range({file * 20}, {file * 20 + 20}) zones(z), range(60) days(d), range(60) rides(i) order by z, d) to '{folder}/{file}.parquet' (format parquet, row_group_size 2048)
                    """);
                await api.Objects.PutAsync($"lake/rides/{file}.parquet", await File.ReadAllBytesAsync($"{folder}/{file}.parquet", Cancellation), PutCondition.None, Cancellation);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        const string Reduce = """{ "groupBy": ["day"], "aggregates": { "rides": "len()", "revenue": "sum(fare)", "longest": "max(fare)" } }""";
        await api.Client.StartAsync("rides-by-day", Fanfold.Spec("lake/rides", "zone", Reduce, "results/rides-by-day.parquet", """{ "where": "passengers > 0", "limits": { "parallel": 6, "memory": "256MiB" } }""").ToJsonString(), Cancellation);
        await api.Client.WaitAsync("rides-by-day", cancellationToken: Cancellation);
        await using var page = await OpenPage.CreateAsync(chromium, 1180, 970);
        await page.GoToAsync($"{api.Endpoint}runs/rides-by-day");
        await page.StatusAsync("Succeeded");
        await page.Card("Chart").Locator("path.curve").WaitForAsync();
        await page.UntilAsync("document.querySelector('.partitions .shown')?.textContent.startsWith('80 partitions')");
        Assert.Matches("Row groups\\s+9\\d % avoided", await page.Card("Work avoided").InnerTextAsync());
        Assert.Equal("first 100 of 4,800 rows", await page.Card("Result").Locator(".note").InnerTextAsync());
        await page.PictureAsync("rides");
        var picture = Path.Combine(Executable.Root, "docs", "run-page.png");
        if (OpenPage.TakesPictures)
        {
            await page.Tab.SetViewportSizeAsync(1180, await page.AskAsync<int>("Math.round(document.querySelector('section[aria-label=Timeline] .readout').getBoundingClientRect().bottom + 16)"));
            await page.AskAsync<bool>("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
            await page.Tab.ScreenshotAsync(new PageScreenshotOptions { Path = picture });
        }
        Assert.InRange(new FileInfo(picture).Length, 10_000, 150 << 10);
        page.AssertQuiet();
    }

    /// <summary>In both themes, which the button chooses.</summary>
    static async Task AccessAsync(OpenPage page, string picture)
    {
        foreach (var theme in new[] { "light", "dark" })
        {
            while (await page.AskAsync<string>("document.getElementById('theme').textContent") != $"Theme: {theme}") await page.Tab.Locator("#theme").ClickAsync();
            Assert.Equal(theme, await page.AskAsync<string>("document.documentElement.dataset.theme"));
            await page.PictureAsync($"{picture}-{theme}");
            Assert.Empty(await page.FaultsOfAccessAsync());
        }
    }
}
