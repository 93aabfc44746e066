using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Tests.Reduce;

public class RowsReducerTests
{
    static readonly Field Partition = new("part", DataType.String);

    static readonly Scalar Value = Scalar.String("p");

    [Fact]
    public void Reduce_AnySortLimitAndBatches_GivesTheRowsInOrder() =>
        Gen.Select(Tables.Any(300), Gen.Int[1, 100], Gen.Int[0, 350], Gen.Select(Gen.Int[0, 100], Gen.Bool).Array[0, 3], Gen.Bool).Sample((table, batch, limit, terms, coded) =>
        {
            var select = Enumerable.Range(0, table.Columns.Length).Reverse().ToArray();
            var sort = terms.Select(term => new SortKey(term.Item1 % (select.Length + 1), term.Item2)).ToArray();
            var reducer = new RowsReducer(table.Schema, Partition, Value, select, sort, limit);
            var output = new CollectedRows(reducer);
            var kept = new List<int>();
            for (var from = 0; from < table.Rows; from += batch)
            {
                var rows = table.Batch(from, Math.Min(batch, table.Rows - from));
                if (coded) rows = new RowBatch(rows.Rows, [.. rows.Columns.Select(Tables.Code)]);
                reducer.Accumulate(rows);
                kept.AddRange(Enumerable.Range(from, rows.Rows));
            }
            var expected = kept.Order(Comparer<int>.Create((left, right) =>
            {
                foreach (var key in sort.Where(key => key.Column > 0))
                {
                    var column = table.Columns[select[key.Column - 1]];
                    var compared = GroupReducerTests.CompareNullsLast(column[left], column[right], key.Descending);
                    if (compared != 0) return compared;
                }
                return left.CompareTo(right);
            })).Take(limit).ToArray();
            var columns = output.Finish();
            Assert.Equal(expected.Length, columns[0].Length);
            for (var row = 0; row < expected.Length; row++) Assert.Equal(Value, columns[0][row]);
            for (var i = 0; i < select.Length; i++)
            {
                var wanted = Column.Create(table.Schema[select[i]].Type);
                foreach (var row in expected) wanted.AppendFrom(table.Columns[select[i]], row);
                Assert.Equal(wanted.Length, columns[i + 1].Length);
                Tables.AssertSame(wanted, 0, columns[i + 1], $"output {i + 1}");
            }
        }, iter: Soak.Cases(400));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reduce_MoreRowsThanARowGroup_GivesThemAllInOrder(bool sorted)
    {
        const int batches = 40, batchRows = 8192;
        var schema = new Schema([new Field("x", DataType.Int64)]);
        var reducer = new RowsReducer(schema, Partition, Value, [0], sorted ? [new SortKey(1, Descending: true)] : []);
        var output = new CollectedRows(reducer);
        int[] all = [.. Enumerable.Range(0, batchRows)];
        for (var i = 0; i < batches; i++)
        {
            var column = new Column<long>(DataType.Int64);
            foreach (var row in all) column.Append((long)i * batchRows + row);
            reducer.Accumulate(new RowBatch(batchRows, [column]));
        }
        var expected = Enumerable.Range(0, batches * batchRows).Select(i => (long)i);
        Assert.Equal(sorted ? expected.Reverse() : expected, ((Column<long>)output.Finish()[1]).Values.ToArray());
    }

    [Fact]
    public void Reduce_SortedAndLimited_KeepsTheEarlierOfEqualRows()
    {
        var schema = new Schema([new Field("key", DataType.Int64), new Field("row", DataType.Int64)]);
        var reducer = new RowsReducer(schema, Partition, Value, [0, 1], [new SortKey(1, Descending: true)], limit: 10);
        int[] all = [.. Enumerable.Range(0, 8192)];
        // Enough batches that the reducer drops rows between them.
        for (var i = 0; i < 40; i++)
        {
            var keys = new Column<long>(DataType.Int64);
            var rows = new Column<long>(DataType.Int64);
            foreach (var row in all)
            {
                keys.Append(row % 100 == 99 ? 1 : 0);
                rows.Append((long)i * 8192 + row);
            }
            reducer.Accumulate(new RowBatch(8192, [keys, rows]));
        }
        var output = Assert.Single(reducer.Finish());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => i * 100L + 99), ((Column<long>)output[2]).Values.ToArray());
    }
}
