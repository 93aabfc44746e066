using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A condition as a boolean value.</summary>
sealed class TruthValue(TruthExpression truth) : ValueExpression(DataType.Bool)
{
    public TruthExpression Truth => truth;

    internal override Column Evaluate(in RowFrame frame)
    {
        var evaluated = frame.Scratch.Rent(frame.Rows, tracksKnown: true);
        truth.Evaluate(frame, evaluated);
        var column = (Column<byte>)frame.Scratch.RentColumn(Type);
        var target = column.AppendSpan(frame.Rows);
        var bits = evaluated.True;
        for (var row = 0; row < target.Length; row++) target[row] = (byte)(bits[row >> 6] >> row & 1);
        if (!evaluated.AllKnown) column.Mask(evaluated.Known);
        frame.Scratch.Return(evaluated);
        return column;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => truth.CollectColumns(columns);
}
