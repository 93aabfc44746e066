using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fanfold.Client;

/// <summary>Sends requests to one host, repeats those that may be, and makes an exception of every refusal.</summary>
sealed class ApiConnection(HttpClient http, Uri endpoint, RunsClientOptions options)
{
    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    const int MostDoublings = 4;

    // What is no problem document is not read whole: anything may have answered.
    const int MaxProblem = 1 << 20;

    public RunsClientOptions Options => options;

    /// <summary>The answer, whose head was read; every status that is no success is an exception.</summary>
    /// <param name="path">Below the endpoint, with its query.</param>
    /// <param name="prepare">Called for each try.</param>
    /// <param name="mayRepeat">Whether doing it twice is the same as once.</param>
    /// <param name="accepts">Another status that is an answer.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, bool mayRepeat, CancellationToken cancellationToken, Action<HttpRequestMessage>? prepare = null, HttpStatusCode accepts = HttpStatusCode.OK)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, new Uri(endpoint, path));
            if (options.FunctionsKey is { } key) request.Headers.Add("x-functions-key", key);
            prepare?.Invoke(request);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified || response.StatusCode == accepts) return response;
            using (response)
            {
                var pause = RetryAfter(response);
                if (!mayRepeat || attempt >= options.Retries || pause is null || response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                    throw new RunsApiException(response.StatusCode, await ProblemAsync(response, cancellationToken), pause);
                await Task.Delay(pause.Value, options.Time, cancellationToken);
            }
        }
    }

    /// <summary>The document that is the answer.</summary>
    public async Task<T> AskAsync<T>(HttpMethod method, string path, JsonTypeInfo<T> type, bool mayRepeat, CancellationToken cancellationToken, Action<HttpRequestMessage>? prepare = null)
    {
        using var response = await SendAsync(method, path, mayRepeat, cancellationToken, prepare);
        return await ReadAsync(response, type, cancellationToken);
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(content, type, cancellationToken) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw Foreign(response.StatusCode);
        }
    }

    /// <summary>All items of a list, a page at a time.</summary>
    public async IAsyncEnumerable<T> PagesAsync<T>(string path, string query, JsonTypeInfo<Page<T>> type, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await AskAsync(HttpMethod.Get, path + query, type, mayRepeat: true, cancellationToken);
            foreach (var item in page.Value) yield return item;
            if (page.NextLink is null) yield break;
            // The host may be known by another address here, and no key goes anywhere else.
            query = Uri.TryCreate(page.NextLink, UriKind.Absolute, out var next) ? next.Query : throw Foreign(HttpStatusCode.OK);
        }
    }

    /// <summary>When the host asks to be asked again; null where it does not say.</summary>
    public TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var said = response.Headers.RetryAfter;
        var pause = said?.Delta ?? (said?.Date is { } at ? at - options.Time.GetUtcNow() : null);
        return pause is null ? null : pause < TimeSpan.Zero ? TimeSpan.Zero : pause > LongestPause ? LongestPause : pause;
    }

    /// <summary>Whether a host that failed so may be well again after a while.</summary>
    public static bool IsPassing(Exception failure) => failure is HttpRequestException or IOException
        or RunsApiException { Status: HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout };

    /// <summary>How long to leave a host alone that failed so, whatever it asks for.</summary>
    /// <param name="failures">In a row, at least 1.</param>
    public TimeSpan PauseAfter(Exception failure, int failures)
    {
        var pause = options.Interval * (1 << Math.Min(failures - 1, MostDoublings));
        return failure is RunsApiException { RetryAfter: { } asked } && asked > pause ? asked : pause;
    }

    internal static RunsApiException Foreign(HttpStatusCode status) =>
        new(status, new Problem(null, null, "unexpected-answer", "The host answered with something that is no document of the API.", "Is the endpoint right? GET /api/health shows what answers there.", null, null), null);

    static async Task<Problem> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var nothing = new Problem(null, response.ReasonPhrase, null, null, null, null, null);
        if (response.Content.Headers.ContentType?.MediaType is not ("application/problem+json" or "application/json")) return nothing;
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxProblem, cancellationToken);
            return await ReadAsync(response, ClientJson.Default.Problem, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is RunsApiException or HttpRequestException)
        {
            return nothing;
        }
    }
}
