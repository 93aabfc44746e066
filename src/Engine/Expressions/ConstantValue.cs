using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The same value in every row.</summary>
sealed class ConstantValue(Scalar value) : ValueExpression(value.Type)
{
    public Scalar Value => value;

    internal override Column Evaluate(in RowFrame frame)
    {
        var column = frame.Scratch.RentColumn(Type);
        column.AppendRepeated(value, frame.Rows);
        return column;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => value.IsNull || value.IsNaN ? ColumnBounds.Unknown : new(value, value);

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
    }
}
