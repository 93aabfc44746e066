using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fanfold.LocalHost.Serving;
using Fanfold.LocalHost.Verbs;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

public sealed class BadRequestTests
{
    static readonly string Spec = RunHarness.Spec().ToJson();

    [Fact]
    public async Task Body_TooLarge_IsRefused()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        var body = Spec + new string(' ', SpecParser.MaxBytes);
        Assert.Equal("too-large", (await api.PutAsync("/api/runs/large", body)).Refusal(HttpStatusCode.RequestEntityTooLarge));
        using var chunked = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(body))) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        chunked.Headers.ContentLength = null;
        Assert.Equal("too-large", (await api.SendAsync(HttpMethod.Put, "/api/runs/large", chunked, ("Transfer-Encoding", "chunked"))).Refusal(HttpStatusCode.RequestEntityTooLarge));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("json")]
    public async Task Body_OfAnotherType_IsRefused(string? type)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Spec));
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        Assert.Equal("unsupported-media-type", (await api.SendAsync(HttpMethod.Put, "/api/runs/one", content)).Refusal(HttpStatusCode.UnsupportedMediaType));
    }

    [Fact]
    public async Task Body_Compressed_IsRefused()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        using var content = ServedApi.Json(Spec);
        content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal("unsupported-media-type", (await api.SendAsync(HttpMethod.Put, "/api/runs/one", content)).Refusal(HttpStatusCode.UnsupportedMediaType));
    }

    [Theory]
    [InlineData("UPPER")]
    [InlineData("a%20b")]
    [InlineData("a%2Fb")]
    [InlineData("%2e%2e%2f%2e%2e%2fetc")]
    [InlineData("%ED%A0%80")]
    [InlineData("a%0D%0Ab")]
    [InlineData("ü")]
    [InlineData("@x")]
    public async Task Id_ThatIsNone_IsRefusedEverywhere(string id)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        Assert.Equal("invalid-run-id", (await api.GetAsync($"/api/runs/{id}")).Refusal(HttpStatusCode.BadRequest));
        Assert.Equal("invalid-run-id", (await api.PutAsync($"/api/runs/{id}", Spec)).Refusal(HttpStatusCode.BadRequest));
        Assert.Equal("invalid-run-id", (await api.GetAsync($"/api/runs/{id}/partitions")).Refusal(HttpStatusCode.BadRequest));
        Assert.Equal("invalid-run-id", (await api.PostAsync($"/api/runs/{id}/cancel")).Refusal(HttpStatusCode.BadRequest));
        Assert.Equal("invalid-run-id", (await api.PostAsync($"/api/runs/{id}/redrive")).Refusal(HttpStatusCode.BadRequest));
    }

    [Theory]
    [InlineData("maxPageSize=0")]
    [InlineData("maxPageSize=10001")]
    [InlineData("maxPageSize=-1")]
    [InlineData("maxPageSize=99999999999999999999")]
    [InlineData("maxPageSize=")]
    [InlineData("maxPageSize=1&maxPageSize=2")]
    [InlineData("continuation=../x")]
    [InlineData("continuation=")]
    [InlineData("status=done")]
    public async Task Query_ThatIsNone_IsRefused(string query)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        await api.Harness.StartAsync("one", RunHarness.Spec());
        Assert.Equal("invalid-query", (await api.GetAsync($"/api/runs?{query}")).Refusal(HttpStatusCode.BadRequest));
        Assert.Equal("invalid-query", (await api.GetAsync($"/api/runs/one/partitions?{query}")).Refusal(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Route_UnknownOrOfAnotherMethod_IsAProblem()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        Assert.Equal("route-not-found", (await api.GetAsync("/api/nothing")).Refusal(HttpStatusCode.NotFound));
        Assert.Equal("route-not-found", (await api.GetAsync("/runs")).Refusal(HttpStatusCode.NotFound));
        var reply = await api.SendAsync(HttpMethod.Delete, "/api/runs/one", null);
        Assert.Equal("method-not-allowed", reply.Refusal(HttpStatusCode.MethodNotAllowed));
        Assert.Contains("PUT", reply.Header("Allow"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("LOCALHOST:80", HttpStatusCode.OK)]
    [InlineData("[::1]:7117", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.evil.example:7117", HttpStatusCode.MisdirectedRequest)]
    [InlineData("192.168.0.1", HttpStatusCode.MisdirectedRequest)]
    public async Task Host_OtherThanThisMachine_IsRefused(string host, HttpStatusCode expected)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        var reply = await api.GetAsync("/api/health", ("Host", host));
        if (expected == HttpStatusCode.OK) Assert.Equal(expected, reply.Status);
        else Assert.Equal("host-refused", reply.Refusal(expected));
    }

    [Theory]
    [InlineData("http://localhost:3000", true)]
    [InlineData("http://127.0.0.1:7117", true)]
    [InlineData("http://[::1]", true)]
    [InlineData("http://evil.example", false)]
    [InlineData("https://localhost.evil.example", false)]
    [InlineData("null", false)]
    [InlineData("file://", false)]
    public async Task Origin_OtherThanThisMachine_IsRefused(string origin, bool allowed)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        var reply = await api.PutAsync("/api/runs/one", Spec, ("Origin", origin));
        if (allowed) Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        else Assert.Equal("origin-refused", reply.Refusal(HttpStatusCode.Forbidden));
    }

    [Theory]
    [InlineData("http://127.0.0.1:7117", true)]
    [InlineData("http://localhost:7117", true)]
    [InlineData("http://[::1]:0", true)]
    [InlineData("http://localhost:0", false)]
    [InlineData("http://0.0.0.0:7117", false)]
    [InlineData("http://*:7117", false)]
    [InlineData("http://192.168.0.1:7117", false)]
    [InlineData("https://localhost:7117", false)]
    [InlineData("http://user@localhost:7117", false)]
    [InlineData("http://localhost:7117/api", false)]
    [InlineData("7117", false)]
    public void Url_OfThisMachineAlone_CanBeListenedOn(string url, bool allowed)
    {
        Assert.Equal(allowed, LocalServer.Fault(url) is null);
        Assert.Equal(allowed, ServeVerb.Create().Parse(["--store", "s", "--urls", url]).Errors.Count == 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData(";")]
    [InlineData(" ; ")]
    public void Urls_ThatAreNone_AreRefused(string urls) =>
        Assert.Contains("names no address", Assert.Single(ServeVerb.Create().Parse(["--store", "s", "--urls", urls]).Errors).Message, StringComparison.Ordinal);
}
