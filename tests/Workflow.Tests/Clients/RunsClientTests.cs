using System.Net;
using Fanfold.Client;
using Microsoft.Extensions.Time.Testing;
using static Fanfold.Workflow.Tests.Clients.ScriptedHost;

namespace Fanfold.Workflow.Tests.Clients;

/// <summary>What the client makes of answers, whatever host gives them.</summary>
public sealed class RunsClientTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly Func<HttpRequestMessage, HttpResponseMessage> Busy = Says(HttpStatusCode.ServiceUnavailable, "", headers: ("Retry-After", "7"));

    readonly FakeTimeProvider _time = new();

    RunsClient Client(ScriptedHost host, string endpoint = "https://app.example/base") =>
        new(new HttpClient(host), new Uri(endpoint), new RunsClientOptions { FunctionsKey = "KEY", Time = _time, Retries = 2 });

    async Task<T> PassAsync<T>(Task<T> asking)
    {
        while (!asking.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        return await asking;
    }

    [Fact]
    public async Task Request_OfABusyHost_IsRepeatedWhenItSays()
    {
        using var host = new ScriptedHost(Busy, Busy, Says(HttpStatusCode.OK, Going));
        var began = _time.GetUtcNow();
        Assert.Equal("r", (await PassAsync(Client(host).StartAsync("r", "{}", Cancellation))).RunId);
        Assert.True(_time.GetUtcNow() - began >= TimeSpan.FromSeconds(14));
        Assert.Equal(3, host.Requests.Count);
        Assert.All(host.Requests, request => Assert.Equal((HttpMethod.Put, "https://app.example/base/api/runs/r", "KEY"), (request.Method, request.Address.AbsoluteUri, request.Headers["x-functions-key"])));
    }

    [Fact]
    public async Task Request_OfAHostThatStaysBusy_IsGivenUp()
    {
        using var host = new ScriptedHost(Busy, Busy, Busy);
        var refused = await Assert.ThrowsAsync<RunsApiException>(() => PassAsync(Client(host).GetAsync("r", Cancellation)));
        Assert.Equal(("http-503", TimeSpan.FromSeconds(7), 3), (refused.Code, refused.RetryAfter, host.Requests.Count));
    }

    [Fact]
    public async Task Request_ThatMayNotBeRepeatedOrIsNotAskedToBe_IsSentOnce()
    {
        using var redriven = new ScriptedHost(Busy);
        await Assert.ThrowsAsync<RunsApiException>(() => Client(redriven).RedriveAsync("r", Cancellation));
        using var silent = new ScriptedHost(Says(HttpStatusCode.ServiceUnavailable, ""));
        await Assert.ThrowsAsync<RunsApiException>(() => Client(silent).GetAsync("r", Cancellation));
        using var broken = new ScriptedHost(Says(HttpStatusCode.InternalServerError, "", headers: ("Retry-After", "1")));
        await Assert.ThrowsAsync<RunsApiException>(() => Client(broken).GetAsync("r", Cancellation));
        Assert.All([redriven, silent, broken], host => Assert.Single(host.Requests));
    }

    [Fact]
    public async Task Start_UnderANewId_RepeatsItsKey()
    {
        using var host = new ScriptedHost(Busy, Says(HttpStatusCode.Accepted, Going), Says(HttpStatusCode.Accepted, Going));
        var client = Client(host);
        await PassAsync(client.StartNewAsync("{}", cancellationToken: Cancellation));
        await client.StartNewAsync("{}", cancellationToken: Cancellation);
        var keys = host.Requests.Select(request => request.Headers["Idempotency-Key"]).ToList();
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(keys[1], keys[2]);
    }

    [Fact]
    public async Task Refusal_HasEverythingThatTheHostSaid()
    {
        using var host = new ScriptedHost(Says(HttpStatusCode.BadRequest, """
            { "status": 400, "title": "Bad Request", "code": "spec-refused", "detail": "Refused.", "hint": "Correct it.", "traceId": "t1", "errors": [{ "code": "required", "message": "It is missing.", "pointer": "/reduce" }], "new": {} }
            """, "application/problem+json"));
        var refused = await Assert.ThrowsAsync<RunsApiException>(() => Client(host).StartAsync("r", "{}", Cancellation));
        Assert.Equal((HttpStatusCode.BadRequest, "spec-refused", "Refused.", "Correct it.", "t1"), (refused.Status, refused.Code, refused.Detail, refused.Hint, refused.TraceId));
        Assert.Equal(new RunError("required", "It is missing.", Pointer: "/reduce"), Assert.Single(refused.Errors));
        Assert.Equal("Refused. /reduce: It is missing. Correct it.", refused.Message);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, "<html></html>", "text/html", "unexpected-answer")]
    [InlineData(HttpStatusCode.OK, "null", "application/json", "unexpected-answer")]
    [InlineData(HttpStatusCode.OK, """{ "runId": "r", "status": 7 }""", "application/json", "unexpected-answer")]
    [InlineData(HttpStatusCode.BadGateway, "<html></html>", "text/html", "http-502")]
    [InlineData(HttpStatusCode.BadGateway, "{ half", "application/problem+json", "http-502")]
    [InlineData(HttpStatusCode.Redirect, "", "text/plain", "http-302")]
    public async Task Answer_OfSomethingElse_IsARefusal(HttpStatusCode status, string body, string type, string code)
    {
        using var host = new ScriptedHost(Says(status, body, type));
        Assert.Equal(code, (await Assert.ThrowsAsync<RunsApiException>(() => Client(host).GetAsync("r", Cancellation))).Code);
    }

    [Fact]
    public async Task List_WhoseNextPageIsSaidToBeElsewhere_StaysAtTheHost()
    {
        const string First = """{ "value": [{ "runId": "a", "status": "failed", "stalled": false }], "nextLink": "http://evil.example/x?continuation=a&maxPageSize=1" }""";
        using var host = new ScriptedHost(Says(HttpStatusCode.OK, First), Says(HttpStatusCode.OK, """{ "value": [{ "runId": "b", "stalled": false }] }"""));
        Assert.Equal(["a", "b"], await Client(host).ListAsync(RunStatus.SucceededWithFailures, 1, Cancellation).Select(run => run.RunId).ToListAsync(Cancellation));
        Assert.Equal(["https://app.example/base/api/runs?maxPageSize=1&status=succeededWithFailures", "https://app.example/base/api/runs?continuation=a&maxPageSize=1"], host.Requests.Select(request => request.Address.AbsoluteUri));
    }

    [Fact]
    public async Task Wait_AsksAsTheHostWishesAndOnlyForNews()
    {
        using var host = new ScriptedHost(Says(HttpStatusCode.OK, Going, headers: [("ETag", "\"1\""), ("Retry-After", "3")]), Says(HttpStatusCode.NotModified, "", headers: ("Retry-After", "3")), Says(HttpStatusCode.OK, Ended));
        var (began, seen) = (_time.GetUtcNow(), 0);
        Assert.True((await PassAsync(Client(host).WaitAsync("r", _ => seen++, Cancellation))).HasEnded);
        Assert.True(_time.GetUtcNow() - began >= TimeSpan.FromSeconds(6));
        Assert.Equal((2, "\"1\"", "\"1\""), (seen, host.Requests[1].Headers["If-None-Match"], host.Requests[2].Headers["If-None-Match"]));
    }

    [Fact]
    public async Task Wait_ForAHostThatGoesAway_LastsAsLongAsItsTries()
    {
        using var back = new ScriptedHost(IsGone, Says(HttpStatusCode.OK, Going), IsGone, IsGone, Says(HttpStatusCode.OK, Ended));
        Assert.True((await PassAsync(Client(back).WaitAsync("r", null, Cancellation))).HasEnded);
        using var gone = new ScriptedHost(IsGone, IsGone, IsGone);
        await Assert.ThrowsAsync<HttpRequestException>(() => PassAsync(Client(gone).WaitAsync("r", null, Cancellation)));
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task WaitAndWatch_AHostThatIsSaidToBeAway_LastAsLongAsTheirTries(HttpStatusCode status)
    {
        var away = Says(status, "<html></html>", "text/html");
        using var waited = new ScriptedHost(away, away, Says(HttpStatusCode.OK, Going), Busy, away, Says(HttpStatusCode.OK, Ended));
        var began = _time.GetUtcNow();
        Assert.True((await PassAsync(Client(waited).WaitAsync("r", null, Cancellation))).HasEnded);
        Assert.True(_time.GetUtcNow() - began >= TimeSpan.FromSeconds(1 + 2 + 1 + 7 + 2));
        using var watched = new ScriptedHost(away, Busy, Says(HttpStatusCode.OK, $"event: run\nid: e1\ndata: {Ended}\n\n", "text/event-stream"));
        Assert.Equal(["e1"], (await PassAsync(Client(watched).WatchAsync("r", null, Cancellation).ToListAsync(Cancellation).AsTask())).Select(seen => seen.Id));
        using var gone = new ScriptedHost(away, away, away);
        Assert.Equal(status, (await Assert.ThrowsAsync<RunsApiException>(() => PassAsync(Client(gone).WaitAsync("r", null, Cancellation)))).Status);
        using var unwatched = new ScriptedHost(away, away, away);
        Assert.Equal(status, (await Assert.ThrowsAsync<RunsApiException>(() => PassAsync(Client(unwatched).WatchAsync("r", null, Cancellation).ToListAsync(Cancellation).AsTask()))).Status);
    }

    [Fact]
    public async Task Watch_AStreamThatBreaksOff_GoesOnWhereItWas()
    {
        using var host = new ScriptedHost(
            Says(HttpStatusCode.OK, $": hello\n\nevent: run\nid: e1\ndata: {Going}\n\nevent: other\ndata: {{}}\n\nevent: run\nid: e2\ndata: {{ \"half", "text/event-stream"), IsGone, IsGone,
            Says(HttpStatusCode.OK, $"event: run\nid: e3\ndata: {Ended}\n\n", "text/event-stream"));
        var events = await PassAsync(Client(host).WatchAsync("r", "e0", Cancellation).ToListAsync(Cancellation).AsTask());
        Assert.Equal(["e1", "e3"], events.Select(seen => seen.Id));
        Assert.Equal(["e0", "e1", "e1", "e1"], host.Requests.Select(request => request.Headers["Last-Event-ID"]));
    }

    [Fact]
    public async Task Watch_AHostThatStaysAway_IsGivenUp_AndOneWithNothingMoreEnds()
    {
        using var host = new ScriptedHost(IsGone, IsGone, IsGone);
        await Assert.ThrowsAsync<HttpRequestException>(() => PassAsync(Client(host).WatchAsync("r", null, Cancellation).ToListAsync(Cancellation).AsTask()));
        using var done = new ScriptedHost(Says(HttpStatusCode.NoContent, ""));
        Assert.Empty(await Client(done).WatchAsync("r", "e9", Cancellation).ToListAsync(Cancellation));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("A")]
    public async Task Id_ThatIsNone_IsNotAskedFor(string id)
    {
        using var host = new ScriptedHost();
        await Assert.ThrowsAsync<ArgumentException>(() => Client(host).GetAsync(id, Cancellation));
        Assert.Empty(host.Requests);
    }
}
