using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary><c>substr(x, start[, length])</c>; null where an argument is null.</summary>
sealed class SubstringExpression(ValueExpression text, ValueExpression start, ValueExpression? length) : ValueExpression(DataType.String)
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var (input, from, most) = (text.Evaluate(frame), start.Evaluate(frame), length?.Evaluate(frame));
        var output = (BytesColumn)frame.Scratch.RentColumn(Type);
        var rows = new ByteRows(input);
        for (var row = 0; row < frame.Rows; row++)
        {
            if (input.IsNull(row) || from.IsNull(row) || most?.IsNull(row) == true) output.AppendNull();
            else TextFunctions.Substring(rows[row], Math.Clamp(LaneValue.At<long>(from, row), int.MinValue, int.MaxValue), most is null ? int.MaxValue : LaneValue.At<long>(most, row), output);
        }
        frame.Scratch.Return(input);
        frame.Scratch.Return(from);
        if (most is not null) frame.Scratch.Return(most);
        return output;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        text.CollectColumns(columns);
        start.CollectColumns(columns);
        length?.CollectColumns(columns);
    }
}
