using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// A value that depends on one column alone. When that column comes as codes into a dictionary with fewer entries than the batch has rows, the value
/// is worked out once per entry, and stays codes.
/// </summary>
sealed class DistinctExpression : ValueExpression
{
    readonly ValueExpression _inner;
    readonly int _ordinal;
    readonly Scalar _ofNull;

    DistinctExpression(ValueExpression inner, int ordinal, Scalar ofNull) : base(inner.Type) => (_inner, _ordinal, _ofNull) = (inner, ordinal, ofNull);

    /// <summary>The same value, per entry where that can be.</summary>
    public static ValueExpression Of(ValueExpression inner)
    {
        if (inner is ColumnReference or ConstantValue or DistinctExpression) return inner;
        var columns = new SortedDictionary<int, DataType>();
        inner.CollectColumns(columns);
        if (columns.Count != 1) return inner;
        var (ordinal, type) = columns.First();
        return OfNull(inner, type) is { } ofNull ? new DistinctExpression(inner, ordinal, ofNull) : inner;
    }

    internal override Column Evaluate(in RowFrame frame)
    {
        if (frame.Column(_ordinal) is not DictionaryColumn coded || coded.Dictionary.Length >= frame.Rows || coded.Dictionary.Length == 0) return _inner.Evaluate(frame);
        Column entries;
        try
        {
            entries = _inner.Evaluate(frame.Over(coded.Dictionary));
        }
        catch (EvaluationException)
        {
            // The entry that has no value may be one that none of these rows has.
            return _inner.Evaluate(frame);
        }
        // A computed value of codes would be codes again, and a column of the batch is not ours to change.
        if (entries is DictionaryColumn || ReferenceEquals(entries, coded.Dictionary)) return Plain(frame, entries);
        var result = frame.Scratch.RentCodes(Type, entries);
        coded.Codes.CopyTo(result.AppendSpan(frame.Rows));
        if (coded.HasNulls)
        {
            if (_ofNull.IsNull) result.Mask(coded.Validity);
            else PointNulls(coded, entries, result);
        }
        if (entries.HasNulls) HideNulls(entries, result, frame.Scratch);
        return result;
    }

    Column Plain(in RowFrame frame, Column entries)
    {
        frame.Scratch.Return(entries);
        return _inner.Evaluate(frame);
    }

    /// <summary>Rows of null get a code of their own.</summary>
    void PointNulls(DictionaryColumn coded, Column entries, DictionaryColumn result)
    {
        entries.Append(_ofNull);
        var codes = result.MutableCodes;
        for (var row = 0; row < codes.Length; row++)
        {
            if (coded.IsNull(row)) codes[row] = entries.Length - 1;
        }
    }

    // A dictionary has no nulls: rows of such entries are null themselves.
    static void HideNulls(Column entries, DictionaryColumn result, Scratch scratch)
    {
        var valid = scratch.Rent(result.Length, tracksKnown: false);
        valid.True.Clear();
        for (var row = 0; row < result.Length; row++)
        {
            if (!result.IsNull(row) && !entries.IsNull(result.Codes[row])) Bitmap.Set(valid.True, row);
        }
        result.Mask(valid.True);
        scratch.Return(valid);
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => _inner.Bounds(byOrdinal);

    internal override void CollectColumns(IDictionary<int, DataType> columns) => _inner.CollectColumns(columns);

    /// <summary>The value of null; nothing where it is an error.</summary>
    static Scalar? OfNull(ValueExpression inner, DataType type)
    {
        var column = Column.Create(type);
        column.AppendNull();
        try
        {
            return inner.Evaluate(new RowFrame([], 1, new Scratch(), column))[0];
        }
        catch (EvaluationException)
        {
            return null;
        }
    }
}
