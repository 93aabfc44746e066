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
sealed class RunPlanner(IObjectStore data, ITaskIsolation isolation, DiscoverPartitions discover, PluginLookup plugins)
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
        var partitions = spec.PartitionBy switch
        {
            { Values: { } values } => PartitionList.Of(values, resolved.Columns[0]),
            { Ranges: { } ranges } => RangeList.Of(ranges, resolved.Columns[0]),
            _ => PartitionList.OfConstants(files, resolved.Sources[0].Files) ?? await discover(resolved.Columns, files, cancellationToken),
        };

        var forecast = new MemoryForecast(resolved, sources, files, new DistinctEstimate(resolved, sources, bounds), isolation.IdleMemory, spec.Limits.Memory.Bytes);

        // Types and plug-in belong to it: another file may widen the ones, another worker bring a newer other.
        var reductionHash = Hash([spec.ComputeHash(), .. resolved.Columns.Fields.Select(field => field.Type.ToString()), .. resolved.Reduction.Plugin is { } versioned ? [versioned.Name, versioned.Version] : Array.Empty<string>()]);
        var slices = partitions.Select((partition, index) => Slice(index, partition, resolved, files, bounds, forecast, reductionHash)).ToList();
        var groups = files.SelectMany(file => file.RowGroups).ToList();
        var matched = slices.Sum(slice => slice.Matched.Sum(run => (long)run.To - run.From));
        var bytesMatched = slices.Sum(slice => slice.Matched.Sum(run => Groups(files, run).Sum(group => group.Bytes)));
        var header = new PlanHeader
        {
            SpecHash = spec.ComputeHash(),
            EngineVersion = EngineVersion,
            Strategy = "perPartition",
            StrategyReason = "one task per partition value is the only strategy of this version",
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
            Totals = new PlanTotals(matched, (long)groups.Count * slices.Count - matched, bytesMatched, groups.Sum(group => group.Bytes) * slices.Count - bytesMatched, traffic.Requests),
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

    static TaskSlice Slice(int index, Partition partition, ResolvedSpec resolved, List<PlannedFile> files, BoundsTable bounds, MemoryForecast forecast, string reductionHash)
    {
        var predicate = partition.Range is { } range ? Predicate.Range(resolved.Columns, 0, partition.Value, range.Below) : Predicate.Equal(resolved.Columns, 0, partition.Value);
        var runs = new List<RowGroupRun>();
        for (var file = 0; file < files.Count; file++)
        {
            var column = resolved.Sources[0].Files[file];
            for (var position = 0; position < files[file].RowGroups.Count; position++)
            {
                if (files[file].RowGroups[position].PrunedByWhere || !predicate.CanMatch(bounds.Of(file, position)) || !FileColumn.CanMatch(predicate, [column])) continue;
                if (runs.Count > 0 && runs[^1] is var last && last.File == file && last.To == position) runs[^1] = last with { To = position + 1 };
                else runs.Add(new RowGroupRun(file, position, position + 1));
            }
        }
        var inputs = InputsHash(files, runs);
        var value = ScalarText.Write(partition.Value);
        var end = partition.Range is { } of ? new RangeEnd(of.Below is { } below ? ScalarText.Write(below) : null) : null;
        var identity = value is null ? "null" : "=" + value + (end is null ? "" : "<" + end.Below);
        // Not of its place in the plan: a redrive that finds more partitions still finds what the others made.
        var taskId = Hash(identity, inputs, reductionHash)[..24];
        var rows = runs.Sum(run => Groups(files, run).Sum(group => group.Rows));
        return new TaskSlice(index, taskId, value, partition.Range?.Text ?? partition.Value.ToString(), runs, inputs, rows, partition.Rows)
        {
            End = end,
            ForecastMemory = forecast.Of(runs, partition.Rows),
        };
    }

    public static string InputsHash(IReadOnlyList<PlannedFile> files, IReadOnlyList<RowGroupRun> runs) => ReduceRunner.InputsHash(
        runs.GroupBy(run => run.File).Select(file => (files[file.Key].Path, files[file.Key].ETag, file.SelectMany(run => Groups(files, run)).Select(group => group.Ordinal))));

    static string Hash(params string[] texts) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', texts))));
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
