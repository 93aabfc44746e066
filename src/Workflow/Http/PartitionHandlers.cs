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
    /// <summary>Partitions on a page.</summary>
    public const int MaxSize = 10_000;

    const int MaxReceipt = 1 << 20;
    const int MaxJson = 64 << 20;

    /// <summary>Receipts that one request reads at once.</summary>
    const int AtOnce = 32;

    public static async Task<IResult> ListAsync(string id, HttpContext http, ApiContext api)
    {
        if (!RunPaths.IsRunId(id)) return RunHandlers.InvalidId();
        var (query, refusal) = PageQuery.Read(http.Request, MaxSize, static token => int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out _), "pending", "running", "succeeded", "empty", "failed");
        if (query is null) return refusal!;
        var aborted = http.RequestAborted;
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, aborted) is not { } record) return Problem.NotFound(id);
        var paths = new RunPaths(id, record.Redrive);
        var plans = new PlanStore(api.State, paths);
        var items = new List<PartitionItem>();
        if (await plans.ReadHeaderAsync(aborted) is not { } header) return Page(null);

        var made = await MadeAsync(api.State, paths, hasEnded: record.Summary is not null, aborted);
        var bytes = new PlannedBytes(header);
        var first = query.After is { } after ? Math.Min(int.Parse(after, CultureInfo.InvariantCulture), header.Tasks - 1) + 1 : 0;
        await using var slices = await plans.OpenSlicesAsync(header, aborted);
        // A filter may have to look at all of them.
        var end = query.Status is null ? (int)Math.Min((long)first + query.Size, header.Tasks) : header.Tasks;
        var candidates = await plans.ReadSlicesAsync(header, slices, first, end, aborted);
        if (query.Status is "pending" or "running" or "failed") candidates.RemoveAll(slice => made.Of(slice, paths) != query.Status);
        foreach (var some in candidates.Chunk(AtOnce))
        {
            // A directory opens its files at once, on the thread of whoever asks.
            foreach (var item in await Task.WhenAll(some.Select(slice => Task.Run(() => ReadAsync(api.State, paths, slice, made, bytes, aborted), aborted))))
            {
                if (query.Status is not null && item.Status != query.Status) continue;
                if (items.Count == query.Size) return Page(Next());
                items.Add(item);
            }
        }
        return Page(end < header.Tasks ? Next() : null);

        string Next() => query.Next(http.Request, items[^1].Index.ToString(CultureInfo.InvariantCulture));

        Answer Page(string? next) => Answer.Of(new Page<PartitionItem>(items, next), ApiJson.Default.PagePartitionItem);
    }

    static async Task<PartitionItem> ReadAsync(IObjectStore state, RunPaths paths, TaskSlice slice, Made made, PlannedBytes bytes, CancellationToken cancellationToken)
    {
        var (status, rowGroups, toRead) = (made.Of(slice, paths), slice.Matched.Sum(run => run.To - run.From), slice.Matched.Sum(bytes.Of));
        var item = new PartitionItem(slice.Index, slice is { Value: null, IsShared: false } ? null : slice.Partition, status, rowGroups, slice.Rows, ForecastMemory: Known(slice.ForecastMemory))
        {
            RowGroupsPruned = bytes.RowGroups - rowGroups, BytesToRead = toRead, BytesPruned = bytes.Total - toRead,
        };
        if (status == "running") return made.TryOf(slice) is var (path, number) && await TaskAttempts.ReadAsync(state, path, cancellationToken) is { } mark ? item with { StartedAt = mark.StartedAt, Attempt = number } : item;
        if (status == "pending" || await state.ReadAllAsync(status == "failed" ? paths.Failure(slice.TaskId) : paths.Receipt(slice.TaskId), MaxReceipt, cancellationToken) is not { } json) return item;
        var receipt = StoredJson.Read(json, WorkflowJson.Default.TaskReceipt, WorkerTask.CurrentVersion, "receipt", paths.RunId);
        item = item with
        {
            BytesRead = receipt.BytesRead, PeakMemory = Known(receipt.PeakMemory), ElapsedMs = receipt.ElapsedMs, Requests = receipt.Requests,
            Attempt = receipt.Attempt > 0 ? receipt.Attempt : null, StartedAt = receipt.StartedAt, Pieces = receipt.Pieces > 0 ? receipt.Pieces : null, ScratchBytes = Known(receipt.ScratchBytes),
        };
        return status == "failed"
            ? item with { Error = receipt.Failure is { } failure ? failure with { Message = Secrets.Hide(failure.Message), File = Problem.Hidden(failure.File) } : null }
            : item with
            {
                Status = receipt.Part is null ? "empty" : status, RowsIn = receipt.RowsInPartition, RowsOut = receipt.Part?.Rows ?? 0,
                RowsDecoded = receipt.RowsDecoded, RowsPruned = receipt.RowsPruned, RowsSelected = receipt.RowsSelected,
            };
    }

    static async Task<Made> MadeAsync(IObjectStore state, RunPaths paths, bool hasEnded, CancellationToken cancellationToken)
    {
        var (names, begun) = (new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var folder in new[] { paths.Receipts, Folder(paths.Failure("any")) }.Distinct())
            await foreach (var entry in state.ListAsync(folder, cancellationToken)) names.Add(entry.Path);
        if (!hasEnded)
            await foreach (var entry in state.ListAsync(paths.Attempts, cancellationToken)) begun.TryAdd(TaskOf(entry.Path), entry.Path);
        var givenUp = await state.ReadAllAsync(paths.GivenUp, MaxJson, cancellationToken) is { } json ? JsonSerializer.Deserialize(json, WorkflowJson.Default.IReadOnlyListInt32)! : [];
        return new Made(names, begun, [.. givenUp]);
    }

    static string Folder(string path) => path[..path.LastIndexOf('/')];

    /// <summary>The id of the task that a try is of, or a piece of.</summary>
    static string TaskOf(string attempt) => attempt[(attempt.LastIndexOf('/') + 1)..].Split('.')[0];

    static long? Known(long bytes) => bytes > 0 ? bytes : null;

    /// <param name="Names">The paths of all receipts of the run's tasks and of the failures of this drive.</param>
    /// <param name="Begun">The first mark of a try that has begun and not ended, by the id of its task.</param>
    /// <param name="GivenUp">The tasks that combining gave up, whatever they made.</param>
    sealed record Made(HashSet<string> Names, Dictionary<string, string> Begun, HashSet<int> GivenUp)
    {
        /// <summary>The mark of a task's try, and the try's number where its name has it.</summary>
        public (string Path, int? Number)? TryOf(TaskSlice slice) =>
            Begun.GetValueOrDefault(slice.TaskId) is { } path ? (path, int.TryParse(path.AsSpan(path.LastIndexOf('.') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null) : null;

        /// <summary>The status as far as names tell: what succeeded may be empty.</summary>
        public string Of(TaskSlice slice, RunPaths paths) =>
            GivenUp.Contains(slice.Index) ? "failed"
            : Names.Contains(paths.Receipt(slice.TaskId)) ? "succeeded"
            : Begun.ContainsKey(slice.TaskId) ? "running"
            : Names.Contains(paths.Failure(slice.TaskId)) ? "failed"
            : "pending";
    }

    /// <summary>Compressed bytes of the columns in use, of all row groups and of some.</summary>
    sealed class PlannedBytes(PlanHeader header)
    {
        readonly long[][] _before = [.. header.Files.Select(file => Before(file.RowGroups))];

        public int RowGroups => header.RowGroupsTotal;

        public long Total { get; } = header.Files.Sum(file => file.RowGroups.Sum(group => group.Bytes));

        public long Of(RowGroupRun run) => _before[run.File][run.To] - _before[run.File][run.From];

        static long[] Before(IReadOnlyList<PlannedRowGroup> groups)
        {
            var before = new long[groups.Count + 1];
            for (var i = 0; i < groups.Count; i++) before[i + 1] = before[i] + groups[i].Bytes;
            return before;
        }
    }
}
