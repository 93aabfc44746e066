using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Scan;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Scan;

/// <summary>Batches say where in the plan their rows are.</summary>
public class PositionTests
{
    const long StartRow = 1_000_000;

    static readonly Schema Schema = new([new("part", DataType.Int32), new("row", DataType.Int64)]);

    [Fact]
    public void Scan_AnyPredicatesAndRowGroups_GivesPositionsThatAscendWithTheRows() =>
        Gen.Select(Gen.Int[1, 400], Gen.Int[1, 90], Gen.Int[1, 5], Gen.Int[0, 400], Gen.Bool).Sample((rows, groupRows, parts, above, isPartitioned) =>
        {
            var (part, row) = (new Column<int>(DataType.Int32), new Column<long>(DataType.Int64));
            for (var i = 0; i < rows; i++)
            {
                // Runs of a partition, so that row groups are skipped too.
                part.Append(i / 50 % parts);
                row.Append(StartRow + i);
            }
            var file = ParquetFiles.Write(new Table(Schema, [part, row]), groupRows);
            var footer = ParquetFiles.Footer(file);
            var partition = isPartitioned ? Predicate.Equal(Schema, 0, Scalar.Integer(DataType.Int32, 0)) : null;
            var where = Expression.Parse($"row >= {StartRow + above}").BindPredicate(Schema).Value;
            var checks = new PositionCheck();
            var scan = new RowGroupScan(new MemorySource(file), [.. footer.Columns], footer.DataEnd, partition, where, checks, ParquetFiles.Buffers(), new PruningCounts(), startRow: StartRow);
            foreach (var _ in scan.ScanAsync(footer.RowGroups).ToBlockingEnumerable()) { }
            ParquetFiles.Wait(scan.DisposeAsync());
            Assert.Equal(Enumerable.Range(0, rows).Count(i => i >= above && (!isPartitioned || i / 50 % parts == 0)), checks.Rows);
        }, iter: Soak.Cases(100));

    /// <summary>Holds the place of each row against what the row says of itself.</summary>
    sealed class PositionCheck() : Reducer(Schema, [1])
    {
        long _last = -1;

        public int Rows { get; private set; }

        public override void Accumulate(RowBatch batch)
        {
            var rows = ((Column<long>)batch.Columns[1]).Values;
            Assert.InRange(batch.Position, _last + 1, long.MaxValue);
            Assert.InRange(batch.Position, StartRow, rows[0]);
            for (var i = 0; i < rows.Length; i++) Assert.InRange(rows[i], batch.Position + i, long.MaxValue);
            _last = rows[^1];
            Rows += rows.Length;
        }

        public override IEnumerable<IReadOnlyList<Column>> Finish() => [];
    }
}
