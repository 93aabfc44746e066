using System.Net.Http.Headers;
using System.Text;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>No answer repeats a key or a signature, whoever put it into a message: a store, a worker or the caller.</summary>
public sealed class SecretTests(ITestOutputHelper output)
{
    const string Canary = "C4nAry0fASecret";

    static readonly string[] Texts =
    [
        $"Get https://acct.blob.core.windows.net/c/b?sv=2024-11-04&sp=r&sig={Canary}%3D&se=2030-01-01 failed",
        $"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={Canary}==;EndpointSuffix=core.windows.net can't be read",
        $"BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=sv=2024&sig={Canary}",
        $"https://acct.blob.core.windows.net/c?SV=1&SIG={Canary}",
        $"https%3A%2F%2Facct%3Fsig%3D{Canary}",
    ];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly string Spec = RunHarness.Spec().ToJson();

    [Fact]
    public async Task Answers_WhateverAStoreSays_RepeatNoSecret()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await using var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/one", Spec);
        await api.EndAsync("one");
        var (answers, refusals) = (0, 0);
        foreach (var route in Routes.All)
        {
            foreach (var text in Texts)
            {
                foreach (var failure in Enum.GetValues<StorageFailure>())
                {
                    foreach (var operation in new StoreOperation?[] { null, StoreOperation.Read, StoreOperation.List, StoreOperation.Put })
                    {
                        harness.Store.Hook = call => operation is null || call.Operation == operation ? throw new StorageException(failure, text, text) : Task.CompletedTask;
                        var reply = await SendAsync(api, route, Spec);
                        harness.Store.Hook = null;
                        answers++;
                        if ((int)reply.Status >= 400) refusals++;
                        AssertClean(reply, $"{route.Method} {route.Template}, {failure} at {operation}");
                    }
                }
            }
        }
        output.WriteLine($"{answers} answers, {refusals} of them refusals");
        Assert.InRange(refusals, answers / 4, answers);
    }

    [Fact]
    public async Task Answers_WhateverAWorkerSays_RepeatNoSecret()
    {
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) =>
            ScriptedIsolation.PartitionOf(task) is { } partition ? TaskRunner.Failed(task.TaskId, TaskOutcome.BadData, TaskFailure.Of("scripted", Texts[partition], Texts[partition])) : null));
        await harness.WriteDataAsync(Texts.Length);
        await using var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/one", Spec);
        var ended = await api.EndAsync("one");
        Assert.Equal("failed", ended.GetProperty("status").GetString());
        Assert.Equal(Texts.Length, (await api.GetAsync("/api/runs/one/partitions?status=failed")).Json.GetProperty("value").GetArrayLength());
        foreach (var route in Routes.All.Where(route => route.Method == "GET")) AssertClean(await SendAsync(api, route, Spec), $"{route.Method} {route.Template}");
    }

    [Fact]
    public async Task Answers_WhateverTheCallerSends_RepeatNoSecret()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        foreach (var text in Texts)
        {
            foreach (var body in new[] { text, $"\"{text}\"", $$"""{ "version": 1, "{{text}}": 1 }""", Spec.Replace("\"lake\"", $"\"{text}\"", StringComparison.Ordinal), Spec.Replace("sum(amount)", text, StringComparison.Ordinal) })
            {
                foreach (var route in Routes.All)
                {
                    AssertClean(await SendAsync(api, route, body), $"{route.Method} {route.Template}");
                    AssertClean(await SendAsync(api, route, body, $"?status={Uri.EscapeDataString(text)}"), $"{route.Method} {route.Template}");
                }
            }
        }
    }

    /// <summary>Of a stream only what comes first is read.</summary>
    static async Task<Reply> SendAsync(ServedApi api, Route route, string body, string query = "")
    {
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), route.Template.Replace("{id}", "one", StringComparison.Ordinal) + query);
        if (route.TakesSpec) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream") return new Reply(response, await response.Content.ReadAsByteArrayAsync(Cancellation));
        await using var stream = await response.Content.ReadAsStreamAsync(Cancellation);
        var first = new byte[64 << 10];
        var read = await stream.ReadAtLeastAsync(first, 100, throwOnEndOfStream: false, Cancellation);
        return new Reply(response, first[..read]);
    }

    static void AssertClean(Reply reply, string what)
    {
        var text = reply.Everything;
        var at = text.IndexOf(Canary, StringComparison.OrdinalIgnoreCase);
        Assert.True(at < 0, $"{what}: {text[Math.Max(0, at - 100)..Math.Min(text.Length, Math.Max(0, at) + 30)]}");
    }
}
