using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Scan;
using Fanfold.Worker;

namespace Fanfold.Workflow.Planning;

/// <summary>One task per partition.</summary>
/// <param name="idle">The resident memory of a worker that has done nothing, in bytes.</param>
sealed class PartitionPlan(PlannedSource source, long cap, long idle)
{
    readonly MemoryForecast _forecast = new(source.Resolved, source.Sources, source.Files, source.Distinct, idle, cap);

    /// <summary>The largest forecast, as far as it can be told before the partitions are known.</summary>
    public long Peak(IReadOnlyList<Partition>? partitions)
    {
        var all = source.Files.SelectMany((file, index) => file.RowGroups.Select((group, position) => (group, position)).Where(at => !at.group.PrunedByWhere).Select(at => new RowGroupRun(index, at.position, at.position + 1))).ToList();
        return _forecast.Of(all, partitions?.Max(partition => partition.Rows));
    }

    public List<TaskSlice> Tasks(IReadOnlyList<Partition> partitions) => [.. partitions.Select((partition, index) => Task(index, partition))];

    TaskSlice Task(int index, Partition partition)
    {
        var (columns, files) = (source.Resolved.Columns, source.Files);
        var predicate = partition.Range is { } range ? Predicate.Range(columns, 0, partition.Value, range.Below) : Predicate.Equal(columns, 0, partition.Value);
        var runs = new List<RowGroupRun>();
        for (var file = 0; file < files.Count; file++)
        {
            var column = source.Resolved.Sources[0].Files[file];
            for (var position = 0; position < files[file].RowGroups.Count; position++)
            {
                if (files[file].RowGroups[position].PrunedByWhere || !predicate.CanMatch(source.Bounds.Of(file, position)) || !FileColumn.CanMatch(predicate, [column])) continue;
                if (runs.Count > 0 && runs[^1] is var last && last.File == file && last.To == position) runs[^1] = last with { To = position + 1 };
                else runs.Add(new RowGroupRun(file, position, position + 1));
            }
        }
        var inputs = RunPlanner.InputsHash(files, runs);
        var value = ScalarText.Write(partition.Value);
        var end = partition.Range is { } of ? new RangeEnd(of.Below is { } below ? ScalarText.Write(below) : null) : null;
        var identity = value is null ? "null" : "=" + value + (end is null ? "" : "<" + end.Below);
        // Not of its place in the plan: a redrive that finds more partitions still finds what the others made.
        var taskId = RunPlanner.Hash(identity, inputs, source.ReductionHash)[..24];
        var rows = runs.Sum(run => RunPlanner.Groups(files, run).Sum(group => group.Rows));
        return new TaskSlice(index, taskId, value, partition.Range?.Text ?? partition.Value.ToString(), runs, inputs, rows, partition.Rows)
        {
            End = end,
            ForecastMemory = _forecast.Of(runs, partition.Rows),
        };
    }
}
