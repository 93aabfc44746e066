using System.Numerics;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Worker;

namespace Fanfold.Workflow.Planning;

/// <summary>
/// What a task's worker is expected to need: the peak of its resident memory, in bytes, from footers and reduction alone. It is meant to be a little too high.
/// </summary>
/// <remarks>
/// Assumed: <c>where</c> keeps all rows; arrays double while they grow, and what they grew out of is collected late; keys are independent of each other, so that a
/// task has as many groups as its rows would draw of all combinations; pages are what the writers of the files make by default. Plug-ins are taken to hold nothing.
/// </remarks>
/// <param name="idle">The resident memory of a worker that has done nothing, in bytes.</param>
/// <param name="cap">That of the task: what does not fit is spilled.</param>
sealed class MemoryForecast(ResolvedSpec resolved, IReadOnlyList<SourceFile> sources, IReadOnlyList<PlannedFile> files, DistinctEstimate distinct, long idle, long cap)
{
    const int BatchRows = 8192;
    const int OutputRows = 32 * 1024;
    const int UncollectedRowGroups = 20;

    /// <summary>For putting the groups in the order of their keys, each.</summary>
    const int OrderBytes = 20;

    /// <summary>What a row group is decoded from, and the next one.</summary>
    const long MaxReadAhead = 64 << 20;

    /// <summary>DuckDB makes a chunk one page; all others follow parquet-mr's 1 MiB.</summary>
    const long UsualPage = 1 << 20, DuckDbPage = 100 << 20;

    /// <summary>Young objects between two collections, and the part's spool.</summary>
    const long Slack = 4 << 20;

    readonly long[][] _scan = [.. files.Select((file, index) => file.RowGroups.Select(group => Scan(file, group, sources[index].Footer)).ToArray())];

    /// <param name="rows">Those of the partition before <c>where</c>; null where they are not known.</param>
    public long Of(IReadOnlyList<RowGroupRun> matched, long? rows)
    {
        long scan = 0, scanned = 0;
        foreach (var run in matched)
        {
            for (var position = run.From; position < run.To; position++)
            {
                scan = Math.Max(scan, _scan[run.File][position]);
                scanned += files[run.File].RowGroups[position].Rows;
            }
        }
        // A named value may have more than its share.
        var kept = rows ?? Math.Min(scanned, 2 * scanned / Math.Max(1, (long)distinct.Of(0)) + OutputRows);
        return (long)Math.Min(cap, idle + Slack + scan + States(kept) + Output(kept));
    }

    /// <summary>Pages as they are stored and decoded, batches of the columns, and what is read ahead.</summary>
    static long Scan(PlannedFile file, PlannedRowGroup group, FileMetadata footer)
    {
        var mostInPage = footer.CreatedBy?.StartsWith("DuckDB", StringComparison.Ordinal) == true ? DuckDbPage : UsualPage;
        long decoded = 0;
        foreach (var (column, chunk) in file.Columns.OfType<ParquetColumn>().Zip(group.Chunks))
        {
            var page = Math.Min(chunk.UncompressedSize, mostInPage);
            // Byte strings are copied out of their page.
            var copies = column.PhysicalType == PhysicalType.ByteArray ? 2 : 1;
            decoded += copies * page + (chunk.HasDictionary ? Math.Min(UsualPage, chunk.UncompressedSize) : 0) + 2 * BatchRows * Math.Max(8, chunk.UncompressedSize / Math.Max(1, chunk.Values));
        }
        return decoded + Math.Min(MaxReadAhead, group.Bytes * (file.RowGroups.Count > 1 ? 2 : 1));
    }

    double States(long rows)
    {
        var reduction = resolved.Reduction;
        if (reduction.Select is { } select)
        {
            var held = reduction.Sort.Count == 0 ? 2 * OutputRows : reduction.Limit is { } limit ? Math.Max(4 * limit, OutputRows) : rows;
            var bytes = Grown(Math.Min(rows, held), select.Sum(Width));
            // Sorting copies what is held, and again and again where only the first rows stay.
            return reduction.Sort.Count == 0 ? bytes : reduction.Limit is null ? 2 * bytes : 2 * bytes + Passed(rows);
        }
        if (reduction.Aggregates is not { } aggregates) return 0;
        var keys = reduction.Keys ?? [];
        var groups = Groups(rows);
        return keys.Sum(key => Distinct(Drawn(rows, distinct.Of(key)), key)) + (keys.Count > 1 ? Pairs(groups) : 0)
            + Grown(groups, 8) + groups * OrderBytes + aggregates.Sum(aggregate => State(aggregate, groups, rows));
    }

    double Groups(long rows) => Drawn(rows, (resolved.Reduction.Keys ?? []).Aggregate(1.0, (product, key) => product * distinct.Of(key)));

    double State(Aggregate aggregate, double groups, long rows)
    {
        if (aggregate.Input < 0) return 0;
        var type = resolved.Rows.InReduce[aggregate.Input].Type;
        switch (aggregate.Function)
        {
            case AggregateFunction.NUnique:
                var values = Drawn(rows, distinct.Of(aggregate.Input));
                return Distinct(values, aggregate.Input) + Pairs(Drawn(rows, values * groups)) + Grown(groups, 8);
            case AggregateFunction.Median or AggregateFunction.Quantile:
                // All values, as they came and by group.
                return rows * 20.0 + Grown(groups, 16);
            default:
                return Grown(groups, aggregate.Function switch
                {
                    AggregateFunction.Count => 8,
                    AggregateFunction.Sum or AggregateFunction.Mean => type.Lane == Lane.Int128 ? 40 : 24,
                    AggregateFunction.Var or AggregateFunction.Std => 96,
                    _ => Math.Max(type.Lane == Lane.Bytes ? 16 : 0, Width(aggregate.Input)) + 9,
                });
        }
    }

    /// <summary>A table of distinct values: the values, and slots of which half at most are taken.</summary>
    double Distinct(double count, int column) => Grown(count, Width(column)) + Grown(2 * count, 8);

    static double Pairs(double count) => Grown(count, 8) + Grown(2 * count, 8);

    /// <summary>The rows that are written.</summary>
    double Output(long rows) =>
        Passed(resolved.Reduction switch { { Select: not null, Limit: var limit } => Math.Min(rows, limit ?? rows), { Aggregates: not null } => (long)Groups(rows), _ => OutputRows });

    /// <summary>What rows of the result's width leave behind, built, encoded and compressed, until it is collected.</summary>
    double Passed(long rows)
    {
        var reduction = resolved.Reduction;
        double width = resolved.ResultColumns.Count * 8;
        if ((reduction.Select ?? reduction.Keys) is { } named) width = Width(0) + named.Sum(Width) + 8.0 * (reduction.Aggregates?.Count ?? 0);
        return Math.Min(rows, UncollectedRowGroups * OutputRows) * width;
    }

    double Width(int column) => distinct.WidthOf(column) + (resolved.Rows.InReduce[column].Type.Lane == Lane.Bytes ? 4 : 0);

    /// <summary>The capacity, a power of two, and half of it, for what the array was before.</summary>
    static double Grown(double count, double width) => count < 1 ? 0 : BitOperations.RoundUpToPowerOf2((ulong)count) * width * 1.5;

    /// <summary>How many different values so many rows have, of so many that there are.</summary>
    public static double Drawn(long rows, double of) => of > 1e6 * rows ? rows : of * (1 - Math.Exp(-rows / of));
}
