using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class ParserTests
{
    [Theory]
    [InlineData("a or b and c", "(or a (and b c))")]
    [InlineData("a and b and c or d", "(or (and a b c) d)")]
    [InlineData("not a and b", "(and (not a) b)")]
    [InlineData("not a = 1", "(not (Equal a 1))")]
    [InlineData("a = b is null", "(is-null (Equal a b))")]
    [InlineData("a is not null and b", "(and (is-not-null a) b)")]
    [InlineData("a + b * c - d", "(- (+ a (* b c)) d)")]
    [InlineData("a // b % c", "(% (// a b) c)")]
    [InlineData("(a + b) * c", "(* (+ a b) c)")]
    [InlineData("a || 'x' = b", "(Equal (|| a 'x') b)")]
    [InlineData("a not in (1, -2.5, null)", "(not-in a 1 -25e-1 null)")]
    [InlineData("a between 1 and 2 and b", "(and (between a 1 2) b)")]
    [InlineData("a + 1 not between 1 and 2 * 3", "(not-between (+ a 1) 1 (* 2 3))")]
    [InlineData("a like 'x%' or a not like 'y'", "(or (like a 'x%') (not-like a 'y'))")]
    [InlineData("a == 1 and b != 2 and c <> 3", "(and (Equal a 1) (NotEqual b 2) (NotEqual c 3))")]
    [InlineData("a <= 1 or b >= 2", "(or (LessOrEqual a 1) (GreaterOrEqual b 2))")]
    [InlineData("f(a, g(), 1)", "(call f a (call g) 1)")]
    [InlineData("case when a then 1 else 2 end", "(case a 1 2)")]
    [InlineData("CASE a WHEN 1 THEN b END", "(case a 1 b)")]
    [InlineData("cast(a as Decimal(10, 2)) = try_cast(b as date)", "(Equal (cast Decimal(10,2) a) (cast date b))")]
    [InlineData("date = date '2024-01-01'", "(Equal date Date'2024-01-01')")]
    [InlineData("timestamp < TimeStamp '2024-01-01 00:00'", "(Less timestamp Timestamp'2024-01-01 00:00')")]
    [InlineData("\"Odd \"\"name\" = 'it''s'", "(Equal Odd \"name 'it's')")]
    [InlineData("größe_2 > .5e+1", "(Greater größe_2 5)")]
    [InlineData("- - 5 < -x", "(Less 5 (minus x))")]
    [InlineData("TRUE Or False AND NULL", "(or True (and False null))")]
    [InlineData("x = 00100.2500", "(Equal x 10025e-2)")]
    [InlineData("x = 170141183460469231731687303715884105728000", "(Equal x 170141183460469231731687303715884105728e3)")]
    public void Parse_Text_HasTheShape(string text, string shape)
    {
        var expression = Expression.Parse(text);
        Assert.Empty(expression.Faults);
        Assert.Equal(shape, Shape(expression.Root!));
    }

    [Theory]
    [InlineData("", 0, 0, "expected a value, found the end")]
    [InlineData("a = ", 4, 0, "expected a value, found the end")]
    [InlineData("a b", 2, 1, "expected an operator or the end, found 'b'")]
    [InlineData("a = 'x", 4, 2, "isn't closed with '")]
    [InlineData("\"a", 0, 2, "isn't closed with \"")]
    [InlineData("\"\" = 1", 0, 2, "without a letter")]
    [InlineData("a = 5x", 4, 2, "runs into a name")]
    [InlineData("a = 1.", 5, 1, "the character '.'")]
    [InlineData("a ? 1", 2, 1, "the character '?'")]
    [InlineData("a < 😀", 4, 2, "the character '😀'")]
    [InlineData("a < b < c", 6, 1, "don't chain")]
    [InlineData("a in ()", 6, 1, "is empty")]
    [InlineData("a in (1, 2", 10, 0, "expected ',' or ')'")]
    [InlineData("a in 1", 5, 1, "expected '('")]
    [InlineData("a is 5", 5, 1, "expected 'null'")]
    [InlineData("a between 1 or 2", 12, 2, "expected 'and'")]
    [InlineData("(a", 2, 0, "')'")]
    [InlineData("a and or b", 6, 2, "keyword 'or'")]
    [InlineData("end = 1", 0, 3, "quoted with \"")]
    [InlineData("case a end", 7, 3, "expected 'when'")]
    [InlineData("cast(a)", 6, 1, "expected 'as'")]
    [InlineData("a not b", 2, 3, "expected an operator or the end")]
    public void Parse_NoExpression_SaysWhereAndWhy(string text, int position, int length, string message)
    {
        var fault = Assert.Single(Expression.Parse(text).Faults);
        Assert.Equal((FaultCode.Syntax, position, length), (fault.Code, fault.Position, fault.Length));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_HalfASurrogatePair_IsRefused() =>
        Assert.Equal((FaultCode.Syntax, 4, 3), Expression.Parse("a = '\ud800'").Faults.Select(fault => (fault.Code, fault.Position, fault.Length)).Single());

    public static TheoryData<string> TooMuch => new(
        new string('(', 30_000) + "a" + new string(')', 30_000),
        string.Concat(Enumerable.Repeat("not ", 10_000)) + "a",
        string.Concat(Enumerable.Repeat("- ", 10_000)) + "a",
        "a" + string.Concat(Enumerable.Repeat(" is null", 1_000)),
        "a" + string.Concat(Enumerable.Repeat(" + 1", 1_000)),
        string.Concat(Enumerable.Repeat("f(", 1_000)),
        string.Concat(Enumerable.Repeat("case when ", 1_000)),
        "a in (" + string.Join(',', Enumerable.Repeat('1', Parser.MaxListValues + 1)) + ")",
        "a = '" + new string('x', Parser.MaxLength) + "'");

    [Theory, MemberData(nameof(TooMuch))]
    public void Parse_BeyondTheLimits_IsRefused(string text) => Assert.Equal(FaultCode.Limit, Assert.Single(Expression.Parse(text).Faults).Code);

    [Fact]
    public void Parse_WideButShallow_IsAccepted()
    {
        Assert.Empty(Expression.Parse(string.Join(" or ", Enumerable.Range(0, 5_000).Select(i => $"a = {i}"))).Faults);
        Assert.Empty(Expression.Parse("a in (" + string.Join(',', Enumerable.Repeat('1', Parser.MaxListValues)) + ")").Faults);
        Assert.Empty(Expression.Parse(new string('(', 190) + "a" + new string(')', 190)).Faults);
    }

    [Fact]
    public void Columns_BeforeBinding_AreDistinctInOrderOfUse() =>
        Assert.Equal([("b", 0), ("a", 4), ("c d", 25), ("e", 40)], Expression.Parse("b > a and b in (1) and f(\"c d\") between e and date '2024-01-01'").Columns);

    static string Shape(Node node) => node switch
    {
        NullNode => "null",
        BoolNode literal => literal.Value.ToString(),
        NumberNode number => number.Value.ToString(),
        TextNode text => $"'{text.Value}'",
        TemporalNode temporal => $"{temporal.Kind}'{temporal.Text}'",
        NameNode name => name.Name,
        NotNode => Form("not", node),
        MinusNode => Form("minus", node),
        LogicalNode logical => Form(logical.IsAnd ? "and" : "or", node),
        ComparisonNode comparison => Form(comparison.Relation.ToString(), node),
        ArithmeticNode arithmetic => Form(arithmetic.Operator, node),
        InNode list => Form(list.Negated ? "not-in" : "in", node),
        BetweenNode between => Form(between.Negated ? "not-between" : "between", node),
        LikeNode like => Form(like.Negated ? "not-like" : "like", node),
        IsNullNode test => Form(test.Negated ? "is-not-null" : "is-null", node),
        CallNode call => Form("call " + call.Name, node),
        CaseNode => Form("case", node),
        CastNode cast => Form("cast " + cast.TypeName, node),
        _ => throw new InvalidOperationException(node.GetType().Name),
    };

    static string Form(string name, Node node) => $"({string.Join(' ', node.Children.Select(Shape).Prepend(name))})";
}
