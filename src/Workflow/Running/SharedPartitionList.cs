using Fanfold.Engine.Columns;
using Fanfold.Engine.Scan;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

/// <summary>The partitions of a shared scan as its manifest lists them: those that the spec names or that were counted before, and those that combining found.</summary>
static class SharedPartitionList
{
    /// <param name="combined">The receipt of combining.</param>
    public static async Task<List<ManifestPartition>> ReadAsync(PlanHeader header, RunSpec spec, TaskReceipt combined, IObjectStore state, CancellationToken cancellationToken)
    {
        var type = header.Columns[0].Type;
        var found = combined.Partitions is { } table ? await FoundPartitions.ReadAsync(table, type, state, cancellationToken) : [];
        var counted = await CountedAsync(header, spec, state, cancellationToken);
        var named = Named(header, spec);
        var listed = named ?? counted ?? [.. found.Select(partition => Partition.Of(partition.Value, partition.RowsSelected))];
        var rowsOf = counted?.ToDictionary(partition => partition.Value, partition => partition.Rows ?? 0);
        var outcome = found.ToDictionary(partition => Partition.Of(partition.Value, null).Value);
        return [.. listed.Select(partition =>
        {
            var has = outcome.TryGetValue(partition.Value, out var of);
            var rows = counted is null ? of.RowsSelected : partition.Range is null ? rowsOf!.GetValueOrDefault(partition.Value) : Sum(counted, partition);
            return new ManifestPartition(partition.Value.IsNull ? null : partition.Range?.Text ?? partition.Value.ToString(), has && of.RowsOut > 0 ? "succeeded" : "empty", rows, has ? of.RowsOut : 0, null);
        })];
    }

    static List<Partition>? Named(PlanHeader header, RunSpec spec) => spec.PartitionBy switch
    {
        { Values: { } values } => PartitionList.Of(values, header.Columns[0].ToField()),
        { Ranges: { } ranges } => RangeList.Of(ranges, header.Columns[0].ToField()),
        _ => null,
    };

    /// <summary>The rows of each value before <c>where</c>, ascending, where they had to be counted; null where no row was dropped.</summary>
    static async Task<List<Partition>?> CountedAsync(PlanHeader header, RunSpec spec, IObjectStore state, CancellationToken cancellationToken)
    {
        if (header.Where is null) return null;
        var column = header.Columns[0];
        if (header.Discovery?.Part is { } part) return await PartitionDiscovery.ReadAsync(part, column, state, spec.Limits.Memory.Bytes, cancellationToken);
        return PartitionList.OfConstants(header.Files, [.. header.Files.Select(file => file.Columns[0] is { } stored ? FileColumn.Of(stored, column.Type) : FileColumn.Of(ScalarText.Read(column.Type, file.Constants?[0])))]) ?? [];
    }

    /// <summary>The rows of all values in a range.</summary>
    static long Sum(List<Partition> counted, Partition range) => counted
        .Where(value => !value.Value.IsNull && !value.Value.IsNaN && Scalar.Compare(value.Value, range.Value) >= 0 && (range.Range!.Below is not { } end || Scalar.Compare(value.Value, end) < 0))
        .Sum(value => value.Rows ?? 0);
}
