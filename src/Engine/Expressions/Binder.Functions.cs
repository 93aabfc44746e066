using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    BoundExpression? BindFunction(CallNode call) => call.Name.ToLowerInvariant() switch
    {
        "coalesce" => BindCoalesce(call),
        "nullif" => BindNullIf(call),
        "greatest" => BindExtreme(call, greatest: true),
        "least" => BindExtreme(call, greatest: false),
        "abs" => BindAbs(call),
        "round" => BindRound(call),
        "floor" => BindWhole(call, MidpointRounding.ToNegativeInfinity),
        "ceil" => BindWhole(call, MidpointRounding.ToPositiveInfinity),
        "sqrt" => BindDouble<SquareRoot>(call),
        "ln" => BindDouble<NaturalLogarithm>(call),
        "exp" => BindDouble<Exponential>(call),
        "power" => BindPower(call),
        "lower" => BindText(call, TextFunctions.Lower),
        "upper" => BindText(call, TextFunctions.Upper),
        "trim" => BindText(call, TextFunctions.Trim),
        "length" => Takes(call, 1, 1) && Text(call, 0) is { } text ? Fold(new TextMeasureExpression<long>(text, DataType.Int64, TextFunctions.Length), call.Span) : null,
        "substr" => BindSubstring(call),
        "starts_with" => BindTextTest(call, atStart: true),
        "contains" => BindTextTest(call, atStart: false),
        "concat" => Takes(call, 1, int.MaxValue) ? BindConcat(call, call.Arguments, skipsNulls: true) : null,
        "date_trunc" => BindDateTrunc(call),
        "date_diff" => BindDateDiff(call),
        "year" => BindCalendar(call, DatePart.Year),
        "month" => BindCalendar(call, DatePart.Month),
        "day" => BindCalendar(call, DatePart.Day),
        "hour" => BindClock(call, DatePart.Hour),
        "minute" => BindClock(call, DatePart.Minute),
        "second" => BindClock(call, DatePart.Second),
        _ => throw new InvalidOperationException($"No binding for the function '{call.Name}'."),
    };

    BoundExpression? BindText(CallNode call, TextMap map) => Takes(call, 1, 1) && Text(call, 0) is { } text ? Fold(new TextExpression(text, map), call.Span) : null;

    BoundExpression? BindSubstring(CallNode call)
    {
        if (!Takes(call, 2, 3)) return null;
        var (text, start, length) = (Text(call, 0), Integer(call, 1), call.Arguments.Count == 3 ? Integer(call, 2) : null);
        return text is null || start is null || call.Arguments.Count == 3 && length is null ? null : Fold(new SubstringExpression(text, start, length), call.Span);
    }

    BoundExpression? BindTextTest(CallNode call, bool atStart)
    {
        if (!Takes(call, 2, 2)) return null;
        var (text, part) = (Text(call, 0), Text(call, 1));
        if (text is null || part is null) return null;
        if (part is ConstantValue { Value: { IsNull: false } constant } && constant.ToString() is var literal && !LikePattern.HasWildcards(literal))
            return Fold(TextTest.Of(text, LikePattern.Parse($"{(atStart ? "" : "%")}{literal}%")), call.Span);
        return Fold(new TextPairTest(text, part, atStart, negated: false), call.Span);
    }

    TruthExpression? BindLike(LikeNode node)
    {
        var value = Bind(node.Value);
        if (node.Pattern is not TextNode pattern)
        {
            if (Bind(node.Pattern) is NullLiteral) return ConstantTruth.Null;
            Fault(FaultCode.Type, node.Pattern.Span, "the pattern of 'like' is a text in quotes; for texts of columns there are starts_with and contains");
            return null;
        }
        if (value is null || AsText(value, node.Value) is not { } text) return null;
        var test = Fold(TextTest.Of(text, LikePattern.Parse(pattern.Value)), node.Span);
        return node.Negated ? test?.Negate() : test;
    }

    /// <summary>Checks the number of arguments; binds them for their faults when it is wrong.</summary>
    bool Takes(CallNode call, int least, int most)
    {
        if (call.Arguments.Count >= least && call.Arguments.Count <= most) return true;
        foreach (var argument in call.Arguments) Bind(argument);
        var expected = most == int.MaxValue ? $"at least {least}" : least == most ? $"{least}" : $"{least} or {most}";
        Fault(FaultCode.Type, call.Span, $"'{call.Name}' takes {expected} argument{(most == 1 || most == int.MaxValue && least == 1 ? "" : "s")}, not {call.Arguments.Count}");
        return false;
    }

    List<BoundExpression>? Arguments(CallNode call)
    {
        var bounds = call.Arguments.Select(Bind).ToList();
        return bounds.Contains(null) ? null : bounds.ConvertAll(bound => bound!);
    }

    ValueExpression? Text(CallNode call, int index) => Bind(call.Arguments[index]) is { } bound ? AsText(bound, call.Arguments[index]) : null;

    ValueExpression? AsText(BoundExpression bound, Node node)
    {
        if (bound is NullLiteral || bound.Type.Kind == TypeKind.String) return AsValue(bound, DataType.String);
        Fault(FaultCode.Type, node.Span, $"expected a text, but {Describe(bound)}; cast(… as string) makes one");
        return null;
    }

    ValueExpression? Integer(CallNode call, int index)
    {
        if (Bind(call.Arguments[index]) is not { } bound) return null;
        if (bound is NullLiteral || bound.Type.IsInteger) return Operand(bound, DataType.Int64);
        Fault(FaultCode.Type, call.Arguments[index].Span, $"'{call.Name}' takes an integer here, but {Describe(bound)}");
        return null;
    }

    BoundExpression? Number(CallNode call, int index) =>
        Bind(call.Arguments[index]) is { } bound && IsNumber(bound, call.Arguments[index], call.Name) ? bound : null;

    ValueExpression? Instant(CallNode call, int index, bool withTime = false)
    {
        if (Bind(call.Arguments[index]) is not { } bound) return null;
        if (bound is NullLiteral) return AsValue(bound, DataType.Timestamp(TimeUnit.Micros));
        if (bound.Type.Kind is TypeKind.Date or TypeKind.Timestamp || withTime && bound.Type.Kind == TypeKind.Time) return AsValue(bound);
        Fault(FaultCode.Type, call.Arguments[index].Span, $"'{call.Name}' takes a date or timestamp, but {Describe(bound)}");
        return null;
    }

    DatePart? Part(CallNode call)
    {
        var node = call.Arguments[0];
        if (node is TextNode text && Enum.TryParse<DatePart>(text.Value, ignoreCase: true, out var part) && Instants.PartNames.Contains(text.Value.ToLowerInvariant())) return part;
        var suggestion = node is TextNode { Value: var name } ? NearestName.Suggest(name, Instants.PartNames) : "";
        Fault(FaultCode.Value, node.Span, $"'{call.Name}' takes the part as a text in quotes first, one of {string.Join(", ", Instants.PartNames)}{suggestion}");
        return null;
    }
}
