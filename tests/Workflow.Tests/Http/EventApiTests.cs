using System.Net;
using System.Text;
using System.Text.Json;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

public sealed class EventApiTests
{
    [Fact]
    public async Task Events_OfARun_TellUntilItsEnd()
    {
        var open = new TaskCompletionSource();
        var harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            if (task.Reduce is not null) await open.Task;
            return null;
        }));
        await harness.WriteDataAsync(3);
        await using var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/told", RunHarness.Spec().ToJson());

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs/told/events");
        using var response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var events = new List<(string Id, JsonElement Record)>();
        var id = "";
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            events.Add((id, JsonDocument.Parse(line[6..]).RootElement));
            open.TrySetResult();
        }
        Assert.False(events[0].Record.TryGetProperty("summary", out _));
        Assert.Equal("succeeded", events[^1].Record.GetProperty("status").GetString());
        Assert.Equal(events.Count, events.DistinctBy(one => one.Id).Count());

        // Who has heard the end hears no more, and who has not hears it again.
        Assert.Equal(HttpStatusCode.NoContent, (await api.GetAsync("/api/runs/told/events", ("Last-Event-ID", events[^1].Id))).Status);
        var again = Encoding.UTF8.GetString((await api.GetAsync("/api/runs/told/events", ("Last-Event-ID", events[0].Id))).Body);
        Assert.Contains($"id: {events[^1].Id}\n", again, StringComparison.Ordinal);
        Assert.Equal("run-not-found", (await api.GetAsync("/api/runs/none/events")).Refusal(HttpStatusCode.NotFound));
    }
}
