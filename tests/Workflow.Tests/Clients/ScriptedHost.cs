using System.Net;
using System.Text;

namespace Fanfold.Workflow.Tests.Clients;

/// <summary>A host whose answers the test gives, one to each request; it keeps the requests.</summary>
sealed class ScriptedHost(params Func<HttpRequestMessage, HttpResponseMessage>[] answers) : HttpMessageHandler
{
    public const string Going = """{ "version": 1, "runId": "r", "specHash": "h", "status": "running", "startedAt": "2026-01-01T00:00:00Z" }""";

    public static string Ended { get; } = Going.Replace("running", "failed", StringComparison.Ordinal).TrimEnd('}') + """
        , "summary": { "runId": "r", "status": "failed", "partitions": { "total": 0, "succeeded": 0, "empty": 0, "failed": 0 }, "tasks": { "total": 0, "succeeded": 0, "failed": 0, "reused": 0 },
          "rowGroups": { "total": 0, "matched": 0, "pruned": 0 }, "rowsIn": 0, "rowsOut": 0, "bytesRead": 0, "bytesPruned": 0, "requests": 0, "peakWorkerMemory": 0, "forecastWorkerMemory": 0, "elapsedMs": 0, "strategy": "perPartition" } }
        """.ReplaceLineEndings(" ");

    public List<(HttpMethod Method, Uri Address, Dictionary<string, string> Headers)> Requests { get; } = [];

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add((request.Method, request.RequestUri!, request.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase)));
        return Task.FromResult(answers[Requests.Count - 1](request));
    }

    public static Func<HttpRequestMessage, HttpResponseMessage> Says(HttpStatusCode status, string body, string type = "application/json", params (string Name, string Value)[] headers) => _ =>
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, type) };
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return response;
    };

    public static HttpResponseMessage IsGone(HttpRequestMessage request) => throw new HttpRequestException("scripted");
}
