using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary><c>is null</c> or <c>is not null</c> of a value.</summary>
sealed class NullTest(ValueExpression operand, bool negated) : TruthExpression
{
    public override TruthExpression Negate() => new NullTest(operand, !negated);

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        var column = operand.Evaluate(frame);
        target.Fill(true);
        if (column.HasNulls) column.Validity.CopyTo(target.True);
        if (!negated) target.Flip();
        frame.Scratch.Return(column);
    }

    // Null counts lie in real files, so neither form is ever ruled out.
    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => true;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);
}

/// <summary><c>is null</c> or <c>is not null</c> of a condition.</summary>
sealed class TruthNullTest(TruthExpression operand, bool negated) : TruthExpression
{
    public override TruthExpression Negate() => new TruthNullTest(operand, !negated);

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        var truth = frame.Scratch.Rent(frame.Rows, tracksKnown: true);
        operand.Evaluate(frame, truth);
        truth.MaterializeKnown();
        target.Fill(true);
        truth.Known.CopyTo(target.True);
        if (!negated) target.Flip();
        frame.Scratch.Return(truth);
    }

    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => true;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);
}

/// <summary>A truth that holds wherever the value isn't null, and is null there: what is left of a comparison that every value, or none, fulfils.</summary>
sealed class TruthUnlessNull(ValueExpression operand, bool value) : TruthExpression
{
    public override TruthExpression Negate() => new TruthUnlessNull(operand, !value);

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        var column = operand.Evaluate(frame);
        target.Fill(value);
        target.KnowWhere(column);
        frame.Scratch.Return(column);
    }

    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => value;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);
}
