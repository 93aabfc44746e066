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
        if (!RunPaths.IsRunId(id)) return RunHandlers.InvalidId();
        var aborted = http.RequestAborted;
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, aborted) is not { } record) return Problem.NotFound(id);
        if (record.Summary is not { Status: RunStatus.Succeeded or RunStatus.SucceededWithFailures, Output: { } output })
            return new Problem(StatusCodes.Status409Conflict, "no-result", $"The run '{id}' has no result.", $"GET /api/runs/{id} shows whether it still goes on, or why it has none.");
        var path = RunPaths.Manifest(output);
        if (await api.State.ReadAllAsync(path, MaxJson, aborted) is not { } json) return Gone(id);
        var manifest = StoredJson.Read(json, WorkflowJson.Default.Manifest, Manifest.CurrentVersion, "manifest", id);
        if (manifest.SpecHash != record.SpecHash) return Gone(id);
        var stored = DownloadFormat.Of(manifest.Result.Format);
        if (DownloadFormat.Asked(http.Request, stored) is not { } format)
            return new Problem(StatusCodes.Status400BadRequest, "invalid-query", $"The query parameter format is not one of {string.Join(", ", DownloadFormat.All.Select(one => one.Word))}.");
        http.Response.Headers.Vary = "Accept";
        var fileName = $"{id}.{format.Word}";
        if (format != stored || manifest.Result.Format == ResultFormat.Hive) return new Conversion(api.State, manifest, format, fileName);
        var reader = await api.State.OpenAsync(manifest.Result.Path, aborted);
        if (reader is not null && reader.Properties.ETag == manifest.Result.ETag) return new Download(reader, manifest.Result.Hash, format.ContentType, fileName);
        if (reader is not null) await reader.DisposeAsync();
        return Gone(id);
    }

    internal static Problem Gone(string id) => new(StatusCodes.Status410Gone, "result-replaced", $"The result of run '{id}' is not there any more: it was removed, or another run wrote its own there.", "Start the run under a new id.");
}
