using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>
/// A part of a task: its row groups <paramref name="From"/> to <paramref name="To"/> − 1, counted over all that its slice matches, and of their groups those of
/// one bucket, as <see cref="ReducePiece"/> has it.
/// </summary>
public sealed record TaskPiece(int From, int To, int Bucket = 0, int Buckets = 1)
{
    public const int MaxBuckets = 256;
    const int BucketsAtOnce = 4;

    /// <summary>The task itself.</summary>
    internal static TaskPiece Whole(TaskSlice slice) => new(0, slice.Matched.Sum(run => run.To - run.From));

    /// <summary>
    /// The pieces that it is split into, in plan order: halves of its row groups, then buckets of its group keys. None where nothing smaller is left. Whoever
    /// splits it anew splits it alike.
    /// </summary>
    /// <param name="isShared">Whether the partition is one of the group keys.</param>
    internal IReadOnlyList<TaskPiece> Split(TaskReduction reduction, bool isShared = false)
    {
        if (reduction.Plugin is not null || From == To) return [];
        if (To - From > 1)
        {
            var middle = From + (To - From) / 2;
            return [new TaskPiece(From, middle), new TaskPiece(middle, To)];
        }
        if (!isShared && reduction is not { Aggregates: not null, Keys.Count: > 0 } || Buckets >= MaxBuckets) return [];
        // What is Bucket modulo Buckets is one of these modulo four times as many.
        return [.. Enumerable.Range(0, BucketsAtOnce).Select(i => new TaskPiece(From, To, Bucket + i * Buckets, Buckets * BucketsAtOnce))];
    }

    /// <summary>Names the piece's receipt and part.</summary>
    internal string IdIn(TaskSlice slice) => $"{slice.TaskId}.{From}-{To}{(Buckets > 1 ? $".{Bucket}of{Buckets}" : "")}";

    /// <summary>Its row groups by their places in the plan.</summary>
    internal List<RowGroupRun> RowGroups(TaskSlice slice) => Between(slice, From, To);

    /// <summary>What the worker is told of it.</summary>
    internal ReducePiece ForWorker(PlanHeader header, TaskSlice slice) =>
        new(Bucket, Buckets, slice.StartRow + Between(slice, 0, From).Sum(run => RunPlanner.Groups(header.Files, run).Sum(group => group.Rows)));

    static List<RowGroupRun> Between(TaskSlice slice, int from, int to)
    {
        var runs = new List<RowGroupRun>();
        var before = 0;
        foreach (var run in slice.Matched)
        {
            var (first, end) = (run.From + Math.Max(0, from - before), run.From + Math.Min(run.To - run.From, to - before));
            if (first < end) runs.Add(run with { From = first, To = end });
            before += run.To - run.From;
        }
        return runs;
    }
}
