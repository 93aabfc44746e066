using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A comparison of two conditions, false being less than true.</summary>
sealed class TruthComparison : TruthExpression
{
    readonly TruthExpression _left;
    readonly TruthExpression _right;
    readonly Relation _relation;

    TruthComparison(TruthExpression left, Relation relation, TruthExpression right) => (_left, _relation, _right) = (left, relation, right);

    /// <summary>The comparison, simplified when an operand is constant.</summary>
    public static TruthExpression Of(TruthExpression left, Relation relation, TruthExpression right)
    {
        if (left is ConstantTruth && right is not ConstantTruth) return Of(right, relation.Mirror(), left);
        if (right is not ConstantTruth { Value: var constant }) return new TruthComparison(left, relation, right);
        if (constant is null) return ConstantTruth.Null;
        if (left is ConstantTruth { Value: var value })
            return ConstantTruth.Of(value is { } known ? relation.Holds(known.CompareTo(constant.Value)) : null);
        var (ifFalse, ifTrue) = (relation.Holds(false.CompareTo(constant.Value)), relation.Holds(true.CompareTo(constant.Value)));
        if (ifFalse != ifTrue) return ifTrue ? left : left.Negate();
        return new TruthComparison(left, relation, right);
    }

    public override TruthExpression Negate() => new TruthComparison(_left, _relation.Negate(), _right);

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        var (left, right) = (frame.Scratch.Rent(frame.Rows, tracksKnown: true), frame.Scratch.Rent(frame.Rows, tracksKnown: true));
        _left.Evaluate(frame, left);
        _right.Evaluate(frame, right);
        left.MaterializeKnown();
        right.MaterializeKnown();
        var words = target.True;
        for (var i = 0; i < words.Length; i++)
        {
            var known = left.Known[i] & right.Known[i];
            words[i] = known & Compare(left.True[i], right.True[i]);
            if (target.TracksKnown) target.Known[i] = known;
        }
        target.AllKnown = false;
        frame.Scratch.Return(left);
        frame.Scratch.Return(right);
    }

    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => true;

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        _left.CollectColumns(columns);
        _right.CollectColumns(columns);
    }

    ulong Compare(ulong left, ulong right) => _relation switch
    {
        Relation.Equal => ~(left ^ right),
        Relation.NotEqual => left ^ right,
        Relation.Less => ~left & right,
        Relation.LessOrEqual => ~left | right,
        Relation.Greater => left & ~right,
        _ => left | ~right,
    };
}
