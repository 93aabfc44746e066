using System.Globalization;
using System.Net;
using System.Text;
using Fanfold.Workflow.Tests.Running;
using Fanfold.Workflow.Tests.Spec;

namespace Fanfold.Workflow.Tests.Http;

public sealed class HttpFuzzTests(ITestOutputHelper output)
{
    const int Requests = 20_000;
    const int AtOnce = 8;
    const long MaxGrowth = 256 << 20;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly string[] Ids =
    [
        "one", "done", "none", "ONE", "..", "%2e%2e", "%2E%2E%2Fspec.json", "a%2Fb", "a%5Cb", "%00", "a%00b", "%0D%0AX-Header:1", "%ED%A0%80", "%FF", "%", "%zz", "%E2%80%AE", "*", "~", "'", "\"", "{id}", "a;b", "a:b", "con",
        new('a', 100), new('a', 101), new('a', 2000), "-", "_", ".hidden", "%7Bid%7D", "%25%32%65", "@x",
    ];

    static readonly string[] Paths =
        ["/api/runs/{0}", "/api/runs/{0}/partitions", "/api/runs/{0}/cancel", "/api/runs/{0}/redrive", "/api/runs/{0}/events", "/api/runs/{0}/plan", "/api/runs/{0}/result", "/api/runs/done/result", "/api/openapi.json", "/api/runs", "/api/plans", "/api/health", "/api/{0}", "/{0}", "/api/runs/{0}/{0}", "//api//runs", "/api/runs/{0}/"];

    static readonly string[] Queries =
        ["", "", "?maxPageSize={0}", "?format={0}", "?format=json", "?format=csv&format=csv", "?format=parquet&format", "?format=%00", "?maxPageSize=-1", "?maxPageSize=1e3", "?continuation={0}", "?continuation=2147483648", "?status={0}", "?status=failed&status=failed", "?&&==&%", "?maxPageSize=%00", "?continuation=%ED%A0%80"];

    static readonly string[] Methods = ["GET", "PUT", "PUT", "POST", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "BREW"];

    static readonly string?[] Types = ["application/json", "application/json", "application/json", "application/json; charset=utf-8", "text/json", "application/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x", ";", "application/", "", null];

    static readonly (string Name, string Value)[] Headers =
    [
        ("If-None-Match", "*"), ("If-None-Match", "\"unclosed"), ("If-None-Match", new string(',', 2000)), ("Origin", "null"), ("Origin", "http://evil.example"), ("Origin", "\u0001"), ("Last-Event-ID", new string('x', 4000)),
        ("Idempotency-Key", ""), ("Idempotency-Key", new string('k', 3000)), ("Content-Encoding", "gzip"), ("Range", "bytes=9-1"), ("Accept", "\"\"\";;"), ("Accept", "application/json;q=2, text/csv;q=-1"), ("Accept", "text/csv"), ("Accept", new string('*', 3000)), ("If-Range", "W/\"x"), ("Range", "bytes=0-0,-1,5-"), ("Host", "evil.example"), ("Expect", "100-continue"), ("X-HTTP-Method-Override", "DELETE"),
    ];

