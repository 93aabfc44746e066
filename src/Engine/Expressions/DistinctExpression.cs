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
        if (frame.Column(_ordinal) is not DictionaryColumn coded || coded.Dictionary.Length >= frame.Rows) return _inner.Evaluate(frame);
        if (!frame.Scratch.TryGetEntries(coded.Dictionary, out var entries)) frame.Scratch.SetEntries(coded.Dictionary, entries = Entries(frame, coded.Dictionary));
        if (entries is null) return _inner.Evaluate(frame);
        var result = frame.Scratch.RentCodes(Type, entries);
        coded.Codes.CopyTo(result.AppendSpan(frame.Rows));
        if (coded.HasNulls)
        {
            if (_ofNull.IsNull) result.Mask(coded.Validity);
            else PointNulls(coded, result);
        }
        if (entries.HasNulls) HideNulls(entries, result, frame.Scratch);
        return result;
    }

    /// <summary>
    /// The value of each entry, and of null at the end where that has one, in a column of its own: whoever reads codes takes a dictionary that it knows
    /// for unchanged. Null when an entry has none, which may be one that no row has.
    /// </summary>
    Column? Entries(in RowFrame frame, Column dictionary)
    {
        try
        {
            var computed = _inner.Evaluate(frame.Over(dictionary));
            var entries = frame.Scratch.NewColumn(Type);
            entries.AppendRange(computed, 0, computed.Length);
            if (!_ofNull.IsNull) entries.Append(_ofNull);
            if (!ReferenceEquals(computed, dictionary)) frame.Scratch.Return(computed);
            return entries;
        }
        catch (EvaluationException)
        {
            return null;
        }
    }

    /// <summary>Rows of null get a code of their own, the last.</summary>
    static void PointNulls(DictionaryColumn coded, DictionaryColumn result)
    {
        var codes = result.MutableCodes;
        for (var row = 0; row < codes.Length; row++)
        {
            if (coded.IsNull(row)) codes[row] = result.Dictionary.Length - 1;
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
