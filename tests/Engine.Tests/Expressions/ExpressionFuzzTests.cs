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
        dice => dice.Below(3) switch
        {
            0 => string.Concat(Enumerable.Range(0, dice.Below(40)).Select(_ => dice.Pick(Pieces) + dice.Pick("", " "))),
            1 => string.Concat(Enumerable.Range(0, dice.Below(60)).Select(_ => (char)(dice.Chance(80) ? 32 + dice.Below(95) : dice.Below(65_536)))),
            _ => Mutate(dice),
        },
        text => text.Length);

    [Fact]
    public void ParseAndBind_AnyText_GivesAValueOrFaultsInsideTheText() => Texts.Sample(text =>
    {
        var expression = Expression.Parse(text);
        Check(text, expression.Bind(Schema));
        Check(text, expression.BindAggregate(Schema));
        Check(text, expression.BindPredicate(Schema));
    }, iter: Soak.Cases(20_000));

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
