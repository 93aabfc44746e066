using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary><c>greatest</c> and <c>least</c> of operands of one type: nulls are passed over, NaN is above every number.</summary>
sealed class ExtremeExpression(IReadOnlyList<ValueExpression> operands, DataType type, bool greatest) : ValueExpression(type)
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var columns = new Column[operands.Count];
        for (var i = 0; i < columns.Length; i++) columns[i] = operands[i].Evaluate(frame);
        var output = frame.Scratch.RentColumn(Type);
        for (var row = 0; row < frame.Rows; row++)
        {
            Column? best = null;
            foreach (var column in columns)
            {
                if (column.IsNull(row)) continue;
                if (best is null || Compare(column, best, row) is var order && (greatest ? order > 0 : order < 0)) best = column;
            }
            if (best is null) output.AppendNull();
            else output.AppendFrom(best, row);
        }
        foreach (var column in columns) frame.Scratch.Return(column);
        return output;
    }

    int Compare(Column left, Column right, int row) => Type.Lane switch
    {
        Lane.Bool => Compare<byte>(left, right, row),
        Lane.Int32 => Compare<int>(left, right, row),
        Lane.Int64 => Compare<long>(left, right, row),
        Lane.UInt64 => Compare<ulong>(left, right, row),
        Lane.Int128 => Compare<Int128>(left, right, row),
        Lane.Float => Scalar.CompareFloating(LaneValue.At<float>(left, row), LaneValue.At<float>(right, row)),
        Lane.Double => Scalar.CompareFloating(LaneValue.At<double>(left, row), LaneValue.At<double>(right, row)),
        _ => new ByteRows(left)[row].SequenceCompareTo(new ByteRows(right)[row]),
    };

    static int Compare<T>(Column left, Column right, int row) where T : unmanaged, INumber<T> => LaneValue.At<T>(left, row).CompareTo(LaneValue.At<T>(right, row));

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        foreach (var operand in operands) operand.CollectColumns(columns);
    }
}
