using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Planning;

/// <summary>Slices of shared scans whose states may be there already: those of the run's drive before, and those in the cache of its reduction.</summary>
/// <param name="fresh">Whether nothing of other runs may be used.</param>
sealed class KeptSlices(IObjectStore state, RunPaths paths, bool fresh)
{
    const int MaxJson = 256 << 20;

    public bool IsFresh => fresh;

    /// <summary>The slices of which every file is there unchanged, none sharing a row group with one before it.</summary>
    public async Task<List<IReadOnlyList<RowGroupRun>>> FindAsync(string cache, IReadOnlyList<PlannedFile> files, CancellationToken cancellationToken)
    {
        var slices = await OfLastDriveAsync(cancellationToken);
        if (!fresh && await ReadAsync(cache, cancellationToken) is var (index, _)) slices.AddRange(index.Slices.Select(slice => slice.RowGroups));
        var places = files.Select((file, index) => (file, index)).ToDictionary(at => at.file.Path, at => at, StringComparer.Ordinal);
        var kept = new List<IReadOnlyList<RowGroupRun>>();
        foreach (var slice in slices)
        {
            var runs = slice.Select(RowGroupRun? (run) => places.TryGetValue(run.Path, out var at) && at.file.ETag == run.ETag && run.From >= 0 && run.To > run.From && run.To <= at.file.RowGroups.Count ? new RowGroupRun(at.index, run.From, run.To) : null).ToList();
            if (runs.Count > 0 && !runs.Contains(null)) kept.Add([.. runs.OfType<RowGroupRun>().OrderBy(run => run.File).ThenBy(run => run.From)]);
        }
        return kept;
    }

    /// <summary>Names this plan's slices in the cache, so that later plans find them, and a purge knows that they are in use.</summary>
    public async Task NameAsync(PlanHeader header, IReadOnlyList<TaskSlice> slices, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (header.Cache is not { } cache) return;
        var mine = slices.Select(slice => new CachedSlice(slice.TaskId, now, [.. slice.Matched.Select(run => new CachedRowGroups(header.Files[run.File].Path, header.Files[run.File].ETag, run.From, run.To))])).ToList();
        var ids = mine.Select(slice => slice.TaskId).ToHashSet(StringComparer.Ordinal);
        while (true)
        {
            var (before, etag) = await ReadAsync(cache, cancellationToken) ?? (new SliceIndex([]), null);
            var index = before with { Slices = [.. mine, .. before.Slices.Where(slice => !ids.Contains(slice.TaskId))] };
            if (await TryPutAsync(state, cache, index, etag, cancellationToken)) return;
        }
    }

    Task<(SliceIndex Index, string? ETag)?> ReadAsync(string cache, CancellationToken cancellationToken) => ReadAsync(state, cache, cancellationToken);

    /// <summary>Null where there is none, or none that this build can read.</summary>
    public static async Task<(SliceIndex Index, string? ETag)?> ReadAsync(IObjectStore state, string cache, CancellationToken cancellationToken)
    {
        if (await state.ReadVersionAsync(CachePaths.Index(cache), MaxJson, cancellationToken) is not var (json, etag)) return null;
        try
        {
            return (JsonSerializer.Deserialize(json, WorkflowJson.Default.SliceIndex) is { Version: <= SliceIndex.CurrentVersion } index ? index : new SliceIndex([]), etag);
        }
        catch (JsonException)
        {
            return (new SliceIndex([]), etag);
        }
    }

    /// <summary>False when another has changed it meanwhile.</summary>
    public static async Task<bool> TryPutAsync(IObjectStore state, string cache, SliceIndex index, string? etag, CancellationToken cancellationToken)
    {
        try
        {
            await state.PutAsync(CachePaths.Index(cache), JsonSerializer.SerializeToUtf8Bytes(index, WorkflowJson.Default.SliceIndex), PutCondition.Over(etag), cancellationToken);
            return true;
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return false;
        }
    }

    /// <summary>The strategy of the run's last drive that was planned, whose receipts no other strategy's tasks would find; null where there was none.</summary>
    public async Task<string?> StrategyAsync(CancellationToken cancellationToken) => (await LastPlanAsync(cancellationToken))?.Header.Strategy;

    async Task<(PlanStore Plans, PlanHeader Header)?> LastPlanAsync(CancellationToken cancellationToken)
    {
        for (var redrive = paths.Redrive - 1; redrive >= 0; redrive--)
        {
            var plans = new PlanStore(state, paths with { Redrive = redrive });
            if (await plans.ReadHeaderAsync(cancellationToken) is { } header) return (plans, header);
        }
        return null;
    }

    async Task<List<IReadOnlyList<CachedRowGroups>>> OfLastDriveAsync(CancellationToken cancellationToken)
    {
        if (await LastPlanAsync(cancellationToken) is not var (plans, header) || header.Shared is null) return [];
        return [.. (await plans.ReadSlicesAsync(header, cancellationToken)).Select(slice => slice.Matched.Select(run => new CachedRowGroups(header.Files[run.File].Path, header.Files[run.File].ETag, run.From, run.To)).ToList())];
    }
}

/// <summary>The slices of a reduction's cache.</summary>
public sealed record SliceIndex(IReadOnlyList<CachedSlice> Slices)
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
}

/// <param name="TaskId">Names its states and their receipt.</param>
/// <param name="UsedAt">When a plan last named it.</param>
public sealed record CachedSlice(string TaskId, DateTimeOffset UsedAt, IReadOnlyList<CachedRowGroups> RowGroups);

/// <summary>Row groups <paramref name="From"/> to <paramref name="To"/> − 1 of a version of a file, by position among those that have rows.</summary>
public sealed record CachedRowGroups(string Path, string ETag, int From, int To);

/// <summary>The names of what shared scans keep for later runs, in the state store: by reduction and engine version a folder of states, each with its receipt, and an index.</summary>
public static class CachePaths
{
    public const string Root = "fanfold/cache";

    public static string Folder(string cache) => $"{Root}/{cache}";

    public static string Index(string cache) => $"{Folder(cache)}/slices.json";

    public static string Part(string cache, string taskId) => $"{Folder(cache)}/{taskId}.parquet";

    public static string Receipt(string cache, string taskId) => $"{Folder(cache)}/{taskId}.json";
}
