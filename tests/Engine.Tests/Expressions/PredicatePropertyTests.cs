using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class PredicatePropertyTests
{
    sealed record Case(RandomTable Table, Condition Condition, ColumnBounds[] Bounds);

    static readonly Gen<Case> Cases = new DiceGen<Case>(
        dice =>
        {
            var table = RandomTable.Make(dice);
            return new Case(table, new RandomCondition(dice, table).Make(), [.. table.Schema.Fields.Select((_, i) => BoundsOf(dice, table, i))]);
        },
        made => made.Table.Rows.Length * made.Table.Schema.Count + made.Condition.Text.Length);

    [Fact]
    public void Select_AnyCondition_EqualsTheReference() => Cases.Sample(made =>
    {
        var predicate = Bind(made);
        var expected = Expected(made);
        var positions = new int[made.Table.Rows.Length];
        for (var repeat = 0; repeat < 2; repeat++)
        {
            var count = predicate.Select(made.Table.Batch, positions);
            Assert.Equal(expected, positions.AsSpan(0, count).ToArray());
        }
    }, iter: Soak.Cases(5_000), print: Print);

    [Fact]
    public void CanMatch_AnyBoundsThatHold_NeverRulesOutAMatch() => Cases.Sample(made =>
    {
        if (Expected(made).Length > 0) Assert.True(Bind(made).CanMatch(made.Bounds));
    }, iter: Soak.Cases(5_000), print: Print);

    [Fact]
    public void CanMatch_RandomConditions_OftenRuleOut()
    {
        var (ruledOut, empty) = (0, 0);
        Cases.Sample(made =>
        {
            if (Expected(made).Length > 0) return;
            Interlocked.Increment(ref empty);
            if (!Bind(made).CanMatch(made.Bounds)) Interlocked.Increment(ref ruledOut);
        }, iter: Soak.Cases(2_000), seed: "0000000000001");
        Assert.True(ruledOut * 4 > empty, $"{ruledOut} of {empty} empty results were foreseen");
    }

    [Fact]
    public void Equal_AnyValueOfAnyColumn_SelectsItsRows() => Cases.Sample(made =>
    {
        var (schema, rows) = (made.Table.Schema, made.Table.Rows);
        var positions = new int[rows.Length];
        for (var ordinal = 0; ordinal < schema.Count; ordinal++)
        {
            foreach (var value in rows.Take(5).Select(row => row[ordinal]).Append(Scalar.Null(schema[ordinal].Type)))
            {
                var predicate = Predicate.And(Predicate.Equal(schema, ordinal, value), Bind(made));
                var expected = Expected(made).Where(row => rows[row][ordinal] == value).ToArray();
                Assert.Equal(expected, positions.AsSpan(0, predicate.Select(made.Table.Batch, positions)).ToArray());
                if (expected.Length > 0) Assert.True(predicate.CanMatch(made.Bounds));
            }
        }
    }, iter: Soak.Cases(1_000), print: Print);

    static Predicate Bind(Case made)
    {
        var bound = Expression.Parse(made.Condition.Text).BindPredicate(made.Table.Schema);
        Assert.True(bound.IsValid, string.Join("; ", bound.Faults));
        return bound.Value!;
    }

    static int[] Expected(Case made) => [.. Enumerable.Range(0, made.Table.Rows.Length).Where(row => made.Condition.Holds(made.Table.Rows[row]) == true)];

    /// <summary>Bounds that hold for a column: tight, wider or unknown; any at all when they speak of no value.</summary>
    static ColumnBounds BoundsOf(Dice dice, RandomTable table, int ordinal)
    {
        var type = table.Schema[ordinal].Type;
        var values = table.Rows.Select(row => row[ordinal]).Where(value => !value.IsNull && !value.IsNaN).ToList();
        Scalar? End(int sign)
        {
            if (dice.Chance(10)) return null;
            var other = RandomTable.RandomValue(dice, type);
            if (values.Count == 0) return other;
            var end = values.Aggregate((left, right) => Scalar.Compare(left, right) * sign >= 0 ? left : right);
            return dice.Chance(20) && !other.IsNaN && Scalar.Compare(other, end) * sign > 0 ? other : end;
        }
        return new ColumnBounds(End(-1), End(1));
    }

    static string Print(Case made) =>
        $"{made.Condition.Text}\n{string.Join(", ", made.Table.Schema.Fields)}\n{string.Join(", ", made.Bounds)}\n"
        + string.Join("\n", made.Table.Rows.Select((row, i) => $"{i}: {string.Join(" | ", row)} -> {made.Condition.Holds(row)}"));
}
