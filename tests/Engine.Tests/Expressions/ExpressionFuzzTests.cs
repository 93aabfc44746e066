using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class ExpressionFuzzTests
{
    static readonly Schema Schema = new([.. RandomTable.Types.Select((type, i) => new Field("c" + i, type)), new Field("odd name", DataType.Int32)]);

    static readonly string[] Pieces =
    [
        "c0", "c3", "c9", "c16", "\"odd name\"", "nope", "1", "-2", "0.5", "1e999999999999", ".5", "1e-99999999", "'text'", "'2024-01-01'", "date '2024-01-01'", "timestamp '2024'",
        "null", "true", "(", ")", ",", "=", "==", "<>", "<", ">=", "and", "or", "not", "in", "in (", "between", "is null", "is not null", "like", "+", "-", "*", "//", "||", "case",
        "when", "then", "else", "end", "cast(", "as decimal(10,2))", "lower(", "sum(", "len()", "'", "\"", "''", "é", "\ud800", "\u0000", "  ", "\n", "%", ".", "e", "_",
    ];

    static readonly Gen<string> Texts = new DiceGen<string>(
        dice => dice.Below(5) switch
        {
            0 => string.Concat(Enumerable.Range(0, dice.Below(40)).Select(_ => dice.Pick(Pieces) + dice.Pick("", " "))),
            1 => string.Concat(Enumerable.Range(0, dice.Below(60)).Select(_ => (char)(dice.Chance(80) ? 32 + dice.Below(95) : dice.Below(65_536)))),
            2 => Mutate(dice),
            _ => Typed(dice, 1 + dice.Below(3)),
        },
        text => text.Length);

    [Fact]
    public void ParseAndBind_AnyText_GivesAValueOrFaultsInsideTheText() => Texts.Sample(text =>
    {
        var expression = Expression.Parse(text);
        Check(text, expression.Bind(Schema));
        Check(text, expression.BindAggregate(Schema));
        Check(text, expression.BindPredicate(Schema));
        var value = expression.BindValue(Schema);
        Check(text, value);
        if (value.Value is { } bound) Evaluate(bound);
    }, iter: Soak.Cases(20_000));

    static readonly RandomTable[] Tables = [.. Enumerable.Range(0, 20).Select(i => RandomTable.Make(new Dice(new PCG((uint)i + 1)), Schema, i * 7, RandomTable.RandomValue))];

    /// <summary>Has a value or a typed error for every row of extreme values.</summary>
    static void Evaluate(ValueExpression bound)
    {
        foreach (var table in Tables)
        {
            try
            {
                var column = bound.Evaluate(new RowFrame(table.Batch.Columns, table.Batch.Rows, new Scratch()));
                Assert.Equal(table.Batch.Rows, column.Length);
                Assert.Equal(bound.Type, column.Type);
            }
            catch (EvaluationException)
            {
                // A value out of range.
            }
            bound.Bounds([.. table.Schema.Fields.Select((_, i) => table.Rows.Length == 0 ? ColumnBounds.Unknown : new ColumnBounds(table.Rows[0][i], table.Rows[0][i]))]);
        }
    }

    /// <summary>Calls and operators over columns of any type, most of which bind or fail for their types alone.</summary>
    static string Typed(Dice dice, int depth)
    {
        if (depth == 0) return dice.Chance(80) ? "c" + dice.Below(RandomTable.Types.Length) : dice.Pick("null", "0", "-3", "2.5", "'a'", "'2024-02-29'", "true", "99999999999999999999", "1e308");
        string Inner() => Typed(dice, depth - 1);
        return dice.Below(12) switch
        {
            0 => $"({Inner()} {dice.Pick("+", "-", "*", "/", "//", "%", "||", "=", "<", "and", "or")} {Inner()})",
            1 => $"{dice.Pick("abs", "round", "floor", "ceil", "sqrt", "ln", "exp", "lower", "upper", "trim", "length", "year", "month", "day", "hour", "minute", "second")}({Inner()})",
            2 => $"{dice.Pick("coalesce", "nullif", "greatest", "least", "power", "concat", "starts_with", "contains")}({Inner()}, {Inner()})",
            3 => $"{dice.Pick("cast", "try_cast")}({Inner()} as {dice.Pick("int8", "uint16", "int32", "int64", "uint64", "float", "double", "decimal(38,10)", "decimal(4,4)", "string", "bool", "date", "time", "timestamp", "timestamp_ns", "timestamp_ms")})",
            4 => $"case when {Inner()} then {Inner()} else {Inner()} end",
            5 => $"date_trunc('{dice.Pick(Instants.PartNames)}', {Inner()})",
            6 => $"date_diff('{dice.Pick(Instants.PartNames)}', {Inner()}, {Inner()})",
            7 => $"substr({Inner()}, {Inner()}, {Inner()})",
            8 => $"round({Inner()}, {dice.Below(77) - 38})",
            9 => $"- {Inner()}",
            10 => $"({Inner()} in ({Inner()}, {Inner()}))",
            _ => $"({Inner()} between {Inner()} and {Inner()})",
        };
    }

    static void Check<T>(string text, Checked<T> bound) where T : class
    {
        Assert.Equal(bound.IsValid, bound.Faults.Count == 0);
        foreach (var fault in bound.Faults)
        {
            Assert.InRange(fault.Position, 0, text.Length);
            Assert.InRange(fault.Position + fault.Length, fault.Position, text.Length);
            Assert.InRange(fault.Message.Length, 1, 400);
        }
    }

    static string Mutate(Dice dice)
    {
        var text = new RandomCondition(dice, RandomTable.Make(dice, Schema, 3, RandomTable.RandomValue)).Make().Text;
        for (var times = dice.Below(4); times > 0; times--)
        {
            var start = dice.Below(text.Length + 1);
            var end = Math.Min(text.Length, start + dice.Below(6));
            text = text[..start] + (dice.Chance(60) ? dice.Pick(Pieces) : "") + text[end..];
        }
        return text;
    }
}
