using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>The page as a host serves it: what its policy allows is what is in it, and no more.</summary>
public sealed partial class PageTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/runs/one")]
    [InlineData("/runs/%3Cscript%3E")]
    [InlineData("/runs/one?code=canary")]
    public async Task Page_IsOneDocument_ThatMayLoadNothing(string path)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        var reply = await api.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, "text/html; charset=utf-8"), (reply.Status, reply.Header("Content-Type")));
        var html = Encoding.UTF8.GetString(reply.Body);
        var policy = reply.Header("Content-Security-Policy")!.Split("; ").Select(directive => directive.Split(' ', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal("'none'", policy["default-src"]);
        Assert.Equal(HashOf(Assert.Single(Script().Matches(html)).Groups[1].Value), policy["script-src"]);
        Assert.Equal(HashOf(Assert.Single(Style().Matches(html)).Groups[1].Value), policy["style-src"]);
        Assert.Equal(("'self'", "data:", "'none'", "'none'", "'none'"), (policy["connect-src"], policy["img-src"], policy["frame-ancestors"], policy["base-uri"], policy["form-action"]));
        Assert.Equal(("nosniff", "no-referrer", "DENY"), (reply.Header("X-Content-Type-Options"), reply.Header("Referrer-Policy"), reply.Header("X-Frame-Options")));
        // The same whatever is asked for: nothing of the request is in it.
        Assert.Equal((await api.GetAsync("/runs/another")).Body, reply.Body);
        Assert.Equal(HttpStatusCode.NotModified, (await api.GetAsync(path, ("If-None-Match", reply.Header("ETag")!))).Status);
    }

    [Fact]
    public async Task Page_NamesNoOtherHost_AndTakesNoMarkup()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        var html = Encoding.UTF8.GetString((await api.GetAsync("/")).Body);
        Assert.All(Address().Matches(html), match => Assert.StartsWith("http://www.w3.org/", match.Value, StringComparison.Ordinal));
        Assert.DoesNotMatch(@"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|\{\{", html);
        // By the document itself; a script may listen.
        Assert.DoesNotMatch(@"(?i)<[^>]+\son\w+\s*=", Script().Replace(html, ""));
        Assert.DoesNotMatch(@"(?i)<[^>]+\sstyle\s*=", Script().Replace(html, ""));
    }

    [Fact]
    public async Task Page_UnderAnotherName_IsRefused()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        foreach (var path in new[] { "/", "/runs/one" })
        {
            Assert.Equal("host-refused", (await api.GetAsync(path, ("Host", "rebound.example"))).Refusal(HttpStatusCode.MisdirectedRequest));
            Assert.Equal("origin-refused", (await api.GetAsync(path, ("Origin", "https://evil.example"))).Refusal(HttpStatusCode.Forbidden));
            Assert.Equal("method-not-allowed", (await api.PostAsync(path)).Refusal(HttpStatusCode.MethodNotAllowed));
        }
    }

    static string HashOf(string text) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";

    [GeneratedRegex("(?s)<script>(.*?)</script>")]
    private static partial Regex Script();

    [GeneratedRegex("(?s)<style>(.*?)</style>")]
    private static partial Regex Style();

    [GeneratedRegex(@"https?://[^\s'""`)\\]+")]
    private static partial Regex Address();
}
