using System.Diagnostics;
using System.Net;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>The trace id of an answer leads to the host's log, and to the trace of the request where that is recorded.</summary>
[Collection(nameof(TelemetryTests))]
public sealed class RequestTraceTests
{
    const string Trace = "0af7651916cd43dd8448eb211c80319c", Span = "b7ad6b7169203331", Parent = $"00-{Trace}-{Span}-01";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static string TraceOf(Reply reply) => reply.Json.GetProperty("traceId").GetString()!;

    [Fact]
    public async Task Problem_NothingListens_HasATraceIdOfItsOwnOrItsCallers()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        string[] made = [TraceOf(await api.GetAsync("/api/runs/one")), TraceOf(await api.GetAsync("/api/runs/one")), TraceOf(await api.GetAsync("/api/runs/one", ("traceparent", "00-none")))];
        Assert.All(made, id => Assert.Matches("^[0-9a-f]{32}$", id));
        Assert.Equal(made, made.Distinct());
        Assert.Equal(Trace, TraceOf(await api.GetAsync("/api/runs/one", ("traceparent", Parent))));
    }

    [Fact]
    public async Task Bug_IsLoggedWithTheTraceIdOfItsAnswer()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        api.Harness.Store.Hook = call => throw new InvalidOperationException("scripted");
        var reply = await api.GetAsync("/api/runs/one?status=x%0A");
        Assert.Equal("bug", reply.Refusal(HttpStatusCode.InternalServerError));
        Assert.True(api.Log.TryDequeue(out var line));
        Assert.StartsWith($"GET /api/runs/one, trace id {TraceOf(reply)}: System.InvalidOperationException: scripted", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_Traced_IsASpanBelowItsCaller_AndItsRunATraceOfItsOwn()
    {
        var spans = new List<Activity>();
        string missing;
        using (var traces = Sdk.CreateTracerProviderBuilder().AddSource(Telemetry.Name).AddInMemoryExporter(spans).Build())
        {
            var harness = new RunHarness();
            await harness.WriteDataAsync(1);
            await using var api = await ServedApi.StartAsync(harness);
            Assert.Equal(HttpStatusCode.Accepted, (await api.PutAsync("/api/runs/one", RunHarness.Spec().ToJson(), ("traceparent", Parent))).Status);
            await api.EndAsync("one");
            missing = TraceOf(await api.GetAsync("/api/nothing"));
            await api.StopRunsAsync();
            Assert.True(traces.ForceFlush());
        }
        var put = Assert.Single(spans, span => span.DisplayName == "request" && Equals(span.GetTagItem("http.request.method"), "PUT"));
        Assert.Equal((ActivityKind.Server, Trace, Span, "/api/runs/{id}", 202), (put.Kind, put.TraceId.ToHexString(), put.ParentSpanId.ToHexString(), put.GetTagItem("http.route"), put.GetTagItem("http.response.status_code")));
        var none = Assert.Single(spans, span => span.TraceId.ToHexString() == missing);
        Assert.Equal(("request", null, 404), (none.DisplayName, none.GetTagItem("http.route"), none.GetTagItem("http.response.status_code")));
        var run = Assert.Single(spans, span => span.DisplayName == "run");
        Assert.Equal(default, run.ParentSpanId);
        Assert.NotEqual(Trace, run.TraceId.ToHexString());
    }
}
