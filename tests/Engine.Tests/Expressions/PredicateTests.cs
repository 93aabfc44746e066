using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class PredicateTests
{
    static readonly Schema Schema = new([new("i", DataType.Int32), new("x", DataType.Double), new("f", DataType.Float), new("s", DataType.String), new("b", DataType.Bool)]);

    [Theory]
    [InlineData("i > 2.5", "3")]
    [InlineData("i = 2.5", "")]
    [InlineData("i <> 2.5", "0 1 2 3")]
    [InlineData("i < 99999999999", "0 1 2 3")]
    [InlineData("i > 1e400 or i < -170141183460469231731687303715884105729", "")]
    [InlineData("not i > 1e400", "0 1 2 3")]
    [InlineData("i = null", "")]
    [InlineData("i is null", "4")]
    [InlineData("i not in (1, null)", "")]
    [InlineData("i in (1, null)", "1")]
    [InlineData("x > 1e300", "2 3")]
    [InlineData("x <= 1e400 and x > 2", "")]
    [InlineData("x = x", "0 1 2 3 4")]
    [InlineData("x >= x", "0 1 2 3 4")]
    [InlineData("x = 0", "0 1")]
    [InlineData("x in (0.0, 2)", "0 1")]
    [InlineData("f = 0.1", "1")]
    [InlineData("f < 16777217", "0 1 2")]
    [InlineData("f <= 16777216 and f >= 16777216", "2")]
    [InlineData("s >= 'é'", "2 3")]
    [InlineData("s = ''", "0")]
    [InlineData("b", "0 3")]
    [InlineData("not b", "1")]
    [InlineData("b = false", "1")]
    [InlineData("b < true", "1")]
    [InlineData("b <= true", "0 1 3")]
    [InlineData("(i > 1) = (x > 1)", "0 1 2 3")]
    [InlineData("(i > 1) is null", "4")]
    [InlineData("1 < 2", "0 1 2 3 4")]
    [InlineData("'b' in ('a', 'c')", "")]
    [InlineData("null", "")]
    [InlineData("i between 1 and 2 or s = 'nothing'", "1 2")]
    public void Select_Text_GivesTheRows(string text, string rows)
    {
        var columns = Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        void Add(params Scalar?[] values)
        {
            for (var i = 0; i < values.Length; i++) columns[i].Append(values[i] ?? Scalar.Null(Schema[i].Type));
        }
        Scalar I(int value) => Scalar.Integer(DataType.Int32, value);
        Scalar F(float value) => Scalar.Floating(DataType.Float, value);
        Add(I(0), Scalar.Double(0), F(-1), Scalar.String(""), Scalar.Bool(true));
        Add(I(1), Scalar.Double(-0.0), F(0.1f), Scalar.String("a"), Scalar.Bool(false));
        Add(I(2), Scalar.Double(double.PositiveInfinity), F(16777216), Scalar.String("é"), null);
        Add(I(3), Scalar.Double(double.NaN), F(16777218), Scalar.String("😀"), Scalar.Bool(true));
        Add(null, Scalar.Double(-5), null, null, null);
        Assert.Equal(rows, Select(Expression.Parse(text).BindPredicate(Schema).Value!, new RowBatch(5, columns)));
    }

    [Theory]
    [InlineData("i > 10", false)]
    [InlineData("i >= 10", true)]
    [InlineData("i < 1", false)]
    [InlineData("not i >= 1", false)]
    [InlineData("i = 11", false)]
    [InlineData("i in (0, 11, 12)", false)]
    [InlineData("i in (0, 5)", true)]
    [InlineData("i between 11 and 20", false)]
    [InlineData("not (i < 20 or s = 'x')", false)]
    [InlineData("i is null", true)]
    [InlineData("i is not null", true)]
    [InlineData("i = 2.5", false)]
    [InlineData("i > 9.5", true)]
    [InlineData("i > 10.5", false)]
    [InlineData("i = null", false)]
    [InlineData("1 = 2", false)]
    [InlineData("i > 10 or s = 'x'", true)]
    [InlineData("i > 10 and s = 'x'", false)]
    [InlineData("x > 20", true)]
    [InlineData("x >= 20", true)]
    [InlineData("x <> 1", true)]
    [InlineData("x = 20", false)]
    [InlineData("x < 0", false)]
    [InlineData("x <= 0.5", false)]
    [InlineData("x between 11 and 20", false)]
    [InlineData("x > i", true)]
    [InlineData("b", false)]
    [InlineData("not b", true)]
    public void CanMatch_Bounds_RulesOutWhatTheyProve(string text, bool expected)
    {
        ColumnBounds[] bounds =
        [
            new(Scalar.Integer(DataType.Int32, 1), Scalar.Integer(DataType.Int32, 10)), new(Scalar.Double(1), Scalar.Double(10)), ColumnBounds.Unknown, ColumnBounds.Unknown,
            new(Scalar.Bool(false), Scalar.Bool(false)),
        ];
        Assert.Equal(expected, Expression.Parse(text).BindPredicate(Schema).Value!.CanMatch(bounds));
    }

    [Fact]
    public void CanMatch_FewerOrForeignOrNaNBounds_AreUnknown()
    {
        var predicate = Expression.Parse("x < 0 and i < 0").BindPredicate(Schema).Value!;
        Assert.True(predicate.CanMatch([]));
        Assert.True(predicate.CanMatch([new(Scalar.Int64(5), Scalar.Int64(5)), new(Scalar.Double(double.NaN), Scalar.Double(double.NaN))]));
    }

    [Fact]
    public void Equal_NullAndNaN_AreValues()
    {
        var column = new Column<double>(DataType.Double);
        column.Append(double.NaN);
        column.AppendNull();
        column.Append(1);
        var batch = new RowBatch(3, [column]);
        var schema = new Schema([new("x", DataType.Double)]);
        Assert.Equal("0", Select(Predicate.Equal(schema, 0, Scalar.Double(double.NaN)), batch));
        Assert.Equal("1", Select(Predicate.Equal(schema, 0, Scalar.Null(DataType.Double)), batch));
        Assert.True(Predicate.Equal(schema, 0, Scalar.Double(double.NaN)).CanMatch([new(Scalar.Double(1), Scalar.Double(1))]));
        Assert.Throws<ArgumentException>(() => Predicate.Equal(schema, 0, Scalar.Int64(1)));
    }

    [Fact]
    public void Select_DictionaryOfNothing_KnowsItsNulls()
    {
        var column = new DictionaryColumn(DataType.String);
        for (var i = 0; i < 70; i++) column.AppendNull();
        var schema = new Schema([new("s", DataType.String), new("t", DataType.String)]);
        var batch = new RowBatch(70, [column, column]);
        Assert.Equal("", Select(Expression.Parse("s >= '' or s not in ('a')").BindPredicate(schema).Value!, batch));
        Assert.Equal("", Select(Expression.Parse("s = t").BindPredicate(schema).Value!, batch));
        Assert.Equal(70, Expression.Parse("s is null or s = 'a'").BindPredicate(schema).Value!.Select(batch, new int[70]));
    }

    [Fact]
    public void Select_RefilledColumns_AllocatesNothing()
    {
        var column = new DictionaryColumn(DataType.Int64);
        for (var i = 0; i < 10; i++) column.Dictionary.Append(Scalar.Int64(i));
        var plain = new Column<double>(DataType.Double);
        for (var i = 0; i < 5_000; i++)
        {
            column.AppendSpan(1)[0] = i % 10;
            plain.Append(i);
        }
        var schema = new Schema([new("n", DataType.Int64), new("x", DataType.Double)]);
        var predicate = Expression.Parse("n in (1, 2, 3, 4, 5, 6, 7, 8) and (x > 10 or x < n) and n is not null").BindPredicate(schema).Value!;
        var batch = new RowBatch(5_000, [column, plain]);
        var positions = new int[5_000];
        predicate.Select(batch, positions);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) predicate.Select(batch, positions);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    [Fact]
    public void Select_TooFewPositions_IsRefused()
    {
        var column = new Column<int>(DataType.Int32);
        column.Append(1);
        var predicate = Expression.Parse("i = 1").BindPredicate(Schema).Value!;
        Assert.Throws<ArgumentException>(() => predicate.Select(new RowBatch(1, [column]), []));
    }

    static string Select(Predicate predicate, RowBatch batch)
    {
        var positions = new int[batch.Rows];
        return string.Join(' ', positions.Take(predicate.Select(batch, positions)));
    }
}
