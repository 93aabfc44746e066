using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Fanfold.LocalHost.Durable;
using Fanfold.LocalHost.Serving;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Http.OpenApi;
using Fanfold.Workflow.Tests.Running;
using Microsoft.AspNetCore.Builder;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>The API on a free port of this machine, over a store in memory.</summary>
sealed class ServedApi : IAsyncDisposable
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly ServedRuns _runs;
    readonly WebApplication _server;
    Task? _stopped;

    public RunHarness Harness { get; }

    public HttpClient Client { get; }

    /// <summary>Requests that met a defect or were broken off, as the server logs them; what a test expects it takes out.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    ServedApi(RunHarness harness, int atOnce)
    {
        Harness = harness;
        _runs = new ServedRuns(harness.Store, TimeProvider.System, atOnce, (request, _, token) => LocalEngine.RunAsync(harness.DriveOf(request), request, token), static _ => { });
        _server = LocalServer.Create(new ApiContext(harness.Store, harness.Store, new StoreLocation("/data"), new StoreLocation("/state"), harness.Isolation, _runs, TimeProvider.System, "in process"), ["http://127.0.0.1:0"], Log.Enqueue);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    }

    public static async Task<ServedApi> StartAsync(RunHarness harness, int atOnce = 4)
    {
        var api = new ServedApi(harness, atOnce);
        await api._server.StartAsync(Cancellation);
        api.Client.BaseAddress = new Uri(api._server.Urls.Single());
        return api;
    }

    /// <summary>Stops driving: at once for what is under way, which may take a while to see it.</summary>
    public Task StopRunsAsync() => _stopped ??= _runs.DisposeAsync().AsTask();

    public Task ResumeAsync() => _runs.ResumeAsync(Cancellation);

    public Task<Reply> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Reply> PutAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Put, path, Json(body), headers);

    public Task<Reply> PostAsync(string path, string? body = null, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, body is null ? null : Json(body), headers);

    public async Task<Reply> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request, Cancellation);
        var reply = new Reply(response, await response.Content.ReadAsByteArrayAsync(Cancellation));
        OpenApiAnswers.Assert(method.Method, request.RequestUri!.AbsolutePath, reply);
        return reply;
    }

    /// <summary>Asks for the run until it has ended.</summary>
    public async Task<JsonElement> EndAsync(string runId)
    {
        while (true)
        {
            var reply = await GetAsync($"/api/runs/{runId}");
            Assert.Equal(HttpStatusCode.OK, reply.Status);
            if (reply.Json.TryGetProperty("summary", out _)) return reply.Json;
            Assert.Equal("1", reply.Header("Retry-After"));
        }
    }

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
        await StopRunsAsync();
        Assert.Empty(Log);
    }
}

/// <summary>An answer, read whole.</summary>
sealed class Reply(HttpResponseMessage response, byte[] body)
{
    readonly Dictionary<string, string> _headers = response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);

    public HttpStatusCode Status { get; } = response.StatusCode;

    public byte[] Body => body;

    public JsonElement Json => JsonDocument.Parse(body).RootElement;

    /// <summary>The headers and the body as text.</summary>
    public string Everything => string.Concat(_headers.Select(header => $"{header.Key}: {header.Value}\n")) + Encoding.UTF8.GetString(body);

    public string? Header(string name) => _headers.GetValueOrDefault(name);

    /// <summary>The code of a refusal, which has the form that all have.</summary>
    public string Refusal(HttpStatusCode status)
    {
        Assert.True(Status == status, $"{(int)Status}, not {(int)status}: {Encoding.UTF8.GetString(body)}");
        Assert.Equal("application/problem+json", Header("Content-Type"));
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        Assert.NotEqual("", Json.GetProperty("title").GetString());
        Assert.NotEqual("", Json.GetProperty("detail").GetString());
        Assert.NotEqual("", Json.GetProperty("traceId").GetString());
        var code = Json.GetProperty("code").GetString()!;
        Assert.Equal(code, Header("x-ms-error-code"));
        return code;
    }
}
