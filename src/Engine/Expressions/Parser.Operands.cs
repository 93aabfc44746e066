using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Parser
{
    Node? ParseOperand()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Integer or TokenKind.Decimal:
                return new NumberNode(Take().Span, ExactNumber.Parse(token.Value));
            case TokenKind.Text:
                return new TextNode(Take().Span, token.Value);
            case TokenKind.QuotedName:
                return new NameNode(Take().Span, token.Value);
            case TokenKind.Name:
                return ParseName();
        }
        switch (token.Kind is TokenKind.Keyword or TokenKind.Symbol ? token.Value : "")
        {
            case "null": return new NullNode(Take().Span);
            case "true" or "false": return new BoolNode(Take().Span, token.Value == "true");
            case "not":
                Take();
                return ParseExpression(NotPower) is { } operand ? Checked(new NotNode(token.Span.To(operand.Span), operand)) : null;
            case "-": return ParseMinus();
            case "(":
                Take();
                if (ParseExpression(0) is not { } inner) return null;
                var closing = Current.Span;
                return TryTake(")") ? inner with { Span = token.Span.To(closing) } : Expected("an operator or ')'");
            case "case": return ParseCase();
            default: return Expected("a value");
        }
    }

    Node? ParseMinus()
    {
        var sign = Take().Span;
        if (ParseExpression(SignPower) is not { } operand) return null;
        var span = sign.To(operand.Span);
        return operand is NumberNode number ? new NumberNode(span, number.Value.Negate()) : Checked(new MinusNode(span, operand));
    }

    Node? ParseName()
    {
        var name = Take();
        if (Current.Kind == TokenKind.Text && name.IsWord("date")) return ParseTemporal(name, TypeKind.Date);
        if (Current.Kind == TokenKind.Text && name.IsWord("timestamp")) return ParseTemporal(name, TypeKind.Timestamp);
        if (!TryTake("(")) return new NameNode(name.Span, name.Value);
        if (name.IsWord("cast") || name.IsWord("try_cast")) return ParseCast(name);
        if (ParseList(out var closing) is not { } arguments) return null;
        var call = new CallNode(name.Span.To(closing), name.Span, name.Value, arguments);
        return arguments.Count == 0 ? call : Checked(call);
    }

    TemporalNode ParseTemporal(Token prefix, TypeKind kind)
    {
        var text = Take();
        return new TemporalNode(prefix.Span.To(text.Span), kind, text.Value);
    }

    Node? ParseCast(Token name)
    {
        if (ParseExpression(0) is not { } value) return null;
        if (!Current.IsWord("as")) return Expected("'as' and a type");
        Take();
        if (Current.Kind != TokenKind.Name) return Expected("a type");
        var type = Take();
        var (typeName, typeSpan) = (type.Value, type.Span);
        if (TryTake("("))
        {
            if (Current.Kind != TokenKind.Integer) return Expected("a number");
            typeName += "(" + Take().Value;
            while (TryTake(","))
            {
                if (Current.Kind != TokenKind.Integer) return Expected("a number");
                typeName += "," + Take().Value;
            }
            typeName += ")";
            typeSpan = type.Span.To(Current.Span);
            if (!TryTake(")")) return Expected("',' or ')'");
        }
        var closing = Current.Span;
        if (!TryTake(")")) return Expected("')'");
        return Checked(new CastNode(name.Span.To(closing), value, typeSpan, typeName, name.IsWord("try_cast")));
    }

    Node? ParseCase()
    {
        var start = Take().Span;
        Node? operand = null;
        if (!Current.Is("when") && (operand = ParseExpression(0)) is null) return null;
        var branches = new List<(Node, Node)>();
        while (TryTake("when"))
        {
            if (ParseExpression(0) is not { } condition) return null;
            if (!TryTake("then")) return Expected("'then'");
            if (ParseExpression(0) is not { } result) return null;
            branches.Add((condition, result));
        }
        if (branches.Count == 0) return Expected("'when'");
        Node? otherwise = null;
        if (TryTake("else") && (otherwise = ParseExpression(0)) is null) return null;
        var end = Current.Span;
        return TryTake("end") ? Checked(new CaseNode(start.To(end), operand, branches, otherwise)) : Expected("'when', 'else' or 'end'");
    }
}
