using Fanfold.Engine.Expressions;
using Fanfold.Engine.Scan;
using Fanfold.Worker;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>One task per slice of row groups, for all partitions at once.</summary>
sealed class SharedScanPlan
{
    readonly PlannedSource _source;
    readonly ResolvedSpec _grouped;
    readonly long _cap;

    /// <param name="kept">Slices that were done before.</param>
    public SharedScanPlan(PlannedSource source, SharedPartitions partitions, RunSpec spec, int lanes, long leastSlice, IReadOnlyList<IReadOnlyList<RowGroupRun>> kept)
    {
        _source = source;
        _cap = spec.Limits.Memory.Bytes;
        Partitions = partitions;
        _grouped = source.Resolved with { Reduction = source.Resolved.Reduction with { Keys = [0, .. source.Resolved.Reduction.Keys ?? []] } };
        var (columns, files) = (source.Resolved.Columns, source.Files);
        var predicate = partitions.Values is { } values && partitions.Ends is null ? Predicate.AnyOf(columns, 0, [.. values.Select(value => ScalarText.Read(columns[0].Type, value))]) : null;
        Slices = SharedSlices.Cut(files, IsScanned, lanes, leastSlice, kept);

        bool IsScanned(int file, int position) => !files[file].RowGroups[position].PrunedByWhere
            && (predicate is null || predicate.CanMatch(source.Bounds.Of(file, position)) && FileColumn.CanMatch(predicate, [source.Resolved.Sources[0].Files[file]]));
    }

    public SharedPartitions Partitions { get; }

    public IReadOnlyList<IReadOnlyList<RowGroupRun>> Slices { get; }

    /// <summary>The partitions of a spec as tasks are told them: all that are found, or those that it names.</summary>
    public static SharedPartitions PartitionsOf(RunSpec spec, IReadOnlyList<Partition>? named) => spec.PartitionBy is { Values: null, Ranges: null }
        ? new SharedPartitions(0)
        : new SharedPartitions(0, [.. named!.Select(partition => ScalarText.Write(partition.Value))],
            spec.PartitionBy.Ranges is null ? null : [.. named!.Select(partition => new RangeEnd(partition.Range!.Below is { } below ? ScalarText.Write(below) : null))]);

    /// <summary>How many groups so many rows of so many partitions have.</summary>
    public double Groups(long rows, double partitions) =>
        MemoryForecast.Drawn(rows, (_source.Resolved.Reduction.Keys ?? []).Aggregate(partitions, (product, key) => product * _source.Distinct.Of(key)));

    /// <summary>The largest forecast of any task.</summary>
    public long Peak(long idle) => Slices.Select(slice => Forecast(idle).Of(slice, Rows(slice))).DefaultIfEmpty(0).Max();

    public List<TaskSlice> Tasks(long idle)
    {
        var forecast = Forecast(idle);
        var isPlaced = IsPlaced(_source.Resolved.Reduction);
        return [.. Slices.Select((runs, index) =>
        {
            var inputs = RunPlanner.InputsHash(_source.Files, runs);
            var start = StartOf(runs[0]);
            return new TaskSlice(index, RunPlanner.Hash("shared", inputs, isPlaced ? $"{start}" : "", _source.ReductionHash)[..24], null, $"slice {index + 1}", runs, inputs, Rows(runs), null)
            {
                IsShared = true,
                StartRow = isPlaced ? start : 0,
                ForecastMemory = forecast.Of(runs, Rows(runs)),
            };
        })];
    }

    /// <summary>Whether states hold places in the plan, so that they are good for that plan alone.</summary>
    public static bool IsPlaced(TaskReduction reduction) => reduction.Aggregates?.Any(aggregate => aggregate.Function is AggregateFunction.First or AggregateFunction.Last) == true;

    MemoryForecast Forecast(long idle) => new(_grouped, _source.Sources, _source.Files, _source.Distinct, idle, _cap);

    long Rows(IReadOnlyList<RowGroupRun> runs) => runs.Sum(run => RunPlanner.Groups(_source.Files, run).Sum(group => group.Rows));

    long StartOf(RowGroupRun first) => _source.Files.Take(first.File).Sum(file => file.Rows) + _source.Files[first.File].RowGroups.Take(first.From).Sum(group => group.Rows);
}
