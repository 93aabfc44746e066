using System.Security.Cryptography;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Scan;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>Finds the distinct values of the partition column, with their rows, in the row groups of a plan that is otherwise complete.</summary>
delegate Task<List<Partition>> DiscoverPartitions(Schema columns, IReadOnlyList<PlannedFile> files, CancellationToken cancellationToken);

/// <summary>Turns a spec and the footers of its source into tasks. Reads no data pages itself.</summary>
/// <param name="lanes">How many tasks will run at once.</param>
/// <param name="leastSlice">As <see cref="HostCapacity"/> has it.</param>
/// <param name="kept">Slices of shared scans that were done before; null for none.</param>
sealed class RunPlanner(IObjectStore data, ITaskIsolation isolation, DiscoverPartitions discover, PluginLookup plugins, int lanes, long leastSlice, KeptSlices? kept = null)
{
    /// <exception cref="PlanRefusedException">The run can't be planned.</exception>
    public async Task<(PlanHeader Header, List<TaskSlice> Slices)> PlanAsync(RunSpec spec, CancellationToken cancellationToken)
    {
        CheckCap(spec.Limits.Memory);
        var traffic = new Traffic();
        var listed = await SourceListing.ListAsync(data, spec.Source, cancellationToken);
        var sources = await FooterCatalog.ReadAsync(data, spec.Source.Path, listed, traffic, cancellationToken);
        var plugin = spec.Reduce.Plugin is { } name ? await plugins.FindAsync(name, cancellationToken) : null;
        var resolved = ColumnResolution.Resolve(spec, sources, plugin);
        if (resolved.Reduction.Plugin is { } found) resolved = await plugins.CompleteAsync(spec, resolved, found, cancellationToken);
        var bounds = new BoundsTable(resolved, sources);
        var files = sources.Select((source, file) => Planned(source, file, resolved, bounds)).ToList();
        var named = spec.PartitionBy switch
        {
            { Values: { } values } => PartitionList.Of(values, resolved.Columns[0]),
            { Ranges: { } ranges } => RangeList.Of(ranges, resolved.Columns[0]),
            _ => PartitionList.OfConstants(files, resolved.Sources[0].Files),
        };
        var distinct = new DistinctEstimate(resolved, sources, bounds);
        // Types and plug-in belong to it: another file may widen the ones, another worker bring a newer other.
        var reductionHash = Hash([spec.ComputeHash(), .. resolved.Columns.Fields.Select(field => field.Type.ToString()), .. resolved.Reduction.Plugin is { } versioned ? [versioned.Name, versioned.Version] : Array.Empty<string>()]);
        // What other versions of the engine made may have other bytes.
        var cache = Hash(reductionHash, EngineVersion, $"{WorkerTask.CurrentVersion}")[..32];
        var planned = new PlannedSource(resolved, sources, files, bounds, distinct, reductionHash);
        var shared = new SharedScanPlan(planned, SharedScanPlan.PartitionsOf(spec, named), spec, lanes, leastSlice, kept is null || !StrategyChoice.MayShare(spec) || SharedScanPlan.IsPlaced(resolved.Reduction) ? [] : await kept.FindAsync(cache, files, cancellationToken));
        var single = new PartitionPlan(planned, spec.Limits.Memory.Bytes, isolation.IdleMemory);
        var model = new CostModel(files, new PartitionSpread(resolved, files, bounds, distinct, named), resolved.Reduction, shared.Groups);
        // Where rows are dropped, what a shared scan merges does not tell how many its partitions had.
        var isCounted = spec.Where is not null && planned.IsStored;
        var choice = StrategyChoice.Of(spec, model, shared.Slices, isDiscovered: named is null, isCounted, kept is null ? null : await kept.StrategyAsync(cancellationToken), isAll => isAll ? shared.Peak(isolation.IdleMemory) : single.Peak(named));
        List<TaskSlice> slices;
        if (choice.Slices is not null)
        {
            if (isCounted) await discover(resolved.Columns, files, cancellationToken);
            slices = shared.Tasks(isolation.IdleMemory);
        }
        else slices = single.Tasks(named ?? await discover(resolved.Columns, files, cancellationToken));
        var groups = files.SelectMany(file => file.RowGroups).ToList();
        var matched = slices.Sum(slice => slice.Matched.Sum(run => (long)run.To - run.From));
        // A shared scan goes over all row groups once.
        var passes = choice.Slices is null ? slices.Count : 1L;
        var bytesMatched = slices.Sum(slice => slice.Matched.Sum(run => Groups(files, run).Sum(group => group.Bytes)));
        var header = new PlanHeader
        {
            SpecHash = spec.ComputeHash(),
            EngineVersion = EngineVersion,
            Strategy = choice.Strategy,
            StrategyReason = choice.Reason,
            Candidates = choice.Candidates,
            Shared = choice.Slices is null ? null : shared.Partitions,
            Cache = choice.Slices is null || kept is not { IsFresh: false } ? null : cache,
            Columns = [.. resolved.Columns.Fields.Select(field => new TaskColumn(field.Name, field.Type))],
            ResultColumns = resolved.ResultColumns,
            Where = spec.Where,
            Derived = resolved.Derived.Count == 0 ? null : resolved.Derived,
            Reduction = resolved.Reduction,
            Files = files,
            Discovered = spec.PartitionBy is { Values: null, Ranges: null },
            RowsAfterWhere = groups.Where(group => !group.PrunedByWhere).Sum(group => group.Rows),
            RowsTotal = groups.Sum(group => group.Rows),
            RowGroupsTotal = groups.Count,
            Totals = new PlanTotals(matched, groups.Count * passes - matched, bytesMatched, groups.Sum(group => group.Bytes) * passes - bytesMatched, traffic.Requests),
            SlicesHash = "",
            SliceOffsets = [0],
        };
        return (header, slices);
    }

