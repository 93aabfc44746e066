using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Spill;

/// <summary>Compares rows of sets of plain columns by the terms of a sort: NaN after every number, nulls last in both directions.</summary>
sealed class RowOrder(IReadOnlyList<SortKey> keys)
{
    const int FewRows = 16;

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

    /// <summary>What <see cref="Fill"/> takes for each row, in bytes.</summary>
    public const int BytesPerRow = sizeof(int) + sizeof(ulong);

    /// <summary>Fills in the order of as many rows; equal rows as they stand.</summary>
    /// <param name="prefixes">As long, with any content.</param>
    public void Fill(IReadOnlyList<Column> columns, Span<int> order, Span<ulong> prefixes)
    {
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Sort(columns, order, prefixes, 0);
    }

    /// <summary>Sorts rows that are equal up to a term.</summary>
    void Sort(IReadOnlyList<Column> columns, Span<int> rows, Span<ulong> prefixes, int term)
    {
        if (rows.Length < 2) return;
        if (term == keys.Count)
        {
            rows.Sort();
            return;
        }
        // Prefixes would cost more than they save.
        if (rows.Length <= FewRows)
        {
            SortByValues(columns, rows);
            return;
        }
        var (column, descending) = (columns[keys[term].Column], keys[term].Descending);
        var values = column.HasNulls ? NullsLast(column, rows) : rows.Length;
        SortPrefix.Fill(column, rows[..values], prefixes, descending);
        prefixes[..values].Sort(rows[..values]);
        var isWhole = SortPrefix.IsWhole(column);
        for (int from = 0, to; from < values; from = to)
        {
            for (to = from + 1; to < values && prefixes[to] == prefixes[from];) to++;
            if (to - from == 1) continue;
            if (isWhole) Sort(columns, rows[from..to], prefixes[from..to], term + 1);
            else SortByValues(columns, rows[from..to]);
        }
        Sort(columns, rows[values..], prefixes[values..], term + 1);
    }

    // Apart from its caller, since it allocates a closure.
    void SortByValues(IReadOnlyList<Column> columns, Span<int> rows) =>
        rows.Sort((left, right) => Compare(columns, left, columns, right) is var compared and not 0 ? compared : left.CompareTo(right));

    /// <summary>Moves the rows without a value behind the others; returns how many have one.</summary>
    static int NullsLast(Column column, Span<int> rows)
    {
        var values = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (column.IsNull(rows[i])) continue;
            (rows[values], rows[i]) = (rows[i], rows[values]);
            values++;
        }
        return values;
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
