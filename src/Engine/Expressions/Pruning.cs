using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// What bounds prove. A wrong "cannot" loses rows and a wrong "can" costs a scan, so every unknown is a "can". Floating columns may
/// hold NaN, which bounds don't mention and which is above every number.
/// </summary>
static class Pruning
{
    /// <summary>Whether a value within the bounds, or a NaN, can stand in the relation to the constant.</summary>
    public static bool CanHold(in ColumnBounds bounds, Relation relation, in Scalar constant) =>
        constant.Type.IsFloating && relation.Holds(Scalar.CompareFloating(double.NaN, constant.FloatingValue)) || CanNumberHold(bounds, relation, constant);

    /// <summary>The same, NaN aside.</summary>
    public static bool CanNumberHold(in ColumnBounds bounds, Relation relation, in Scalar constant) => relation switch
    {
        Relation.Equal => IsAtMost(bounds.Min, constant, 0) && IsAtLeast(bounds.Max, constant, 0),
        Relation.NotEqual => !IsSingle(bounds, constant),
        Relation.Less => IsAtMost(bounds.Min, constant, -1),
        Relation.LessOrEqual => IsAtMost(bounds.Min, constant, 0),
        Relation.Greater => IsAtLeast(bounds.Max, constant, 1),
        _ => IsAtLeast(bounds.Max, constant, 0),
    };

    /// <summary>Whether every value within the bounds, NaN aside, is the constant.</summary>
    public static bool IsSingle(in ColumnBounds bounds, in Scalar constant) =>
        bounds is { Min: { } min, Max: { } max } && Scalar.Compare(min, constant) == 0 && Scalar.Compare(max, constant) == 0;

    /// <summary>Whether two values of one type within these bounds can stand in the relation.</summary>
    public static bool CanHold(in ColumnBounds left, Relation relation, in ColumnBounds right)
    {
        switch (relation)
        {
            case Relation.Less: return left.Min is not { } low || right.Max is not { } high || Scalar.Compare(low, high) < 0;
            case Relation.LessOrEqual: return left.Min is not { } least || right.Max is not { } most || Scalar.Compare(least, most) <= 0;
            case Relation.Equal: return CanHold(left, Relation.LessOrEqual, right) && CanHold(right, Relation.LessOrEqual, left);
            case Relation.NotEqual: return left is not { Min: { } min, Max: { } max } || Scalar.Compare(min, max) != 0 || !IsSingle(right, min);
            default: return CanHold(right, relation.Mirror(), left);
        }
    }

    /// <summary>Whether the smallest possible value may compare with the constant as at most <paramref name="order"/>.</summary>
    static bool IsAtMost(Scalar? min, in Scalar constant, int order) => min is not { } known || Scalar.Compare(known, constant) <= order;

    /// <summary>Whether the largest possible value may compare with the constant as at least <paramref name="order"/>.</summary>
    static bool IsAtLeast(Scalar? max, in Scalar constant, int order) => max is not { } known || Scalar.Compare(known, constant) >= order;
}
