using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A piece of an expression as it was written, before any column has a type.</summary>
abstract record Node(SourceSpan Span)
{
    /// <summary>Levels of nodes from here down, this one included.</summary>
    public int Depth { get; init; } = 1;

    public virtual IEnumerable<Node> Children => [];
}

/// <summary>A value written out.</summary>
abstract record LiteralNode(SourceSpan Span) : Node(Span);

sealed record NullNode(SourceSpan Span) : LiteralNode(Span);

sealed record BoolNode(SourceSpan Span, bool Value) : LiteralNode(Span);

sealed record NumberNode(SourceSpan Span, ExactNumber Value) : LiteralNode(Span);

sealed record TextNode(SourceSpan Span, string Value) : LiteralNode(Span);

/// <summary><c>date '…'</c> or <c>timestamp '…'</c>; the text is not yet known to be one.</summary>
sealed record TemporalNode(SourceSpan Span, TypeKind Kind, string Text) : LiteralNode(Span);

sealed record NameNode(SourceSpan Span, string Name) : Node(Span);

sealed record NotNode(SourceSpan Span, Node Operand) : Node(Span)
{
    public override IEnumerable<Node> Children => [Operand];
}

sealed record MinusNode(SourceSpan Span, Node Operand) : Node(Span)
{
    public override IEnumerable<Node> Children => [Operand];
}

/// <summary>A whole chain of <c>and</c> or of <c>or</c>, so that long chains are wide and not deep.</summary>
sealed record LogicalNode(SourceSpan Span, bool IsAnd, IReadOnlyList<Node> Operands) : Node(Span)
{
    public override IEnumerable<Node> Children => Operands;
}

sealed record ComparisonNode(SourceSpan Span, Relation Relation, Node Left, Node Right) : Node(Span)
{
    public override IEnumerable<Node> Children => [Left, Right];
}

sealed record ArithmeticNode(SourceSpan Span, string Operator, Node Left, Node Right) : Node(Span)
{
    public override IEnumerable<Node> Children => [Left, Right];
}

sealed record InNode(SourceSpan Span, Node Value, IReadOnlyList<Node> Items, bool Negated) : Node(Span)
{
    public override IEnumerable<Node> Children => Items.Prepend(Value);
}

sealed record BetweenNode(SourceSpan Span, Node Value, Node Low, Node High, bool Negated) : Node(Span)
{
    public override IEnumerable<Node> Children => [Value, Low, High];
}

sealed record LikeNode(SourceSpan Span, Node Value, Node Pattern, bool Negated) : Node(Span)
{
    public override IEnumerable<Node> Children => [Value, Pattern];
}

sealed record IsNullNode(SourceSpan Span, Node Value, bool Negated) : Node(Span)
{
    public override IEnumerable<Node> Children => [Value];
}

sealed record CallNode(SourceSpan Span, SourceSpan NameSpan, string Name, IReadOnlyList<Node> Arguments) : Node(Span)
{
    public override IEnumerable<Node> Children => Arguments;
}

/// <param name="Operand">The value that the branches compare with, or null when every branch has a condition.</param>
sealed record CaseNode(SourceSpan Span, Node? Operand, IReadOnlyList<(Node When, Node Then)> Branches, Node? Otherwise) : Node(Span)
{
    public override IEnumerable<Node> Children
    {
        get
        {
            if (Operand is not null) yield return Operand;
            foreach (var (condition, result) in Branches)
            {
                yield return condition;
                yield return result;
            }
            if (Otherwise is not null) yield return Otherwise;
        }
    }
}

/// <param name="TypeName">As written, for example <c>decimal(10, 2)</c>.</param>
/// <param name="GivesNull">Whether a value that can't be converted becomes null (<c>try_cast</c>).</param>
sealed record CastNode(SourceSpan Span, Node Value, SourceSpan TypeSpan, string TypeName, bool GivesNull) : Node(Span)
{
    public override IEnumerable<Node> Children => [Value];
}
