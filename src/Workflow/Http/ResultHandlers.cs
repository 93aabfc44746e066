using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /api/runs/{id}/result</c>: what the run committed, as it is stored or converted: to what the query says, or else the header Accept.</summary>
public static class ResultHandlers
{
    const int MaxJson = 1 << 30;

    public static async Task<IResult> GetAsync(string id, HttpContext http, ApiContext api)
    {
        var (found, refusal) = await FindAsync(id, http, api);
        if (found is not var (manifest, _)) return refusal!;
        var stored = DownloadFormat.Of(manifest.Result.Format);
        if (DownloadFormat.Asked(http.Request, stored) is not { } format)
            return new Problem(StatusCodes.Status400BadRequest, "invalid-query", $"The query parameter format is not one of {string.Join(", ", DownloadFormat.All.Select(one => one.Word))}.");
        http.Response.Headers.Vary = "Accept";
        var fileName = $"{id}.{format.Word}";
        if (format != stored || manifest.Result.Format == ResultFormat.Hive) return new Conversion(api, id, manifest, format, fileName);
        var reader = await api.State.OpenAsync(manifest.Result.Path, http.RequestAborted);
        if (reader is not null && reader.Properties.ETag == manifest.Result.ETag) return new Download(reader, manifest.Result.Hash, format.ContentType, fileName);
        if (reader is not null) await reader.DisposeAsync();
        return Gone(id);
    }

    /// <summary><c>GET /api/runs/{id}/manifest</c>: as it is stored.</summary>
    public static async Task<IResult> GetManifestAsync(string id, HttpContext http, ApiContext api)
    {
        var (found, refusal) = await FindAsync(id, http, api);
        return found is var (_, json) ? Answer.Versioned(json) : refusal!;
    }

    /// <summary>Writes an answer of <see cref="GetAsync"/> for a caller who is not at the other end of a connection that can be broken.</summary>
    /// <returns>Why the body is none, or only a part; null when it is the whole result.</returns>
    public static async Task<Problem?> WriteAsync(IResult answer, HttpContext http)
    {
        if (answer is Problem problem) return problem;
        if (answer is Conversion conversion) return await conversion.WriteAsync(http);
        await answer.ExecuteAsync(http);
        return null;
    }

    /// <summary>The manifest of what the run committed, or why there is none.</summary>
    static async Task<((Manifest Manifest, byte[] Json)? Found, Problem? Refusal)> FindAsync(string id, HttpContext http, ApiContext api)
    {
        if (!RunPaths.IsRunId(id)) return (null, RunHandlers.InvalidId());
        var aborted = http.RequestAborted;
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, aborted) is not { } record) return (null, Problem.NotFound(id));
        if (record.Summary is not { Status: RunStatus.Succeeded or RunStatus.SucceededWithFailures, Output: { } output })
        {
            if (record.Summary is null) http.Response.Headers.RetryAfter = RunHandlers.RetryAfterSeconds;
            return (null, new Problem(StatusCodes.Status409Conflict, "no-result", $"The run '{id}' has no result.", $"GET /api/runs/{id} shows whether it still goes on, or why it has none."));
        }
        if (await api.State.ReadAllAsync(RunPaths.Manifest(output), MaxJson, aborted) is not { } json) return (null, Gone(id));
        var manifest = StoredJson.Read(json, WorkflowJson.Default.Manifest, Manifest.CurrentVersion, "manifest", id);
        var isOwn = manifest.SpecHash == record.SpecHash && (await CommittedAsync(new RunPaths(id, record.Redrive), api, aborted) is not { } own || own.Hash == manifest.Result.Hash);
        return isOwn ? ((manifest, json), null) : (null, Gone(id));
    }

    /// <summary>Null for a run of an older build, which did not keep it.</summary>
    static async Task<CommittedResult?> CommittedAsync(RunPaths paths, ApiContext api, CancellationToken cancellationToken) =>
        await api.State.ReadAllAsync(paths.Committed, MaxJson, cancellationToken) is { } json ? StoredJson.Read(json, WorkflowJson.Default.CommittedResult, CommittedResult.CurrentVersion, "committed result", paths.RunId) : null;

    internal static Problem Gone(string id) => new(StatusCodes.Status410Gone, "result-replaced", $"The result of run '{id}' is not there any more: it was removed, or another run wrote its own there.", "Start the run under a new id.");
}
