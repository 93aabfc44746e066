using Fanfold.Worker;

namespace Fanfold.Workflow.Planning;

/// <summary>
/// What a plan costs in processor time, from footers alone. The constants are those of one core of a server of 2020 or later; on the data of the benchmark
/// <c>strategies</c> estimates are within a quarter of what was measured. What they are for is the order of the strategies.
/// </summary>
/// <param name="groups">How many groups so many rows of so many partitions have.</param>
sealed class CostModel(IReadOnlyList<PlannedFile> files, PartitionSpread spread, TaskReduction reduction, Func<long, double, double> groups)
{
    /// <summary>Starting a worker, giving it its task and keeping its receipt.</summary>
    const double TaskSeconds = 0.025;

    /// <summary>Looking at a row's partition, and taking a row into a group: for itself, for each key and for each aggregate.</summary>
    const double LookNs = 1.2, RowNs = 2.5, KeyNs = 1.5, AggregateNs = 2;

    /// <summary>Of a stored byte once it is decompressed.</summary>
    const double ByteNs = 0.6;

    /// <summary>A group's key, and each of its aggregates, written as a state, read and merged.</summary>
    const double StateNs = 120;

    double ReduceNs => RowNs + KeyNs * (reduction.Keys?.Count ?? reduction.Select?.Count ?? 1) + AggregateNs * (reduction.Aggregates?.Count ?? 0);

    /// <summary>One task a partition: each looks at the partition column of every row group that may hold it, and decompresses the others where it has rows.</summary>
    /// <param name="isDiscovered">Whether the partitions have to be found first.</param>
    public Work PerPartition(bool isDiscovered)
    {
        var work = new Work { Tasks = (long)Math.Ceiling(spread.Partitions), CpuNs = spread.Partitions * TaskSeconds * 1e9 };
        foreach (var (group, found, first) in RowGroups())
        {
            work.Fetched += found * group.Bytes;
            work.Decoded += found * Uncompressed(group);
            work.Requests += (long)Math.Ceiling(found) * 2;
            work.CpuNs += found * (group.Rows * LookNs + Uncompressed(group) * ByteNs) + group.Rows * Math.Min(1, found) * ReduceNs;
            if (!isDiscovered) continue;
            work.Fetched += first?.CompressedSize ?? 0;
            work.CpuNs += group.Rows * LookNs + (first?.UncompressedSize ?? 0) * ByteNs;
        }
        work.Requests += 4 * work.Tasks;
        return work;
    }

    /// <summary>One task a slice, and the merge of what they made.</summary>
    /// <param name="isCounted">Whether the partition column is read once more, to count the rows before <c>where</c>.</param>
    public Work SharedScan(IReadOnlyList<IReadOnlyList<RowGroupRun>> slices, bool isCounted)
    {
        var work = new Work { Tasks = slices.Count, CpuNs = slices.Count * TaskSeconds * 1e9, Requests = 4L * slices.Count };
        foreach (var slice in slices)
        {
            long rows = 0;
            var partitions = 0.0;
            foreach (var run in slice)
            {
                for (var position = run.From; position < run.To; position++)
                {
                    var group = files[run.File].RowGroups[position];
                    rows += group.Rows;
                    partitions += spread.In(run.File, position);
                    work.Fetched += group.Bytes;
                    work.Decoded += Uncompressed(group);
                    work.Requests += 2;
                    work.CpuNs += Uncompressed(group) * ByteNs + group.Rows * (LookNs + KeyNs + ReduceNs);
                    if (!isCounted) continue;
                    work.Fetched += files[run.File].Columns[0] is null ? 0 : group.Chunks[0].CompressedSize;
                    work.CpuNs += group.Rows * LookNs;
                }
            }
            work.CpuNs += groups(rows, Math.Min(spread.Partitions, partitions)) * StateNs * (1 + (reduction.Aggregates?.Count ?? 0));
        }
        return work;
    }

    IEnumerable<(PlannedRowGroup Group, double Found, Engine.Parquet.ColumnChunk? First)> RowGroups()
    {
        for (var file = 0; file < files.Count; file++)
        {
            for (var position = 0; position < files[file].RowGroups.Count; position++)
            {
                var group = files[file].RowGroups[position];
                if (!group.PrunedByWhere) yield return (group, spread.In(file, position), files[file].Columns[0] is null ? null : group.Chunks[0]);
            }
        }
    }

    public static long Uncompressed(PlannedRowGroup group) => group.Chunks.Sum(chunk => chunk.UncompressedSize);

    /// <summary>Sums over all tasks.</summary>
    public sealed class Work
    {
        public long Tasks { get; init; }
        public double Fetched { get; set; }
        public double Decoded { get; set; }
        public long Requests { get; set; }
        public double CpuNs { get; set; }

        /// <summary>What a core needs for it, the store's share included.</summary>
        public double Seconds => CpuNs / 1e9 + Fetched / BytesPerSecond;

        const double BytesPerSecond = 1e9;

        public PlanCandidate ToCandidate(string strategy, long cap, long peakMemory, string? excluded) => new(
            strategy, Tasks, (long)Fetched, (long)Decoded, Requests, Math.Round(CpuNs / 1e9, 3), peakMemory, Math.Round(PriceTable.Of(Seconds, cap, Tasks, Requests, 2 * Tasks), 6)) { Excluded = excluded };
    }
}
