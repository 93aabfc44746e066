using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Tests.Reduce;

public class ReducerMemoryTests
{
    const long Limit = 4 << 20;
    const int BatchRows = 8192;
    const int Batches = 100;

    internal static readonly Schema Schema = new([new("id", DataType.Int64), new("name", DataType.String), new("one", DataType.Int32), new("x", DataType.Double)]);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    public void Group_MoreGroupsThanTheAccountHolds_EndsAsMemoryExceeded(params int[] keys) =>
        AssertExceeds(account => new GroupReducer(Schema, null, keys, [new Aggregate("n", AggregateFunction.Len, -1)], [], account: account));

    [Theory]
    [InlineData(AggregateFunction.NUnique, 1)]
    [InlineData(AggregateFunction.NUnique, 3)]
    [InlineData(AggregateFunction.Median, 3)]
    public void Group_StateLargerThanTheAccount_EndsAsMemoryExceeded(AggregateFunction function, int input) =>
        AssertExceeds(account => new GroupReducer(Schema, null, [2], [new Aggregate("a", function, input)], [], account: account));

    [Fact]
    public void Rows_MoreThanTheAccountHolds_EndsAsMemoryExceeded() =>
        AssertExceeds(account => new RowsReducer(Schema, new Field("part", DataType.Int32), Scalar.Integer(DataType.Int32, 1), [1, 3], [new SortKey(2, false)], account: account));

    [Theory]
    [InlineData(100, true)]
    [InlineData(100, false)]
    [InlineData(long.MaxValue, false)]
    public void Rows_LimitedOrStreamed_StayWithinTheAccount(long limit, bool sorted)
    {
        var account = new MemoryAccount(3 * Limit);
        var reducer = new RowsReducer(Schema, new Field("part", DataType.Int32), Scalar.Integer(DataType.Int32, 1), [1, 3], sorted ? [new SortKey(2, true)] : [], limit, account);
        long rows = 0;
        reducer.Ready = ready => rows += ready.Rows;
        for (var batch = 0; batch < Batches; batch++) reducer.Accumulate(Batch(batch));
        foreach (var columns in reducer.Finish()) rows += columns[0].Length;
        Assert.Equal(Math.Min(limit, (long)Batches * BatchRows), rows);
        Assert.Equal(0, account.Held);
    }

    [Fact]
    public void Group_FinishedOrLeftInTheMiddle_GivesAllMemoryBack()
    {
        foreach (var whole in (bool[])[true, false])
        {
            var account = new MemoryAccount(1 << 30);
            var aggregates = Enum.GetValues<AggregateFunction>().Where(function => function is not (AggregateFunction.Any or AggregateFunction.All or AggregateFunction.Len))
                .Select(function => new Aggregate(function.ToString(), function, 3, 0.5)).ToList();
            var reducer = new GroupReducer(Schema, null, [0, 1], aggregates, [new SortKey(3, true)], account: account);
            for (var batch = 0; batch < 5; batch++) reducer.Accumulate(Batch(batch));
            Assert.InRange(account.Held, 1, long.MaxValue);
            var rows = 0;
            foreach (var columns in reducer.Finish())
            {
                rows += columns[0].Length;
                if (!whole) break;
            }
            if (whole) Assert.Equal(5 * BatchRows, rows);
            if (!whole) reducer.Release();
            Assert.Equal(0, account.Held);
        }
    }

    static void AssertExceeds(Func<MemoryAccount, Reducer> create)
    {
        var account = new MemoryAccount(Limit);
        var reducer = create(account);
        Assert.Throws<MemoryExceededException>(() =>
        {
            for (var batch = 0; batch < Batches; batch++) reducer.Accumulate(Batch(batch));
        });
        Assert.InRange(account.Held, 1, Limit);
        reducer.Release();
        Assert.Equal(0, account.Held);
    }

    internal static RowBatch Batch(int number)
    {
        var (id, name, one, x) = (new Column<long>(DataType.Int64), new BytesColumn(DataType.String), new Column<int>(DataType.Int32), new Column<double>(DataType.Double));
        for (long row = (long)number * BatchRows; row < (number + 1L) * BatchRows; row++)
        {
            id.Append(row);
            name.Append(System.Text.Encoding.UTF8.GetBytes($"name {row}"));
            one.Append(1);
            x.Append(row / 8.0);
        }
        return new RowBatch(BatchRows, [id, name, one, x], (long)number * BatchRows);
    }
}
