using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// Finds the columns, checks the types and turns literals into values of the types they meet. Its methods return null after noting
/// a fault, and go on beside it, so that one pass finds every fault.
/// </summary>
sealed partial class Binder(Schema schema, string text)
{
    const int MaxFaults = 100;
    const int MaxSuggestions = 20;

    readonly List<ExpressionFault> _faults = [];
    int _suggestions;

    public IReadOnlyList<ExpressionFault> Faults => [.. _faults.OrderBy(fault => fault.Position)];

    public Checked<T> Finish<T>(T? value) where T : class => _faults.Count == 0 && value is not null ? new(value, []) : new(null, Faults);

    public BoundExpression? Bind(Node node) => node switch
    {
        NullNode => new NullLiteral(),
        BoolNode literal => ConstantTruth.Of(literal.Value),
        NumberNode number => new NumberLiteral(number.Value),
        TextNode text => new TextLiteral(text.Value),
        TemporalNode temporal => BindTemporal(temporal),
        NameNode name => BindName(name),
        NotNode not => BindTruth(not.Operand)?.Negate(),
        LogicalNode logical => BindLogical(logical),
        ComparisonNode comparison => BindComparison(comparison),
        BetweenNode between => BindBetween(between),
        InNode list => BindIn(list),
        IsNullNode test => BindIsNull(test),
        CallNode call => BindCall(call),
        ArithmeticNode arithmetic => BindArithmetic(arithmetic),
        MinusNode minus => BindMinus(minus),
        LikeNode like => BindLike(like),
        CaseNode choice => BindCase(choice),
        CastNode cast => BindCast(cast),
        _ => throw new InvalidOperationException($"No binding for {node.GetType().Name}."),
    };

    /// <summary>Binds what must be true or false.</summary>
    public TruthExpression? BindTruth(Node node)
    {
        if (Bind(node) is not { } bound) return null;
        if (AsTruth(bound) is { } truth) return truth;
        Fault(FaultCode.Type, node.Span, $"expected a condition (bool), but {Describe(bound)}");
        return null;
    }

    public ColumnReference? BindName(NameNode name)
    {
        var ordinal = schema.IndexOf(name.Name);
        if (ordinal >= 0) return new ColumnReference(ordinal, schema[ordinal]);
        // Suggestions compare with every column, so a text full of unknown names gets only some.
        var suggestion = ++_suggestions > MaxSuggestions ? "" : NearestName.Suggest(name.Name, schema.Fields.Select(field => field.Name).Where(known => known.Length > 0));
        Fault(FaultCode.UnknownColumn, name.Span, $"unknown column {Quotation.Of(name.Name)}{suggestion}");
        return null;
    }

    public void Fault(string code, SourceSpan span, string message)
    {
        if (_faults.Count < MaxFaults) _faults.Add(new ExpressionFault(code, span.Position, span.Length, message));
    }

    InstantLiteral? BindTemporal(TemporalNode node)
    {
        if (InstantLiteral.Parse(node.Kind, node.Text) is { } literal) return literal;
        Fault(FaultCode.Value, node.Span, $"{Quotation.Of(node.Text)} can't be read as {Example(new DataType(node.Kind))}");
        return null;
    }

    TruthExpression? BindLogical(LogicalNode node)
    {
        var operands = node.Operands.Select(BindTruth).ToList();
        return operands.Contains(null) ? null : Logic.Of(node.IsAnd, operands!);
    }

    BoundExpression? BindCall(CallNode call)
    {
        if (FunctionNames.Has(FunctionNames.Scalars, call.Name)) return BindFunction(call);
        foreach (var argument in call.Arguments) Bind(argument);
        if (FunctionNames.Has(FunctionNames.Aggregates, call.Name)) Fault(FaultCode.Aggregate, call.Span, $"'{call.Name}' is an aggregate; it has no meaning for a single row");
        else Fault(FaultCode.UnknownFunction, call.NameSpan, $"unknown function {Quotation.Of(call.Name)}{NearestName.Suggest(call.Name, FunctionNames.Scalars)}");
        return null;
    }

    static TruthExpression? AsTruth(BoundExpression bound) => bound switch
    {
        TruthExpression truth => truth,
        NullLiteral => ConstantTruth.Null,
        TruthValue value => value.Truth,
        ConstantValue { Type.Kind: TypeKind.Bool, Value: var value } => ConstantTruth.Of(value.IsNull ? null : value.IntegerValue != 0),
        ValueExpression { Type.Kind: TypeKind.Bool } value => ConstantComparison.IsTrue(value),
        _ => null,
    };

    static string Describe(BoundExpression bound) => bound switch
    {
        ColumnReference column => $"column {Quotation.Of(column.Name)} is {column.Type}",
        LiteralExpression literal => $"this is {literal.Kind}",
        TruthExpression => "this is a condition (bool)",
        _ => $"this is {bound.Type}",
    };

    /// <summary>What a literal for a type looks like.</summary>
    static string Example(DataType type) => type.Kind switch
    {
        TypeKind.Bool => "true or false",
        TypeKind.String or TypeKind.Binary => "text in single quotes",
        TypeKind.Uuid => "a uuid such as '123e4567-e89b-12d3-a456-426614174000'",
        TypeKind.Date => "a date such as '2024-01-31'",
        TypeKind.Time => "a time such as '23:59:59.5'",
        TypeKind.Timestamp => "a timestamp such as '2024-01-31 23:59:59.5'",
        _ => "a number",
    };
}
