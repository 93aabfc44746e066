using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Spill;

/// <summary>Compares rows of sets of plain columns by the terms of a sort: NaN after every number, nulls last in both directions.</summary>
sealed class RowOrder(IReadOnlyList<SortKey> keys)
{
    /// <summary>Rows by their first columns ascending.</summary>
    public static RowOrder Ascending(int columns) => new([.. Enumerable.Range(0, columns).Select(column => new SortKey(column, Descending: false))]);

    public int Compare(IReadOnlyList<Column> left, int leftRow, IReadOnlyList<Column> right, int rightRow)
    {
        foreach (var key in keys)
        {
            var (a, b) = (left[key.Column], right[key.Column]);
            bool leftNull = a.IsNull(leftRow), rightNull = b.IsNull(rightRow);
            var compared = leftNull || rightNull ? leftNull.CompareTo(rightNull) : Compare(a, leftRow, b, rightRow);
            if (compared != 0) return key.Descending && !leftNull && !rightNull ? -compared : compared;
        }
        return 0;
    }

    /// <summary>Fills in the order of as many rows; equal rows as they stand.</summary>
    public void Fill(IReadOnlyList<Column> columns, Span<int> order)
    {
        for (var i = 0; i < order.Length; i++) order[i] = i;
        order.Sort((left, right) => Compare(columns, left, columns, right) is var compared and not 0 ? compared : left.CompareTo(right));
    }

    /// <summary>Compares values that are not null.</summary>
    public static int Compare(Column left, int leftRow, Column right, int rightRow) => left switch
    {
        BytesColumn strings => strings.Bytes(leftRow).SequenceCompareTo(((BytesColumn)right).Bytes(rightRow)),
        Column<byte> values => values.Values[leftRow].CompareTo(((Column<byte>)right).Values[rightRow]),
        Column<int> values => values.Values[leftRow].CompareTo(((Column<int>)right).Values[rightRow]),
        Column<long> values => values.Values[leftRow].CompareTo(((Column<long>)right).Values[rightRow]),
        Column<ulong> values => values.Values[leftRow].CompareTo(((Column<ulong>)right).Values[rightRow]),
        Column<float> values => Scalar.CompareFloating(values.Values[leftRow], ((Column<float>)right).Values[rightRow]),
        Column<double> values => Scalar.CompareFloating(values.Values[leftRow], ((Column<double>)right).Values[rightRow]),
        Column<Int128> values => values.Values[leftRow].CompareTo(((Column<Int128>)right).Values[rightRow]),
        _ => throw new InvalidOperationException($"no order for a {left.GetType().Name}"),
    };
}
