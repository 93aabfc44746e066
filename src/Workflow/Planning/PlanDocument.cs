using System.Globalization;
using System.Text.Json.Serialization;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>What a run would do; what <c>plan --json</c> prints. Sizes are in bytes.</summary>
/// <param name="BytesToRead">Compressed bytes of the columns in use that all tasks would read together.</param>
/// <param name="Partitions">Null where a shared scan is to find them.</param>
/// <param name="MemoryPerTask">The cap.</param>
/// <param name="FirstPartitions">The first tasks: partitions, or slices of row groups for all of them.</param>
/// <param name="ForecastWorkerMemory">The largest forecast of any task.</param>
public sealed record PlanDocument(
    string SpecHash, string Strategy, string StrategyReason, int Files, long RowsIn, int? Partitions, int Tasks, RowGroupCounts RowGroups,
    long BytesToRead, long BytesPruned, long MemoryPerTask, long ForecastWorkerMemory, IReadOnlyList<TaskColumn> Columns, IReadOnlyList<TaskColumn> ResultColumns, IReadOnlyList<PlannedPartition> FirstPartitions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PluginIdentity? Plugin = null)
{
    /// <summary>What each strategy is expected to cost, the chosen one first.</summary>
    public IReadOnlyList<PlanCandidate> Candidates { get; init; } = [];

    /// <summary>How many of the partitions may fail, where the spec tolerates that any do.</summary>
    public long? ToleratedFailures { get; init; }

    const int PartitionsListed = 20;

    internal static PlanDocument Of(PlanHeader header, IReadOnlyList<TaskSlice> slices, RunSpec spec)
    {
        // The partitions of a shared scan that the spec does not name are known when it has found them.
        int? partitions = header.Shared is { } shared ? shared.Values?.Count : slices.Count;
        var first = slices.Take(PartitionsListed).Select(slice => new PlannedPartition(
            slice.Partition, slice.Rows, slice.Matched.Sum(run => run.To - run.From), slice.Matched.Sum(run => RunPlanner.Groups(header.Files, run).Sum(group => group.Bytes)), slice.ForecastMemory));
        return new PlanDocument(
            header.SpecHash, header.Strategy, header.StrategyReason, header.Files.Count, header.RowsTotal, partitions, slices.Count,
            new RowGroupCounts(header.RowGroupsTotal, header.Totals.Matched, header.Totals.Pruned), header.Totals.BytesMatched, header.Totals.BytesPruned,
            spec.Limits.Memory.Bytes, slices.Select(slice => slice.ForecastMemory).DefaultIfEmpty(0).Max(), header.Columns, header.ResultColumns, [.. first], header.Plugin)
        {
            Candidates = header.Candidates,
            ToleratedFailures = spec.Limits.ToleratedFailures.Allowed(long.MaxValue) > 0 ? spec.Limits.ToleratedFailures.Allowed(slices.Count) : null,
        };
    }
}

/// <param name="Rows">Before <c>where</c>; null when the spec names its values.</param>
/// <param name="ForecastMemory">The peak resident memory of its worker that is to be expected.</param>
public sealed record PlannedPartition(string Value, long? Rows, int RowGroups, long Bytes, long ForecastMemory);

/// <summary>Plans without running.</summary>
public static class DryRun
{
    const string IdPrefix = "plan-", IdTime = "yyyyMMdd-HHmmss";

    /// <summary>An id for the state of a dry run, under which nothing is left.</summary>
    /// <param name="runId">A new one, which begins with the time.</param>
    public static string Id(string runId) => IdPrefix + runId;

    /// <summary>When the dry run of an id began; null when it is none of a dry run.</summary>
    internal static DateTimeOffset? BeganAt(string id) =>
        id.StartsWith(IdPrefix, StringComparison.Ordinal) && id.Length > IdPrefix.Length + IdTime.Length
        && DateTimeOffset.TryParseExact(id.AsSpan(IdPrefix.Length, IdTime.Length), IdTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The plan, or every reason why there is none. Discovery of partitions, where the spec asks for it, reads that column. Nothing is left, however it ends.</summary>
    public static async Task<(PlanDocument? Plan, IReadOnlyList<RunError> Errors)> PlanAsync(
        RunSpec spec, IObjectStore data, IObjectStore state, StoreLocation dataLocation, StoreLocation stateLocation, ITaskIsolation isolation, string runId, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(runId);
        try
        {
            try
            {
                var discovery = new PartitionDiscovery(state, dataLocation, stateLocation, isolation, spec.Limits, null, paths);
                var plugins = new PluginLookup(dataLocation, stateLocation, isolation, spec.Limits, paths);
                var (header, slices) = await new RunPlanner(data, isolation, discovery.FindAsync, plugins, spec.Limits.Parallel ?? Environment.ProcessorCount, new HostCapacity(1).LeastSlice).PlanAsync(spec, cancellationToken);
                return (PlanDocument.Of(header, slices, spec), []);
            }
            finally
            {
                await foreach (var written in state.ListAsync(paths.Root, CancellationToken.None)) await state.DeleteAsync(written.Path, CancellationToken.None);
                await state.TidyAsync(paths.Root, CancellationToken.None);
            }
        }
        catch (PlanRefusedException refused)
        {
            return (null, refused.Errors);
        }
        catch (StorageException failure)
        {
            return (null, [RunActivities.StorageError(failure)]);
        }
    }
}
