using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Reduce;

/// <summary>Group-by against the most obvious way to do it.</summary>
public class GroupReducerTests
{
    static readonly (Field, Scalar) Partition = (new Field("p", DataType.Int64), Scalar.Int64(7));

    sealed record Case(RandomTable Table, int[] Keys, Aggregate[] Aggregates, int Cut, SortKey[] Sort, long Limit);

    static readonly Gen<Case> Cases = new DiceGen<Case>(dice =>
    {
        var table = RandomTable.Make(dice);
        var keys = Enumerable.Range(0, table.Schema.Count).Where(_ => dice.Chance(40)).ToArray();
        var aggregates = new List<Aggregate> { new("n", AggregateFunction.Len, -1) };
        for (var i = 0; i < table.Schema.Count; i++)
        {
            foreach (var function in Enum.GetValues<AggregateFunction>())
            {
                // Sums of random 64-bit integers overflow; that has its own test.
                var sums = function is AggregateFunction.Sum or AggregateFunction.Mean;
                if (function != AggregateFunction.Len && Aggregate.ResultType(function, table.Schema[i].Type) is not null && !(sums && table.Schema[i].Type.Lane is Lane.Int64 or Lane.UInt64 or Lane.Int128))
                    aggregates.Add(new Aggregate($"{function}{i}", function, i));
            }
        }
        SortKey[] sort = dice.Chance(50) ? [] : [new SortKey(dice.Below(1 + keys.Length + aggregates.Count), dice.Chance(50))];
        return new Case(table, keys, [.. aggregates], dice.Below(table.Rows.Length + 1), sort, dice.Chance(50) ? long.MaxValue : 1 + dice.Below(5));
    }, made => made.Table.Rows.Length * made.Table.Schema.Count);

    [Fact]
    public void Finish_AnyTable_EqualsTheReference() => Cases.Sample(made => Assert.Equal(Reference(made), Rows(Reduce(made, 0, made.Table.Rows.Length))), iter: 3_000, print: Print);

    [Fact]
    public void Merge_AnyCut_GivesTheSameRows() => Cases.Sample(made =>
    {
        var merged = Reduce(made, 0, made.Cut);
        merged.Merge(Reduce(made, made.Cut, made.Table.Rows.Length));
        Assert.Equal(Rows(Reduce(made, 0, made.Table.Rows.Length)), Rows(merged));
    }, iter: 3_000, print: Print);

    [Fact]
    public void Sum_IntegersBeyond64Bits_IsAnErrorThatSaysWhatToDo()
    {
        var schema = new Schema([new Field("x", DataType.Int64)]);
        var column = new Column<long>(DataType.Int64);
        column.Append(long.MaxValue);
        column.Append(1);
        var reducer = new GroupReducer(schema, Partition, [], [new Aggregate("total", AggregateFunction.Sum, 0)], []);
        reducer.Accumulate(new RowBatch(2, [column]), [0, 1]);
        Assert.Contains("'total'", Assert.Throws<AggregateOverflowException>(() => reducer.Finish().ToList()).Message, StringComparison.Ordinal);
    }

    static GroupReducer Reduce(Case made, int from, int to)
    {
        var reducer = new GroupReducer(made.Table.Schema, Partition, made.Keys, made.Aggregates, made.Sort, made.Limit);
        reducer.Accumulate(made.Table.Batch, [.. Enumerable.Range(from, to - from)]);
        return reducer;
    }

    static List<string> Rows(GroupReducer reducer)
    {
        var rows = new List<string>();
        foreach (var columns in reducer.Finish())
        {
            for (var row = 0; row < columns[0].Length; row++) rows.Add(Text([.. columns.Select(column => column[row])]));
        }
        return rows;
    }

    static List<string> Reference(Case made)
    {
        var groups = new List<(Scalar[] Key, List<Scalar[]> Rows)>();
        foreach (var row in made.Table.Rows)
        {
            Scalar[] key = [.. made.Keys.Select(ordinal => Canonical(row[ordinal]))];
            var found = groups.FindIndex(group => group.Key.SequenceEqual(key));
            if (found < 0) groups.Add((key, [row]));
            else groups[found].Rows.Add(row);
        }
        var output = groups.Select(group => (Scalar[])[Partition.Item2, .. group.Key, .. made.Aggregates.Select(aggregate => Evaluate(aggregate, made.Table.Schema, group.Rows))]).ToList();
        var keys = Enumerable.Range(1, made.Keys.Length).Select(i => new SortKey(i, false));
        return [.. output.Order(Comparer<Scalar[]>.Create((a, b) => Compare(a, b, made.Sort.Concat(keys)))).Take((int)Math.Min(made.Limit, int.MaxValue)).Select(Text)];
    }

    static int Compare(Scalar[] left, Scalar[] right, IEnumerable<SortKey> keys)
    {
        foreach (var key in keys)
        {
            var (a, b) = (left[key.Column], right[key.Column]);
            var order = Scalar.Compare(a, b);
            if (order != 0) return key.Descending && !a.IsNull && !b.IsNull ? -order : order;
        }
        return 0;
    }

    static Scalar Canonical(Scalar value) => value.Type.IsFloating && !value.IsNull ? Scalar.Floating(value.Type, value.IsNaN ? double.NaN : value.FloatingValue == 0 ? 0.0 : value.FloatingValue) : value;

    static Scalar Evaluate(Aggregate aggregate, Schema schema, List<Scalar[]> rows)
    {
        if (aggregate.Function == AggregateFunction.Len) return Scalar.Int64(rows.Count);
        var values = rows.Select(row => row[aggregate.Input]).Where(value => !value.IsNull).ToList();
        var type = Aggregate.ResultType(aggregate.Function, schema[aggregate.Input].Type)!.Value;
        switch (aggregate.Function)
        {
            case AggregateFunction.Count: return Scalar.Int64(values.Count);
            case AggregateFunction.Min or AggregateFunction.Max:
                var candidates = values.Where(value => !value.IsNaN).ToList();
                if (candidates.Count == 0) return values.Count == 0 ? Scalar.Null(type) : Scalar.Floating(type, double.NaN);
                var sign = aggregate.Function == AggregateFunction.Min ? 1 : -1;
                return candidates.Aggregate((a, b) => Scalar.Compare(a, b) * sign <= 0 ? a : b);
            case AggregateFunction.Mean when values.Count == 0: return Scalar.Null(type);
            default:
                if (schema[aggregate.Input].Type.IsFloating)
                {
                    var sums = new ExactSums();
                    sums.Resize(1);
                    foreach (var value in values) sums.Add(0, value.FloatingValue);
                    return Scalar.Floating(type, aggregate.Function == AggregateFunction.Sum ? sums.Round(0) : sums.Round(0) / values.Count);
                }
                Int128 sum = 0;
                foreach (var value in values) sum += value.IntegerValue;
                return aggregate.Function == AggregateFunction.Sum ? Scalar.Integer(type, sum) : Scalar.Floating(type, (double)sum / values.Count / Math.Pow(10, schema[aggregate.Input].Type.Scale));
        }
    }

    // A dictionary holds one of two equal zeros, so the sign of a zero can't be told from coded columns.
    static string Text(Scalar[] row) => TableFile.Text([.. row.Select(Canonical)]);

    static string Print(Case made) =>
        $"keys {string.Join(',', made.Keys)}, cut {made.Cut}, sort {string.Join<SortKey>(',', made.Sort)}, limit {made.Limit}\n{string.Join(", ", made.Table.Schema.Fields)}\n{string.Join("\n", made.Table.Rows.Select(TableFile.Text))}";
}
