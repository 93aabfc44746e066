using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The first thing that a newcomer calls, from source as the README says.</summary>
public sealed partial class DemoTests : IDisposable
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new(Executable.FromSource);

    public void Dispose() => _fanfold.Dispose();

    [Fact]
    public async Task Demo_RunTwice_MakesItsDataOnce()
    {
        var first = (await _fanfold.CallAsync("demo", "--json")).Exits(0);
        var written = WrittenAt();
        var second = (await _fanfold.CallAsync("demo")).Exits(0);

        Assert.Contains("made the data set", first.Stderr, StringComparison.Ordinal);
        Assert.Contains("the data set is there already", second.Stderr, StringComparison.Ordinal);
        Assert.NotEmpty(written);
        Assert.Equal(written, WrittenAt());
        Assert.Equal("succeeded", (string?)first.Json["status"]);
        Assert.Equal("""{"total":64,"succeeded":64,"empty":0,"failed":0}""", first.Json["partitions"]!.ToJsonString());
        Assert.True(File.Exists(Path.Combine(_fanfold.Folder, ".fanfold/demo", (string)first.Json["output"]!)));
        Assert.Contains("64: 64 succeeded, 0 empty, 0 failed", second.Stdout, StringComparison.Ordinal);
        // What to do next, with the run that this was.
        var runId = Directory.EnumerateDirectories(Path.Combine(_fanfold.Folder, ".fanfold/demo/fanfold/runs")).Select(Path.GetFileName).Single(id => id != (string?)first.Json["runId"]);
        Assert.Contains($"fanfold serve --store .fanfold/demo, then http://127.0.0.1:7117/runs/{runId}", second.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_Served_ShowsItsRunUntilItIsStopped()
    {
        using var demo = await _fanfold.StartAsync("demo", "--serve", "--urls", "http://127.0.0.1:0");
        await demo.SaysAsync("this run in a browser");
        while (!demo.HasExited && !Page().IsMatch(demo.Said)) await Task.Yield();
        var page = Page().Match(demo.Said);
        Assert.True(page.Success, demo.Said);
        using var http = new HttpClient { BaseAddress = new Uri(page.Groups[1].Value) };

        // Before the run has begun there is none of this id yet.
        JsonNode? run = null;
        while (!demo.HasExited && run?["summary"] is null)
        {
            using var answer = await http.GetAsync($"/api/runs/{page.Groups[2].Value}", Cancellation);
            if (answer.IsSuccessStatusCode) run = await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation);
        }
        Assert.Equal("succeeded", (string?)run?["status"]);
        Assert.Contains("<title>", await http.GetStringAsync($"/runs/{page.Groups[2].Value}", Cancellation), StringComparison.Ordinal);
        await demo.SaysAsync("is there until Ctrl-C");
        demo.Signal(RunningCommand.Interrupt);
        Assert.Contains("64: 64 succeeded", (await demo.EndAsync()).Exits(0).Stdout, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"this run in a browser: (http://[^/]+)/runs/(\S+)\n")]
    private static partial Regex Page();

    List<(string, DateTime)> WrittenAt() =>
        [.. Directory.EnumerateFiles(Path.Combine(_fanfold.Folder, ".fanfold/demo/lake/trips")).Order().Select(file => (file, File.GetLastWriteTimeUtc(file)))];
}
