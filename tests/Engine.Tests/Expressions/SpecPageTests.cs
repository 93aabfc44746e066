using System.Globalization;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>The examples of docs/spec.md are what happens.</summary>
public class SpecPageTests
{
    public static TheoryData<string, string> Expressions => Examples("expressions");

    public static TheoryData<string, string> Aggregates => Examples("aggregates");

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Expression_HasItsValue(string text, string value)
    {
        var bound = Expression.Parse(text).BindValue(new Schema([]));
        Assert.Equal(value, bound.IsValid ? bound.Value!.Evaluate(new RowFrame([], 1, new Scratch()))[0].ToString() : "error");
    }

    [Theory]
    [MemberData(nameof(Aggregates))]
    public void Aggregate_HasItsValue(string text, string value)
    {
        var (call, over) = (text.Split(" over ")[0], text.Split(" over ")[1].Split(", "));
        var type = over.Any(item => item.Contains('.') || item == "NaN") ? DataType.Double : DataType.Int64;
        var column = Column.Create(type);
        foreach (var item in over) column.Append(item == "null" ? Scalar.Null(type) : type.IsFloating ? Scalar.Double(double.Parse(item, CultureInfo.InvariantCulture)) : Scalar.Int64(long.Parse(item, CultureInfo.InvariantCulture)));
        var rows = new RowSchema(new Schema([new Field("x", type)]));
        var aggregate = AggregateCall.Parse(call, rows.InReduce).Value!;
        var ordinal = aggregate.Argument is null ? -1 : aggregate.Argument is ColumnReference ? 0 : rows.Add("", aggregate.Argument);
        var columns = new List<Column> { column };
        if (ordinal > 0) columns.Add(aggregate.Argument!.Evaluate(new RowFrame(columns, column.Length, new Scratch())));
        var reducer = new GroupReducer(rows.InReduce, null, [], [new Aggregate("a", aggregate.Function, ordinal, aggregate.Parameter)], []);
        reducer.Accumulate(new RowBatch(column.Length, columns));
        Assert.Equal(value, Assert.Single(reducer.Finish().Select(piece => piece[0][0].ToString()).ToList()));
    }

    [Fact]
    public void Page_NamesEveryFunctionAndAggregate()
    {
        var page = Repository.Read("docs/spec.md");
        Assert.All([.. FunctionNames.Scalars, .. FunctionNames.Aggregates], name => Assert.Contains(name, page, StringComparison.Ordinal));
    }

    static TheoryData<string, string> Examples(string kind)
    {
        var examples = new TheoryData<string, string>();
        foreach (var line in Repository.Blocks("docs/spec.md", kind).SelectMany(block => block.Trim().Split('\n')))
        {
            var parts = line.Split(" → ");
            examples.Add(parts[0], parts[1]);
        }
        return examples;
    }
}
