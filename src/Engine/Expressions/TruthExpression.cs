using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>An expression that is true, false or null in each row, evaluated to bitmaps.</summary>
abstract class TruthExpression() : BoundExpression(DataType.Bool)
{
    /// <summary>Its negation under three-valued logic. There is no node for <c>not</c>: negation ends at the leaves.</summary>
    public abstract TruthExpression Negate();

    /// <summary>Writes the truth of the frame's rows; <paramref name="target"/> has their number.</summary>
    public abstract void Evaluate(in RowFrame frame, Truth target);

    /// <summary>False only if no row within the bounds can be true; anything unknown means true.</summary>
    public abstract bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal);
}