    void CheckCap(ByteSize cap)
    {
        if (isolation.MinMemory is var least && cap.Bytes >= least) return;
        throw new PlanRefusedException("cap-too-small", $"\"limits.memory\" is {cap}, and this host's worker can't work with less than {new ByteSize(least)}; raise it to that.", pointer: "/limits/memory");
    }

    /// <summary>Written into results, so that equal inputs, spec and version give equal bytes.</summary>
    public static string EngineVersion => typeof(RunPlanner).Assembly.GetName().Version!.ToString(3);

    public static IEnumerable<PlannedRowGroup> Groups(IReadOnlyList<PlannedFile> files, RowGroupRun run) => files[run.File].RowGroups.Skip(run.From).Take(run.To - run.From);

    static PlannedFile Planned(SourceFile source, int file, ResolvedSpec resolved, BoundsTable bounds)
    {
        var columns = resolved.Sources.Select(column => column.Files[file]).ToList();
        var where = resolved.Where is { } condition && FileColumn.CanMatch(condition, columns) ? condition : null;
        var groups = source.Footer.RowGroups.Where(group => group.Rows > 0).Select((group, position) => new PlannedRowGroup(
            group.Ordinal, group.Rows, resolved.Where is not null && where?.CanMatch(bounds.Of(file, position)) != true,
            [.. columns.Index().Where(column => column.Item.Stored is not null).Select(column => ForTask(group.Chunks[column.Item.Stored!.Ordinal], isFiltered: column.Index == 0 || where?.Ordinals.Contains(column.Index) == true))]));
        return new PlannedFile(source.Path, source.Properties.ETag, source.Properties.Length, source.Footer.Rows, source.Footer.DataEnd, [.. columns.Select(column => column.Stored)], [.. groups])
        {
            Constants = columns.Any(column => column is { Stored: null, Constant.IsNull: false }) ? [.. columns.Select(column => column.Stored is null ? ScalarText.Write(column.Constant) : null)] : null,
        };
    }

    // A plan holds each chunk once more for every byte left in: what only pruning reads is kept for the columns that prune.
    static ColumnChunk ForTask(ColumnChunk chunk, bool isFiltered) => isFiltered
        ? chunk with { MinValue = null, MaxValue = null }
        : chunk with { MinValue = null, MaxValue = null, ColumnIndex = null, BloomFilter = null, IsDictionaryEncoded = false };

    public static string InputsHash(IReadOnlyList<PlannedFile> files, IReadOnlyList<RowGroupRun> runs) => ReduceRunner.InputsHash(
        runs.GroupBy(run => run.File).Select(file => (files[file.Key].Path, files[file.Key].ETag, file.SelectMany(run => Groups(files, run)).Select(group => group.Ordinal))));

    internal static string Hash(params string[] texts) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', texts))));
}

/// <summary>What the statistics prove about each column of each row group that has rows.</summary>
sealed class BoundsTable
{
    readonly ColumnBounds[][][] _bounds;

    public BoundsTable(ResolvedSpec resolved, IReadOnlyList<SourceFile> files)
    {
        _bounds = [.. files.Select((file, index) => file.Footer.RowGroups.Where(group => group.Rows > 0)
            .Select(group => resolved.Rows.Bounds([.. resolved.Sources.Select(column => column.Files[index]).Select(column => column.Bounds(column.Stored is { } stored ? group.Chunks[stored.Ordinal] : null))])).ToArray())];
    }

    /// <param name="position">Among the file's row groups that have rows.</param>
    public ReadOnlySpan<ColumnBounds> Of(int file, int position) => _bounds[file][position];
}
