using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A comparison of two values that vary by row; numbers and times of unequal types are compared exactly.</summary>
abstract class PairComparison(ValueExpression left, Relation relation, ValueExpression right) : TruthExpression
{
    protected Relation Relation => relation;

    /// <summary>The comparison, or null when the types don't compare.</summary>
    public static PairComparison? Of(ValueExpression left, Relation relation, ValueExpression right)
    {
        if (!AreComparable(left.Type, right.Type)) return null;
        if (left.Type.Lane == Lane.Bytes) return new BytesPairComparison(left, relation, right);
        if (left.Type.IsFloating != right.Type.IsFloating) return new FloatingExactComparison(left, relation, right);
        if (LaneValue.UnitsPerOne(left.Type) != LaneValue.UnitsPerOne(right.Type)) return new ScaledComparison(left, relation, right);
        return (left.Type.Lane, right.Type.Lane) switch
        {
            _ when left.Type.IsFloating => new PairComparison<double>(left, relation, right),
            (Lane.UInt64, Lane.UInt64) => new PairComparison<ulong>(left, relation, right),
            (Lane.Int32 or Lane.Int64, Lane.Int32 or Lane.Int64) => new PairComparison<long>(left, relation, right),
            _ => new PairComparison<Int128>(left, relation, right),
        };
    }

    public static bool AreComparable(DataType left, DataType right) =>
        left.IsNumeric && right.IsNumeric || left.Kind == right.Kind || IsDay(left.Kind) && IsDay(right.Kind);

    public sealed override TruthExpression Negate() => Of(left, relation.Negate(), right)!;

    public sealed override void Evaluate(in RowFrame frame, Truth target)
    {
        var leftColumn = left.Evaluate(frame);
        var rightColumn = right.Evaluate(frame);
        Fill(leftColumn, rightColumn, target);
        target.KnowWhere(leftColumn, rightColumn);
        frame.Scratch.Return(leftColumn);
        frame.Scratch.Return(rightColumn);
    }

    public sealed override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) =>
        left.Type != right.Type || left.Type.IsFloating || Pruning.CanHold(left.Bounds(byOrdinal), relation, right.Bounds(byOrdinal));

    internal sealed override void CollectColumns(IDictionary<int, DataType> columns)
    {
        left.CollectColumns(columns);
        right.CollectColumns(columns);
    }

    /// <summary>Writes the relation for all rows, null rows included, whose bits are then meaningless.</summary>
    protected abstract void Fill(Column left, Column right, Truth target);

    static bool IsDay(TypeKind kind) => kind is TypeKind.Date or TypeKind.Timestamp;
}

/// <summary>Values that widen to one lane without loss, in the same unit.</summary>
sealed class PairComparison<T>(ValueExpression left, Relation relation, ValueExpression right) : PairComparison(left, relation, right)
    where T : unmanaged, INumber<T>
{
    protected override void Fill(Column left, Column right, Truth target)
    {
        switch (Relation)
        {
            case Relation.Equal or Relation.NotEqual: Fill<EqualTest>(left, right, target.True); break;
            case Relation.Less or Relation.GreaterOrEqual: Fill<LessTest>(left, right, target.True); break;
            default: Fill<LessOrEqualTest>(left, right, target.True); break;
        }
        if (Relation is Relation.NotEqual or Relation.Greater or Relation.GreaterOrEqual) target.Flip();
    }

    static void Fill<TTest>(Column left, Column right, Span<ulong> bits) where TTest : struct, IOrderTest
    {
        var leftChunks = new WidenedChunks<T>(left, stackalloc T[ColumnChunks<T>.Rows]);
        var rightChunks = new WidenedChunks<T>(right, stackalloc T[ColumnChunks<T>.Rows]);
        for (var i = 0; i < bits.Length; i++)
        {
            var start = i << 6;
            var count = Math.Min(64, left.Length - start);
            bits[i] = OrderTest.Word<T, TTest>(leftChunks.Read(start, count), rightChunks.Read(start, count));
        }
    }
}

sealed class BytesPairComparison(ValueExpression left, Relation relation, ValueExpression right) : PairComparison(left, relation, right)
{
    protected override void Fill(Column left, Column right, Truth target)
    {
        var leftRows = new ByteRows(left);
        var rightRows = new ByteRows(right);
        var bits = target.True;
        bits.Clear();
        for (var row = 0; row < left.Length; row++)
        {
            if (Relation.Holds(leftRows[row].SequenceCompareTo(rightRows[row]))) Bitmap.Set(bits, row);
        }
    }
}
