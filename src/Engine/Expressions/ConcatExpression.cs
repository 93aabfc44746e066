using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Texts one after another.</summary>
/// <param name="skipsNulls">Whether a null counts as nothing, as in <c>concat</c>; else it makes the result null, as in <c>||</c>.</param>
sealed class ConcatExpression(IReadOnlyList<ValueExpression> operands, bool skipsNulls) : ValueExpression(DataType.String)
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var columns = new Column[operands.Count];
        for (var i = 0; i < columns.Length; i++) columns[i] = operands[i].Evaluate(frame);
        var output = (BytesColumn)frame.Scratch.RentColumn(Type);
        for (var row = 0; row < frame.Rows; row++)
        {
            long length = 0;
            var isNull = false;
            foreach (var column in columns)
            {
                if (column.IsNull(row)) isNull |= !skipsNulls;
                else length += new ByteRows(column)[row].Length;
            }
            if (isNull) output.AppendNull();
            else Fill(columns, row, output.AppendSpan((int)Math.Min(length, int.MaxValue)));
        }
        foreach (var column in columns) frame.Scratch.Return(column);
        return output;
    }

    static void Fill(Column[] columns, int row, Span<byte> target)
    {
        foreach (var column in columns)
        {
            if (column.IsNull(row)) continue;
            var value = new ByteRows(column)[row];
            value.CopyTo(target);
            target = target[value.Length..];
        }
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        foreach (var operand in operands) operand.CollectColumns(columns);
    }
}
