using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /api/runs</c>: by id, in pages, filtered by status.</summary>
public static class RunListHandlers
{
    /// <summary>Records that one request reads at once.</summary>
    const int AtOnce = 32;

    public static async Task<IResult> ListAsync(HttpContext http, ApiContext api)
    {
        var (query, refusal) = PageQuery.Read(http.Request, PageQuery.MaxSize, RunPaths.IsRunId, "pending", "running", "succeeded", "succeededWithFailures", "failed", "cancelled");
        if (query is null) return refusal!;
        RunStatus? status = query.Status is { } word ? Enum.Parse<RunStatus>(word, ignoreCase: true) : null;
        var items = new List<RunItem>();
        var aborted = http.RequestAborted;
        await foreach (var some in RunList.IdsAsync(api.State, query.After, aborted).Chunk(Math.Min(AtOnce, query.Size + 1)).WithCancellation(aborted))
        {
            // A directory opens its files at once, on the thread of whoever asks.
            foreach (var item in await Task.WhenAll(some.Select(runId => Task.Run(() => ReadAsync(runId, api, aborted), aborted))))
            {
                if (item is null || status is not null && item.Status != status) continue;
                if (items.Count == query.Size) return Page(query.Next(http.Request, items[^1].RunId));
                items.Add(item);
            }
        }
        return Page(null);

        Answer Page(string? next) => Answer.Of(new Page<RunItem>(items, next), ApiJson.Default.PageRunItem);
    }

    /// <summary>Null for what an earlier purge left of a run.</summary>
    static async Task<RunItem?> ReadAsync(string runId, ApiContext api, CancellationToken cancellationToken)
    {
        try
        {
            return await RunStarter.ReadRecordAsync(api.State, runId, api.Time, cancellationToken) is { } record
                ? new RunItem(runId, record.Status, record.StartedAt, record.EndedAt, record.Stalled, record.Progress, null, record.Summary?.Partitions)
                : null;
        }
        catch (RunStateException unreadable)
        {
            return new RunItem(runId, null, null, null, false, null, Problem.Hidden(new RunError(unreadable.Code, unreadable.Message)));
        }
    }
}
