using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /api/runs/{id}/result</c>: the file that the run committed, in the format that its spec names.</summary>
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
        var word = manifest.Result.Format.ToString().ToLowerInvariant();
        if (http.Request.Query["format"] is { Count: > 0 } format && format != word)
            return new Problem(StatusCodes.Status400BadRequest, "invalid-query", $"The query parameter format is not {word}, the format that the spec names.");
        if (manifest.Result.Format == ResultFormat.Hive)
            return new Problem(StatusCodes.Status409Conflict, "result-is-a-folder", $"The result of run '{id}' is a folder of files.", $"Read the files that '{path}' names in the state store.");
        var reader = await api.State.OpenAsync(manifest.Result.Path, aborted);
        if (reader is not null && reader.Properties.ETag == manifest.Result.ETag)
            return new Download(reader, manifest.Result.Hash, manifest.Result.Format == ResultFormat.Csv ? "text/csv; charset=utf-8" : "application/vnd.apache.parquet", $"{id}.{word}");
        if (reader is not null) await reader.DisposeAsync();
        return Gone(id);
    }

    static Problem Gone(string id) => new(StatusCodes.Status410Gone, "result-replaced", $"The result of run '{id}' is not there any more: it was removed, or another run wrote its own there.", "Start the run under a new id.");
}
