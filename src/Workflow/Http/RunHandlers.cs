using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary>Starts runs, shows where they stand, and ends or redrives them. A run goes on whatever becomes of the request that started it.</summary>
public static class RunHandlers
{
    const int MaxKey = 256;

    const string IdempotencyKey = "Idempotency-Key";

    internal const string RetryAfterSeconds = "1";

    /// <summary><c>PUT /api/runs/{id}</c>: starts the run of this id, or shows the one that is there of the same spec.</summary>
    public static Task<IResult> PutAsync(string id, HttpContext http, ApiContext api) =>
        RunPaths.IsRunId(id) ? StartAsync(id, http, api) : Task.FromResult<IResult>(InvalidId());

    /// <summary><c>POST /api/runs</c>: starts a run under a new id; under the same one where the header <c>Idempotency-Key</c> is the same.</summary>
    public static Task<IResult> PostAsync(HttpContext http, ApiContext api)
    {
        var keys = http.Request.Headers[IdempotencyKey];
        if (keys.Count == 0) return StartAsync(NewId(api.Time), http, api);
        return keys is [{ Length: >= 1 and <= MaxKey } key]
            ? StartAsync("key-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..32], http, api)
            : Task.FromResult<IResult>(new Problem(StatusCodes.Status400BadRequest, "invalid-header", $"The header {IdempotencyKey} is empty, given twice, or longer than {MaxKey} characters.", "Send a new UUID with each run, and the same one with each repetition."));
    }

    static async Task<IResult> StartAsync(string id, HttpContext http, ApiContext api)
    {
        var (spec, refusal) = await SpecBody.ReadAsync(http.Request, http.RequestAborted);
        if (spec is null) return refusal!;
        // A put that is given up may land all the same, and then nobody would drive the run.
        switch (await RunStarter.StartAsync(api.State, id, spec, fresh: false, RunOrigin.Http, api.Time, CancellationToken.None))
        {
            case RunStart.Conflict conflict:
                return http.Request.Headers.ContainsKey(IdempotencyKey) && HttpMethods.IsPost(http.Request.Method)
                    ? new Problem(StatusCodes.Status409Conflict, conflict.Error.Code, $"The header {IdempotencyKey} has a key that belongs to another spec.", "Use another key, a new UUID, with each spec.")
                    : new Problem(StatusCodes.Status409Conflict, conflict.Error.Code, $"The run id '{id}' belongs to another spec.", "Use another id; POST /api/runs gives a new one.");
            case RunStart.Ready:
                await api.Host.DriveAsync(id, CancellationToken.None);
                return await AcceptedAsync(id, http, api);
            default:
                return await ShowAsync(id, http, api);
        }
    }

    /// <summary><c>GET /api/runs/{id}</c></summary>
    public static async Task<IResult> GetAsync(string id, HttpContext http, ApiContext api) => RunPaths.IsRunId(id) ? await ShowAsync(id, http, api) : InvalidId();

    /// <summary><c>POST /api/runs/{id}/cancel</c>: 202 while it ends, 200 once it is cancelled.</summary>
    public static async Task<IResult> CancelAsync(string id, HttpContext http, ApiContext api)
    {
        if (!RunPaths.IsRunId(id)) return InvalidId();
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, http.RequestAborted) is not { } record) return Problem.NotFound(id);
        if (record.Summary is null)
        {
            await CancelSignal.SetAsync(api.State, new RunPaths(id, record.Redrive), api.Time, CancellationToken.None);
            await api.Host.DriveAsync(id, CancellationToken.None);
            return await AcceptedAsync(id, http, api);
        }
        return record.Status == RunStatus.Cancelled
            ? await ShowAsync(id, http, api)
            : new Problem(StatusCodes.Status409Conflict, "run-finished", $"The run '{id}' had ended before it could be cancelled.", $"GET /api/runs/{id} shows how.");
    }

    /// <summary><c>POST /api/runs/{id}/redrive</c>: does again what failed or was cancelled, or goes on; 200 when the run has succeeded and nothing is left to do.</summary>
    public static async Task<IResult> RedriveAsync(string id, HttpContext http, ApiContext api)
    {
        if (!RunPaths.IsRunId(id)) return InvalidId();
        if (await RunRedrive.BeginAsync(api.State, id, api.Time, CancellationToken.None) is not { } record) return Problem.NotFound(id);
        if (record.Summary is not null) return await ShowAsync(id, http, api);
        await api.Host.DriveAsync(id, CancellationToken.None);
        return await AcceptedAsync(id, http, api);
    }

    internal static Problem InvalidId() => new(StatusCodes.Status400BadRequest, "invalid-run-id", "No run can have this id: one has 1 to 100 lower-case letters, digits, - and _.");

    static async Task<IResult> AcceptedAsync(string id, HttpContext http, ApiContext api)
    {
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, http.RequestAborted) is not { } record) return Problem.NotFound(id);
        var location = $"{Address.Of(http.Request)}/api/runs/{id}";
        http.Response.Headers["Operation-Location"] = location;
        http.Response.Headers.Location = location;
        http.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Answer.Of(Shown(record), WorkflowJson.Default.RunRecord, StatusCodes.Status202Accepted);
    }

    static async Task<IResult> ShowAsync(string id, HttpContext http, ApiContext api)
    {
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, http.RequestAborted) is not { } record) return Problem.NotFound(id);
        if (record.Summary is null) http.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Answer.Versioned(Shown(record), WorkflowJson.Default.RunRecord);
    }

    // What a store or a worker said of a failure is on record as it was said.
    internal static RunRecord Shown(RunRecord record) => record.Summary is { Errors: { } errors } summary
        ? record with { Summary = summary with { Errors = [.. errors.Select(Problem.Hidden)] } }
        : record;

    internal static string NewId(TimeProvider time) => string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd-HHmmss}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
}
