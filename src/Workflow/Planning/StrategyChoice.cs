using Fanfold.Worker;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>The strategy of a plan, and what the others would have cost.</summary>
/// <param name="Candidates">The chosen one first.</param>
/// <param name="Slices">Those of a shared scan; null for a task per partition.</param>
sealed record StrategyChoice(string Strategy, string Reason, IReadOnlyList<PlanCandidate> Candidates, IReadOnlyList<IReadOnlyList<RowGroupRun>>? Slices)
{
    public const string PerPartition = "perPartition", SharedScan = "sharedScan";

    /// <summary>Why a spec can't have a shared scan; null when it can.</summary>
    public static string? Excludes(RunSpec spec) => spec switch
    {
        { Reduce.Plugin: not null } => "a plug-in's states are not merged across tasks",
        { Reduce.Select: not null } => "rows are not reduced, so that there is nothing to merge",
        { Limits.ToleratedFailures: var tolerated } when tolerated.Allowed(long.MaxValue) > 0 => "with \"limits.toleratedFailures\" a partition must be able to fail alone",
        _ => null,
    };

    /// <summary>Whether a plan may come to a shared scan, so that what others kept is worth a look.</summary>
    public static bool MayShare(RunSpec spec) => spec.Strategy != RunStrategy.PerPartition && Excludes(spec) is null;

    /// <param name="model">The costs.</param>
    /// <param name="slices">Those that a shared scan would have.</param>
    /// <param name="isDiscovered">Whether the partitions have to be found before they can have a task each.</param>
    /// <param name="isCounted">Whether a shared scan has to count the rows before <c>where</c>.</param>
    /// <param name="before">The strategy of the run's drive before; null for the first.</param>
    /// <param name="peak">What a task of these row groups, for one or all partitions, is expected to need.</param>
    public static StrategyChoice Of(RunSpec spec, CostModel model, IReadOnlyList<IReadOnlyList<RowGroupRun>> slices, bool isDiscovered, bool isCounted, string? before, Func<bool, long> peak)
    {
        var (single, shared) = (model.PerPartition(isDiscovered), model.SharedScan(slices, isCounted));
        var excluded = Excludes(spec);
        var cap = spec.Limits.Memory.Bytes;
        var one = single.ToCandidate(PerPartition, cap, peak(false), null);
        var all = shared.ToCandidate(SharedScan, cap, excluded is null ? peak(true) : 0, excluded);
        var isShared = spec.Strategy == RunStrategy.SharedScan || spec.Strategy == RunStrategy.Auto && excluded is null && (before is null ? shared.Seconds < single.Seconds : before == SharedScan);
        var passes = single.Decoded / Math.Max(1, shared.Decoded);
        var reason = spec.Strategy != RunStrategy.Auto ? "the spec asks for it"
            : before is not null ? "the drive before took it, so that what that has done counts"
            : excluded is not null ? $"one task per partition, since {excluded}"
            : FormattableString.Invariant($"{(isShared ? "one scan for all partitions" : "one task per partition")} takes a core about {(isShared ? shared : single).Seconds:0.0} s, its reads included, the other strategy {(isShared ? single : shared).Seconds:0.0} s; tasks of their own would decode the data {passes:0.0} times");
        return isShared ? new(SharedScan, reason, [all, one], slices) : new(PerPartition, reason, [one, all], null);
    }
}
