using System.Net;
using System.Text;

namespace Fanfold.Client;

/// <summary>The runs of a host that serves the API of Fanfold: <c>fanfold serve</c> or a Functions app. Safe to use from many threads; owns nothing.</summary>
/// <remarks>
/// A refusal is a <see cref="RunsApiException"/>, a host that can't be reached an <see cref="HttpRequestException"/>. What may be repeated is repeated when the host answers 429 or 503 and
/// says when. Where a key is sent, the <see cref="HttpClient"/> should not follow redirects.
/// </remarks>
public sealed partial class RunsClient
{
    const string Runs = "api/runs";

    readonly ApiConnection _api;

    /// <param name="endpoint">Where the host is: <c>http://127.0.0.1:7117</c>, <c>https://APP.azurewebsites.net</c>.</param>
    public RunsClient(HttpClient http, Uri endpoint, RunsClientOptions? options = null)
    {
        if (!endpoint.IsAbsoluteUri || endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0) throw new ArgumentException("The endpoint is an absolute URL without query and fragment.", nameof(endpoint));
        _api = new ApiConnection(http, new Uri(endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"), options ?? new RunsClientOptions());
    }

    /// <summary>Starts the run of this id; the one that is there when it has the same spec.</summary>
    /// <param name="spec">JSON.</param>
    public Task<Run> StartAsync(string runId, string spec, CancellationToken cancellationToken = default) =>
        _api.AskAsync(HttpMethod.Put, PathOf(runId), ClientJson.Default.Run, mayRepeat: true, cancellationToken, request => request.Content = Json(spec));

    /// <summary>Starts a run under a new id.</summary>
    /// <param name="spec">JSON.</param>
    /// <param name="idempotencyKey">The same key starts the same run; null for a new one at each call.</param>
    public Task<Run> StartNewAsync(string spec, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString("N");
        return _api.AskAsync(HttpMethod.Post, Runs, ClientJson.Default.Run, mayRepeat: true, cancellationToken, request =>
        {
            request.Content = Json(spec);
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        });
    }

    /// <summary>Where a run stands.</summary>
    public Task<Run> GetAsync(string runId, CancellationToken cancellationToken = default) => _api.AskAsync(HttpMethod.Get, PathOf(runId), ClientJson.Default.Run, mayRepeat: true, cancellationToken);

    /// <summary>Cancels a run; it ends soon after. What is done is kept for a redrive.</summary>
    public Task<Run> CancelAsync(string runId, CancellationToken cancellationToken = default) =>
        _api.AskAsync(HttpMethod.Post, PathOf(runId) + "/cancel", ClientJson.Default.Run, mayRepeat: true, cancellationToken);

    /// <summary>Does again what failed or was cancelled, and keeps the rest; shows a run that succeeded as it is.</summary>
    /// <remarks>Not repeated by itself: when the first had ended meanwhile, it would be another one.</remarks>
    public Task<Run> RedriveAsync(string runId, CancellationToken cancellationToken = default) =>
        _api.AskAsync(HttpMethod.Post, PathOf(runId) + "/redrive", ClientJson.Default.Run, mayRepeat: false, cancellationToken);

    /// <summary>All runs by id.</summary>
    /// <param name="status">Only runs of this status; null for all.</param>
    public IAsyncEnumerable<RunItem> ListAsync(RunStatus? status = null, int pageSize = 100, CancellationToken cancellationToken = default) =>
        _api.PagesAsync(Runs, $"?maxPageSize={pageSize}{(status is { } only ? "&status=" + System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(only.ToString()) : "")}", ClientJson.Default.PageRunItem, cancellationToken);

    /// <summary>The partitions of a run's plan in its order; none before it is planned.</summary>
    /// <param name="status">pending, succeeded, empty or failed; null for all.</param>
    public IAsyncEnumerable<Partition> PartitionsAsync(string runId, string? status = null, int pageSize = 1000, CancellationToken cancellationToken = default) =>
        _api.PagesAsync(PathOf(runId) + "/partitions", $"?maxPageSize={pageSize}{(status is null ? "" : "&status=" + Uri.EscapeDataString(status))}", ClientJson.Default.PagePartition, cancellationToken);

    /// <summary>What a spec would do; runs nothing.</summary>
    /// <param name="spec">JSON.</param>
    public Task<Plan> PlanAsync(string spec, CancellationToken cancellationToken = default) =>
        _api.AskAsync(HttpMethod.Post, "api/plans", ClientJson.Default.Plan, mayRepeat: true, cancellationToken, request => request.Content = Json(spec));

    /// <summary>The plan of a run's last drive.</summary>
    public Task<Plan> GetPlanAsync(string runId, CancellationToken cancellationToken = default) =>
        _api.AskAsync(HttpMethod.Get, PathOf(runId) + "/plan", ClientJson.Default.Plan, mayRepeat: true, cancellationToken);

    /// <summary>Whether the host reaches its stores; a host that does not says so too.</summary>
    public async Task<Health> HealthAsync(CancellationToken cancellationToken = default)
    {
        using var response = await _api.SendAsync(HttpMethod.Get, "api/health", mayRepeat: false, cancellationToken, accepts: HttpStatusCode.ServiceUnavailable);
        return await ApiConnection.ReadAsync(response, ClientJson.Default.Health, cancellationToken);
    }

    /// <summary>Whether <paramref name="id"/> can name a run: 1 to 100 lower-case letters, digits, <c>-</c> and <c>_</c>.</summary>
    public static bool IsRunId(string id) => id.Length is >= 1 and <= 100 && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    static string PathOf(string runId) => IsRunId(runId) ? $"{Runs}/{runId}" : throw new ArgumentException("A run id has 1 to 100 lower-case letters, digits, - and _.", nameof(runId));

    static StringContent Json(string spec) => new(spec, Encoding.UTF8, "application/json");
}
