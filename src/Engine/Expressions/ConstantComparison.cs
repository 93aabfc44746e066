using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A comparison of a value with a constant of its type.</summary>
abstract class ConstantComparison(ValueExpression operand, Relation relation, Scalar constant) : TruthExpression
{
    protected Relation Relation => relation;

    /// <summary>The ordinal of the column that must not be NaN for this to be true, or −1.</summary>
    public int OrdinalNotNaN =>
        relation is Relation.Equal or Relation.Less or Relation.LessOrEqual && !constant.IsNaN && constant.Type.IsFloating && operand is ColumnReference column
            ? column.Ordinal
            : -1;

    /// <summary>The ordinal of the column that must be NaN for this to be true within the bounds, or −1.</summary>
    public int OrdinalOnlyNaN(ReadOnlySpan<ColumnBounds> byOrdinal) =>
        constant.Type.IsFloating && operand is ColumnReference column && !Pruning.CanNumberHold(column.Bounds(byOrdinal), relation, constant) ? column.Ordinal : -1;

    /// <summary>The value that the column must have; null when it may have others, or it is no column.</summary>
    public Scalar? RequiredValue => relation == Relation.Equal && operand is ColumnReference ? constant : null;

    /// <summary>The comparison; <paramref name="constant"/> is not null and has the operand's type.</summary>
    public static ConstantComparison Of(ValueExpression operand, Relation relation, Scalar constant) => operand.Type.Lane switch
    {
        Lane.Bool => new ConstantComparison<byte>(operand, relation, constant),
        Lane.Int32 => new ConstantComparison<int>(operand, relation, constant),
        Lane.Int64 => new ConstantComparison<long>(operand, relation, constant),
        Lane.UInt64 => new ConstantComparison<ulong>(operand, relation, constant),
        Lane.Float => new ConstantComparison<float>(operand, relation, constant),
        Lane.Double => new ConstantComparison<double>(operand, relation, constant),
        Lane.Int128 => new ConstantComparison<Int128>(operand, relation, constant),
        _ => new BytesComparison(operand, relation, constant),
    };

    /// <summary>Whether a boolean value is true.</summary>
    public static ConstantComparison IsTrue(ValueExpression operand) => Of(operand, Relation.Greater, Scalar.Bool(false));

    public sealed override TruthExpression Negate() => Of(operand, relation.Negate(), constant);

    public sealed override void Evaluate(in RowFrame frame, Truth target)
    {
        var column = operand.Evaluate(frame);
        Fill(column, target.True);
        if (relation is Relation.NotEqual or Relation.Greater or Relation.GreaterOrEqual) target.Flip();
        target.KnowWhere(column);
        frame.Scratch.Return(column);
    }

    public sealed override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => Pruning.CanHold(operand.Bounds(byOrdinal), relation, constant);

    internal sealed override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);

    /// <summary>Writes =, &lt; or ≤, whichever is the relation or its complement.</summary>
    protected abstract void Fill(Column column, Span<ulong> bits);
}

sealed class ConstantComparison<T>(ValueExpression operand, Relation relation, Scalar constant) : ConstantComparison(operand, relation, constant)
    where T : unmanaged, INumber<T>
{
    readonly T _constant = LaneValue.Of<T>(constant);

    protected override void Fill(Column column, Span<ulong> bits)
    {
        switch (Relation)
        {
            case Relation.Equal or Relation.NotEqual: WordScan.Fill<T, Test<EqualTest>>(column, new(_constant), bits); break;
            case Relation.Less or Relation.GreaterOrEqual: WordScan.Fill<T, Test<LessTest>>(column, new(_constant), bits); break;
            default: WordScan.Fill<T, Test<LessOrEqualTest>>(column, new(_constant), bits); break;
        }
    }

    readonly struct Test<TOrder>(T constant) : IWordTest<T> where TOrder : struct, IOrderTest
    {
        public ulong Word(ReadOnlySpan<T> values) => OrderTest.Word<T, TOrder>(values, constant);
    }
}

sealed class BytesComparison(ValueExpression operand, Relation relation, Scalar constant) : ConstantComparison(operand, relation, constant)
{
    readonly byte[] _constant = constant.BytesValue.ToArray();

    protected override void Fill(Column column, Span<ulong> bits)
    {
        switch (Relation)
        {
            case Relation.Equal or Relation.NotEqual: WordScan.FillBytes(column, new Equal(_constant), bits); break;
            case Relation.Less or Relation.GreaterOrEqual: WordScan.FillBytes(column, new Below(_constant, 0), bits); break;
            default: WordScan.FillBytes(column, new Below(_constant, 1), bits); break;
        }
    }

    readonly struct Equal(byte[] constant) : IBytesTest
    {
        public bool Holds(ReadOnlySpan<byte> value) => value.SequenceEqual(constant);
    }

    readonly struct Below(byte[] constant, int limit) : IBytesTest
    {
        public bool Holds(ReadOnlySpan<byte> value) => value.SequenceCompareTo(constant) < limit;
    }
}
