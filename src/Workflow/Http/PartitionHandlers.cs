using System.Globalization;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /api/runs/{id}/partitions</c>: in plan order, in pages, filtered by status. The names of all receipts are listed, and those of the page are read.</summary>
public static class PartitionHandlers
{
    const int MaxReceipt = 1 << 20;
    const int MaxJson = 64 << 20;

    public static async Task<IResult> ListAsync(string id, HttpContext http, ApiContext api)
    {
        if (!RunPaths.IsRunId(id)) return RunHandlers.InvalidId();
        var (query, refusal) = PageQuery.Read(http.Request, static token => int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out _), "pending", "succeeded", "empty", "failed");
        if (query is null) return refusal!;
        var aborted = http.RequestAborted;
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, aborted) is not { } record) return Problem.NotFound(id);
        var paths = new RunPaths(id, record.Redrive);
        var plans = new PlanStore(api.State, paths);
        var items = new List<PartitionItem>();
        if (await plans.ReadHeaderAsync(aborted) is not { } header) return Page(null);

        var made = await MadeAsync(api.State, paths, aborted);
        var first = query.After is { } after ? Math.Min(int.Parse(after, CultureInfo.InvariantCulture), header.Tasks - 1) + 1 : 0;
        // A filter may have to look at all of them, which one read gives.
        var all = query.Status is null ? null : await plans.ReadSlicesAsync(header, aborted);
        await using var slices = await plans.OpenSlicesAsync(header, aborted);
        for (var index = first; index < header.Tasks; index++)
        {
            var slice = all?[index] ?? await plans.ReadSliceAsync(header, slices, index, aborted);
            if (query.Status is "pending" or "failed" && made.Of(slice, paths) != query.Status) continue;
            if (items.Count == query.Size) return Page(query.Next(http.Request, items[^1].Index.ToString(CultureInfo.InvariantCulture)));
            var item = await ReadAsync(api.State, paths, slice, made, aborted);
            if (query.Status is null || item.Status == query.Status) items.Add(item);
        }
        return Page(null);

        Answer Page(string? next) => Answer.Of(new Page<PartitionItem>(items, next), ApiJson.Default.PagePartitionItem);
    }

    static async Task<PartitionItem> ReadAsync(IObjectStore state, RunPaths paths, TaskSlice slice, Made made, CancellationToken cancellationToken)
    {
        var status = made.Of(slice, paths);
        var item = new PartitionItem(
            slice.Index, slice is { Value: null, IsShared: false } ? null : slice.Partition, status, slice.Matched.Sum(run => run.To - run.From), slice.Rows, ForecastMemory: Known(slice.ForecastMemory));
        if (status == "pending" || await state.ReadAllAsync(status == "failed" ? paths.Failure(slice.TaskId) : paths.Receipt(slice.TaskId), MaxReceipt, cancellationToken) is not { } json) return item;
        var receipt = StoredJson.Read(json, WorkflowJson.Default.TaskReceipt, WorkerTask.CurrentVersion, "receipt", paths.RunId);
        item = item with { BytesRead = receipt.BytesRead, PeakMemory = Known(receipt.PeakMemory), ElapsedMs = receipt.ElapsedMs };
        return status == "failed"
            ? item with { Error = receipt.Failure is { } failure ? failure with { Message = Secrets.Hide(failure.Message), File = Problem.Hidden(failure.File) } : null }
            : item with { Status = receipt.Part is null ? "empty" : status, RowsIn = receipt.RowsInPartition, RowsOut = receipt.Part?.Rows ?? 0 };
    }

    static async Task<Made> MadeAsync(IObjectStore state, RunPaths paths, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var folder in new[] { paths.Receipts, Folder(paths.Failure("any")) }.Distinct())
            await foreach (var entry in state.ListAsync(folder, cancellationToken)) names.Add(entry.Path);
        var givenUp = await state.ReadAllAsync(paths.GivenUp, MaxJson, cancellationToken) is { } json ? JsonSerializer.Deserialize(json, WorkflowJson.Default.IReadOnlyListInt32)! : [];
        return new Made(names, [.. givenUp]);
    }

    static string Folder(string path) => path[..path.LastIndexOf('/')];

    static long? Known(long bytes) => bytes > 0 ? bytes : null;

    /// <param name="Names">The paths of all receipts of the run's tasks and of the failures of this drive.</param>
    /// <param name="GivenUp">The tasks that combining gave up, whatever they made.</param>
    sealed record Made(HashSet<string> Names, HashSet<int> GivenUp)
    {
        /// <summary>The status as far as names tell: what succeeded may be empty.</summary>
        public string Of(TaskSlice slice, RunPaths paths) =>
            GivenUp.Contains(slice.Index) ? "failed"
            : Names.Contains(paths.Receipt(slice.TaskId)) ? "succeeded"
            : Names.Contains(paths.Failure(slice.TaskId)) ? "failed"
            : "pending";
    }
}
