using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Scan;

/// <summary>Keeps the rows that reach it, as text.</summary>
sealed class RowCollector(Schema schema) : Reducer(schema, Enumerable.Range(0, schema.Count))
{
    public List<string> Rows { get; } = [];

    public override void Accumulate(RowBatch batch)
    {
        for (var row = 0; row < batch.Rows; row++) Rows.Add(TableFile.Text([.. batch.Columns.Select(column => column[row])]));
    }

    public override IEnumerable<IReadOnlyList<Column>> Finish() => [];
}
