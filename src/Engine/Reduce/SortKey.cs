using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>One term of a sort.</summary>
/// <param name="Column">An ordinal of the output columns.</param>
public sealed record SortKey(int Column, bool Descending)
{
    /// <summary>Fills in the order of as many rows: the terms in turn, NaN after every number, nulls last in both directions, equal rows as they stand.</summary>
    public static void Order(IReadOnlyList<Column> columns, IReadOnlyList<SortKey> keys, Span<int> order)
    {
        for (var i = 0; i < order.Length; i++) order[i] = i;
        order.Sort((left, right) =>
        {
            foreach (var key in keys)
            {
                var compared = Compare(columns[key.Column], left, right, key.Descending);
                if (compared != 0) return compared;
            }
            return left.CompareTo(right);
        });
    }

    static int Compare(Column column, int left, int right, bool descending)
    {
        bool leftNull = column.IsNull(left), rightNull = column.IsNull(right);
        if (leftNull || rightNull) return leftNull.CompareTo(rightNull);
        var compared = column switch
        {
            BytesColumn bytes => bytes.Bytes(left).SequenceCompareTo(bytes.Bytes(right)),
            Column<byte> values => values.Values[left].CompareTo(values.Values[right]),
            Column<int> values => values.Values[left].CompareTo(values.Values[right]),
            Column<long> values => values.Values[left].CompareTo(values.Values[right]),
            Column<ulong> values => values.Values[left].CompareTo(values.Values[right]),
            Column<float> values => Scalar.CompareFloating(values.Values[left], values.Values[right]),
            Column<double> values => Scalar.CompareFloating(values.Values[left], values.Values[right]),
            Column<Int128> values => values.Values[left].CompareTo(values.Values[right]),
            _ => throw new InvalidOperationException($"no order for a {column.GetType().Name}"),
        };
        return descending ? -compared : compared;
    }
}
