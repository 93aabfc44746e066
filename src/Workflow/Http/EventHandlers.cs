using System.Security.Cryptography;
using System.Text.Json;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary>
/// <c>GET /api/runs/{id}/events</c>: the record as server-sent events, now and whenever it changes, until the run has ended. An event's id names the
/// record's content, so that a caller who comes back with <c>Last-Event-ID</c> hears only what is new; 204 tells it that nothing more will come.
/// </summary>
public static class EventHandlers
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Proxies close what is silent, and only a write shows that the caller has gone.
    const int SilentIntervals = 15;

    public static async Task<IResult> GetAsync(string id, HttpContext http, ApiContext api)
    {
        if (!RunPaths.IsRunId(id)) return RunHandlers.InvalidId();
        if (await ReadAsync(id, api, http.RequestAborted) is not { } first) return Problem.NotFound(id);
        var last = http.Request.Headers["Last-Event-ID"].ToString();
        return first.IsEnd && first.Id == last ? new NothingMore() : new Stream(id, api, first, last);
    }

    static async Task<RecordEvent?> ReadAsync(string id, ApiContext api, CancellationToken cancellationToken)
    {
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, cancellationToken) is not { } record) return null;
        var json = JsonSerializer.SerializeToUtf8Bytes(RunHandlers.Shown(record), WorkflowJson.Default.RunRecord);
        return new RecordEvent(Convert.ToHexStringLower(SHA256.HashData(json))[..32], json, record.Summary is not null);
    }

    /// <param name="IsEnd">Whether the run has ended, so that no other follows.</param>
    sealed record RecordEvent(string Id, byte[] Json, bool IsEnd);

    sealed class NothingMore : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
    }

    sealed class Stream(string id, ApiContext api, RecordEvent first, string last) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var (response, aborted) = (httpContext.Response, httpContext.RequestAborted);
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-store";
            await response.Body.WriteAsync(": the record of the run, whenever it changes\n\n"u8.ToArray(), aborted);
            using var timer = new PeriodicTimer(Interval, api.Time);
            var silent = 0;
            // A purge ends it too.
            for (var (next, seen) = ((RecordEvent?)first, last); next is not null; next = await ReadAsync(id, api, aborted))
            {
                if (next.Id != seen) await response.Body.WriteAsync((byte[])[.. "event: run\nid: "u8, .. System.Text.Encoding.ASCII.GetBytes(next.Id), .. "\ndata: "u8, .. next.Json, .. "\n\n"u8], aborted);
                else if (++silent % SilentIntervals == 0) await response.Body.WriteAsync(":\n\n"u8.ToArray(), aborted);
                seen = next.Id;
                if (next.IsEnd || !await timer.WaitForNextTickAsync(aborted)) return;
            }
        }
    }
}
