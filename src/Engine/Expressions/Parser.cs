namespace Fanfold.Engine.Expressions;

/// <summary>
/// A Pratt parser of the expression language. Operators bind as in PostgreSQL, loosest first: or, and, not, is, comparison, in/between/like, ||,
/// + −, * / // %, sign. It stops at the first fault.
/// </summary>
sealed partial class Parser
{
    public const int MaxLength = 64 * 1024;
    public const int MaxDepth = 200;
    public const int MaxListValues = 10_000;

    const int OrPower = 1, AndPower = 2, NotPower = 3, IsPower = 4, ComparisonPower = 5, MembershipPower = 6, ConcatPower = 7, SumPower = 8, ProductPower = 9,
        SignPower = 10;

    readonly List<Token> _tokens;
    readonly ExpressionFault? _lexerFault;
    ExpressionFault? _fault;
    int _next;
    int _depth;

    Parser(string text)
    {
        var lexer = new Lexer(text);
        _tokens = lexer.Run();
        _lexerFault = lexer.Fault;
    }

    /// <summary>Parses a whole text; exactly one of the results is null.</summary>
    public static (Node? Root, ExpressionFault? Fault) Parse(string text)
    {
        if (text.Length > MaxLength)
            return (null, new ExpressionFault(FaultCode.Limit, MaxLength, text.Length - MaxLength, $"an expression has at most {MaxLength} characters"));
        var parser = new Parser(text);
        var root = parser.ParseExpression(0);
        if (root is not null && (parser.Current.Kind != TokenKind.End || parser._lexerFault is not null)) root = parser.Expected("an operator or the end");
        return root is null ? (null, parser._fault) : (root, null);
    }

    Token Current => _tokens[_next];

    Token Take() => _tokens[_next].Kind == TokenKind.End ? _tokens[_next] : _tokens[_next++];

    bool TryTake(string value)
    {
        if (!Current.Is(value)) return false;
        _next++;
        return true;
    }

    /// <summary>Parses operands and operators that bind tighter than <paramref name="power"/>.</summary>
    Node? ParseExpression(int power)
    {
        if (_depth == MaxDepth) return TooDeep(Current.Span);
        _depth++;
        var left = ParseOperand();
        while (left is not null && InfixPower() > power) left = ParseInfix(left);
        _depth--;
        return left;
    }

    int InfixPower()
    {
        var token = Current;
        if (token.Kind is not (TokenKind.Keyword or TokenKind.Symbol)) return 0;
        return token.Value switch
        {
            "or" => OrPower,
            "and" => AndPower,
            "is" => IsPower,
            "in" or "between" or "like" => MembershipPower,
            "not" when _tokens[_next + 1] is var after && (after.Is("in") || after.Is("between") || after.Is("like")) => MembershipPower,
            "||" => ConcatPower,
            "+" or "-" => SumPower,
            "*" or "/" or "//" or "%" => ProductPower,
            var symbol => Relations.Of(symbol) is null ? 0 : ComparisonPower,
        };
    }

    Node? ParseInfix(Node left)
    {
        if (Current.Is("or") || Current.Is("and")) return ParseChain(left, Take().Value == "and");
        var token = Take();
        if (Relations.Of(token.Value) is { } relation) return ParseComparison(left, relation);
        if (token.Value == "is") return ParseIsNull(left);
        var negated = token.Value == "not";
        if (negated) token = Take();
        return token.Value switch
        {
            "in" => ParseIn(left, negated),
            "between" => ParseBetween(left, negated),
            "like" => ParseExpression(MembershipPower) is { } pattern ? Checked(new LikeNode(left.Span.To(pattern.Span), left, pattern, negated)) : null,
            "||" => ParseArithmetic(left, token.Value, ConcatPower),
            "+" or "-" => ParseArithmetic(left, token.Value, SumPower),
            _ => ParseArithmetic(left, token.Value, ProductPower),
        };
    }

    Node? ParseChain(Node first, bool isAnd)
    {
        var operands = new List<Node> { first };
        do
        {
            if (ParseExpression(isAnd ? AndPower : OrPower) is not { } operand) return null;
            operands.Add(operand);
        }
        while (TryTake(isAnd ? "and" : "or"));
        return Checked(new LogicalNode(first.Span.To(operands[^1].Span), isAnd, operands));
    }

    Node? ParseComparison(Node left, Relation relation)
    {
        if (ParseExpression(ComparisonPower) is not { } right) return null;
        if (InfixPower() == ComparisonPower) return Fail(FaultCode.Syntax, Current.Span, "comparisons don't chain; join two of them with 'and'");
        return Checked(new ComparisonNode(left.Span.To(right.Span), relation, left, right));
    }

    Node? ParseArithmetic(Node left, string symbol, int power) =>
        ParseExpression(power) is { } right ? Checked(new ArithmeticNode(left.Span.To(right.Span), symbol, left, right)) : null;

    Node? ParseIsNull(Node left)
    {
        var negated = TryTake("not");
        if (!Current.Is("null")) return Expected("'null'");
        return Checked(new IsNullNode(left.Span.To(Take().Span), left, negated));
    }

    Node? ParseIn(Node left, bool negated)
    {
        if (!TryTake("(")) return Expected("'(' and a list of values");
        if (ParseList(out var closing) is not { } items) return null;
        if (items.Count == 0) return Fail(FaultCode.Syntax, closing, "the list after 'in' is empty");
        return Checked(new InNode(left.Span.To(closing), left, items, negated));
    }

    Node? ParseBetween(Node left, bool negated)
    {
        if (ParseExpression(MembershipPower) is not { } low) return null;
        if (!TryTake("and")) return Expected("'and' and the upper end of 'between'");
        if (ParseExpression(MembershipPower) is not { } high) return null;
        return Checked(new BetweenNode(left.Span.To(high.Span), left, low, high, negated));
    }

    /// <summary>Parses expressions up to the closing parenthesis of a list whose opening one is taken.</summary>
    List<Node>? ParseList(out SourceSpan closing)
    {
        var items = new List<Node>();
        closing = Current.Span;
        if (TryTake(")")) return items;
        do
        {
            if (items.Count == MaxListValues)
            {
                Fail(FaultCode.Limit, Current.Span, $"a list has at most {MaxListValues} values");
                return null;
            }
            if (ParseExpression(0) is not { } item) return null;
            items.Add(item);
        }
        while (TryTake(","));
        closing = Current.Span;
        if (TryTake(")")) return items;
        Expected("',' or ')'");
        return null;
    }

    Node? Checked(Node node)
    {
        var depth = 1 + node.Children.Max(child => child.Depth);
        return depth > MaxDepth ? TooDeep(node.Span) : node with { Depth = depth };
    }

    Node? TooDeep(SourceSpan span) => Fail(FaultCode.Limit, span, $"an expression nests at most {MaxDepth} levels");

    Node? Expected(string what)
    {
        var token = Current;
        if (token.Kind == TokenKind.End && _lexerFault is not null)
        {
            _fault ??= _lexerFault with { Message = $"expected {what}, {_lexerFault.Message}" };
            return null;
        }
        var found = token.Kind switch
        {
            TokenKind.End => "the end",
            TokenKind.Text => "a text literal",
            TokenKind.Keyword => $"the keyword '{token.Value}' (a column of that name is quoted with \")",
            _ => Quotation.Of(token.Value),
        };
        return Fail(FaultCode.Syntax, token.Span, $"expected {what}, found {found}");
    }

    Node? Fail(string code, SourceSpan span, string message)
    {
        _fault ??= new ExpressionFault(code, span.Position, span.Length, message);
        return null;
    }
}