    [Fact]
    public async Task Requests_OfAnyKind_AreRefusedWithAProblemAtMost()
    {
        var seed = Environment.GetEnvironmentVariable("FANFOLD_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : 20261126;
        output.WriteLine($"FANFOLD_SEED={seed}");
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await using var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/done", RunHarness.Spec().ToJson());
        await api.EndAsync("done");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var seen = new int[600];
        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancellation }, async (number, _) =>
        {
            var random = new Random(seed + number);
            using var request = Make(api.Client.BaseAddress!, random);
            // An answer to HEAD has no body, and a stream of events has no end.
            using var response = await SendAsync(api.Client, request);
            if (response is null) return;
            Interlocked.Increment(ref seen[(int)response.StatusCode]);
            if ((int)response.StatusCode < 400) return;
            var reply = new Reply(response, await response.Content.ReadAsByteArrayAsync(Cancellation));
            var target = request.RequestUri!.OriginalString;
            var what = $"request {number} of seed {seed}: {request.Method} {target[..Math.Min(target.Length, 200)]}";
            Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} for {what}");
            // What is no HTTP never reaches the API.
            if (response.StatusCode == HttpStatusCode.BadRequest && reply.Body.Length == 0 && IsNoHttp(request)) return;
            Assert.True(reply.Header("Content-Type") == "application/problem+json", $"{(int)response.StatusCode} without a problem for {what}");
            if (request.Method != HttpMethod.Head) reply.Refusal(response.StatusCode);
        });
        output.WriteLine(string.Join(", ", seen.Index().Where(status => status.Item > 0).Select(status => $"{status.Index}: {status.Item}")));
        // Each kind of answer was reached.
        Assert.All(new[] { 202, 400, 403, 404, 405, 413, 415, 421 }, status => Assert.True(seen[status] > 0, $"no answer was {status}"));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MaxGrowth);
    }

    /// <summary>Null when the server closed the connection while a body was still sent that belongs to no HTTP.</summary>
    static async Task<HttpResponseMessage?> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        }
        catch (HttpRequestException) when (request.Content is not null && IsNoHttp(request))
        {
            return null;
        }
    }

    static bool IsNoHttp(HttpRequestMessage request) => request.RequestUri!.OriginalString.Contains("%00", StringComparison.Ordinal) || request.Method == HttpMethod.Trace || request.Headers.Any(header => header.Value.Any(value => value.Any(char.IsControl)));

    static HttpRequestMessage Make(Uri server, Random random)
    {
        var id = random.Next(3) == 0 ? "one" : Pick(random, Ids);
        var target = string.Format(CultureInfo.InvariantCulture, Pick(random, Paths) + Pick(random, Queries), id);
        var request = new HttpRequestMessage(new HttpMethod(Pick(random, Methods)), new Uri(server.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (random.Next(4) > 0 && request.Method != HttpMethod.Trace)
        {
            request.Content = new ByteArrayContent(Body(random));
            if (Pick(random, Types) is { } type) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        if (random.Next(4) == 0)
        {
            var (name, value) = Pick(random, Headers);
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
        }
        return request;
    }

    static byte[] Body(Random random)
    {
        switch (random.Next(12))
        {
            case 0: return [];
            case 1: return Encoding.UTF8.GetBytes(Nested(random, "[", random.Next(2) == 0 ? "]" : ""));
            case 2: return Encoding.UTF8.GetBytes(Nested(random, "{\"source\":", "}"));
            case 3: return Encoding.UTF8.GetBytes(SpecSamples.Minimal.Replace("\"version\": 1", "\"version\": 1, \"version\": 1", StringComparison.Ordinal));
            case 4: return Encoding.UTF8.GetBytes(SpecSamples.Minimal.Replace("lake/trips", "\\ud800", StringComparison.Ordinal));
            case 5: return [.. Encoding.UTF8.GetBytes(SpecSamples.Minimal), 0xED, 0xA0, 0x80];
            case 6: return Encoding.Unicode.GetBytes(SpecSamples.Minimal);
            case 7: return random.Next(20) == 0 ? [.. Encoding.UTF8.GetBytes(SpecSamples.Minimal), .. new byte[1 << 20]] : "null"u8.ToArray();
            case 8: return Encoding.UTF8.GetBytes(SpecSamples.Minimal);
            case 9:
                var noise = new byte[random.Next(200)];
                random.NextBytes(noise);
                return noise;
            default:
                var bytes = new List<byte>(Encoding.UTF8.GetBytes(SpecSamples.Full));
                for (var changes = random.Next(1, 6); changes > 0; changes--)
                {
                    var at = random.Next(bytes.Count);
                    if (random.Next(2) == 0) bytes[at] = (byte)random.Next(256);
                    else bytes.RemoveRange(at, random.Next(1, Math.Min(30, bytes.Count - at) + 1));
                }
                return [.. bytes];
        }
    }

    static string Nested(Random random, string open, string close)
    {
        var depth = random.Next(10) == 0 ? 100_000 : random.Next(1, 100);
        return string.Concat(Enumerable.Repeat(open, depth)) + (close.Length > 0 ? "1" : "") + string.Concat(Enumerable.Repeat(close, depth));
    }

    static T Pick<T>(Random random, T[] choices) => choices[random.Next(choices.Length)];
}
