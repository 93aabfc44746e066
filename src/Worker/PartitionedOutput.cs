using Fanfold.Engine;
using Fanfold.Engine.Columns;

namespace Fanfold.Worker;

/// <summary>Passes groups on to a result, of each partition the first ones, and counts them.</summary>
/// <param name="limit">Rows of a partition at most.</param>
sealed class PartitionedOutput(Schema schema, long limit, ResultWriter result, PartitionTable partitions, MemoryAccount account)
{
    readonly Column[] _kept = [.. schema.Fields.Select(field => Column.Create(field.Type, account))];
    long _written;

    /// <param name="groups">Plain columns of the result, by partition, and the rows of each group last.</param>
    public void Append(IReadOnlyList<Column> groups)
    {
        var (rows, counts) = (groups[0].Length, (Column<long>)groups[^1]);
        var cuts = limit < long.MaxValue;
        if (cuts) foreach (var column in _kept) column.Clear();
        for (int from = 0, to; from < rows; from = to)
        {
            if (partitions.Begin(groups[0], from)) _written = 0;
            var value = groups[0][from];
            long selected = counts.Values[from];
            for (to = from + 1; to < rows && value.IsAt(groups[0], to); to++) selected += counts.Values[to];
            var taken = (int)Math.Min(limit - _written, to - from);
            _written += taken;
            partitions.Count(selected, taken);
            for (var i = 0; cuts && i < _kept.Length; i++) _kept[i].AppendRange(groups[i], from, taken);
        }
        result.Append(cuts ? new RowBatch(_kept[0].Length, _kept) : new RowBatch(rows, [.. groups.Take(schema.Count)]));
    }

    public void Release()
    {
        foreach (var column in _kept) column.Release();
    }
}
