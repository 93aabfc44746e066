using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// A condition on a single column. When that column comes as codes into a dictionary with fewer entries than the batch has
/// rows, the condition is decided once per entry and once for null, and the codes look the answers up.
/// </summary>
sealed class DictionaryShortcut : TruthExpression
{
    readonly TruthExpression _inner;
    readonly int _ordinal;
    readonly bool? _ofNull;

    DictionaryShortcut(TruthExpression inner, int ordinal, bool? ofNull)
    {
        _inner = inner;
        _ordinal = ordinal;
        _ofNull = ofNull;
    }

    /// <summary>The same condition with every largest part that reads one column alone made a shortcut.</summary>
    public static TruthExpression Apply(TruthExpression condition)
    {
        if (SingleColumn(condition) is var (ordinal, type)) return TryOfNull(condition, type, out var ofNull) ? new DictionaryShortcut(condition, ordinal, ofNull) : condition;
        if (condition is not Logic logic) return condition;
        var groups = logic.Operands.GroupBy(operand => SingleColumn(operand)?.Ordinal ?? -1).ToList();
        var parts = new List<TruthExpression>();
        foreach (var group in groups)
        {
            if (group.Key < 0) parts.AddRange(group.Select(Apply));
            else parts.Add(Apply(Logic.Of(logic.IsAnd, group)));
        }
        return Logic.Of(logic.IsAnd, parts);
    }

    public override TruthExpression Negate() => Apply(_inner.Negate());

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        if (frame.Column(_ordinal) is not DictionaryColumn coded || coded.Dictionary.Length >= frame.Rows)
        {
            _inner.Evaluate(frame, target);
            return;
        }
        var entries = frame.Scratch.Rent(coded.Dictionary.Length, target.TracksKnown);
        if (!TryEvaluate(frame.Over(coded.Dictionary), entries))
        {
            // The entry that has no value may be one that none of these rows has.
            _inner.Evaluate(frame, target);
            frame.Scratch.Return(entries);
            return;
        }
        Map(coded, entries.True, _ofNull == true, target.True);
        target.AllKnown = false;
        if (target.TracksKnown)
        {
            entries.MaterializeKnown();
            Map(coded, entries.Known, _ofNull is not null, target.Known);
        }
        frame.Scratch.Return(entries);
    }

    public int Ordinal => _ordinal;

    /// <summary>Whether the condition is true of null or of any of the values.</summary>
    public bool CanBeTrueOf(Column dictionary, Scratch scratch) => _ofNull == true || IsTrueOfAny(dictionary, scratch);

    /// <summary>Whether the condition is true of any of the rows.</summary>
    public bool IsTrueOfAny(Column rows, Scratch scratch)
    {
        var truths = scratch.Rent(rows.Length, tracksKnown: false);
        var any = !TryEvaluate(new RowFrame([], rows.Length, scratch, rows), truths) || truths.True.ContainsAnyExcept(0UL);
        scratch.Return(truths);
        return any;
    }

    /// <summary>Values of which the column must have one; null when it may have others.</summary>
    public IReadOnlyList<Scalar>? RequiredValues() => Required(_inner);

    static IReadOnlyList<Scalar>? Required(TruthExpression condition) => condition switch
    {
        ConstantComparison comparison => comparison.RequiredValue is { } value ? [value] : null,
        Membership membership => membership.RequiredValues,
        Logic { IsAnd: true } all => all.Operands.Select(Required).FirstOrDefault(values => values is not null),
        Logic any when any.Operands.Select(Required).ToList() is var each && !each.Contains(null) => [.. each.SelectMany(values => values!)],
        _ => null,
    };

    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => _inner.CanBeTrue(byOrdinal);

    internal override void CollectColumns(IDictionary<int, DataType> columns) => _inner.CollectColumns(columns);

    /// <summary>Spreads one bit an entry to one bit a row.</summary>
    static void Map(DictionaryColumn coded, ReadOnlySpan<ulong> entries, bool ofNull, Span<ulong> target)
    {
        var codes = coded.Codes;
        switch (Bitmap.CountSet(entries))
        {
            case 0:
                target.Clear();
                break;
            case 1:
                // Nearly every partition predicate: one comparison for many codes.
                var word = entries.IndexOfAnyExcept(0UL);
                var only = (word << 6) + BitOperations.TrailingZeroCount(entries[word]);
                for (var i = 0; i < target.Length; i++) target[i] = OrderTest.Word<int, EqualTest>(codes.Slice(i << 6, Math.Min(64, codes.Length - (i << 6))), only);
                break;
            default:
                for (var i = 0; i < target.Length; i++) target[i] = LookUp(codes.Slice(i << 6, Math.Min(64, codes.Length - (i << 6))), entries);
                break;
        }
        if (!coded.HasNulls) return;
        var validity = coded.Validity;
        for (var i = 0; i < target.Length; i++) target[i] = ofNull ? target[i] | ~validity[i] : target[i] & validity[i];
        if (ofNull && (coded.Length & 63) != 0) target[^1] &= (1UL << (coded.Length & 63)) - 1;
    }

    static ulong LookUp(ReadOnlySpan<int> codes, ReadOnlySpan<ulong> entries)
    {
        ulong word = 0;
        for (var i = 0; i < codes.Length; i++) word |= (entries[codes[i] >> 6] >> codes[i] & 1) << i;
        return word;
    }

    bool TryEvaluate(in RowFrame frame, Truth target)
    {
        try
        {
            _inner.Evaluate(frame, target);
            return true;
        }
        catch (EvaluationException)
        {
            return false;
        }
    }

    /// <summary>The truth of null; false where it is an error.</summary>
    static bool TryOfNull(TruthExpression condition, DataType type, out bool? ofNull)
    {
        ofNull = null;
        var column = Column.Create(type);
        column.AppendNull();
        var scratch = new Scratch();
        var truth = scratch.Rent(1, tracksKnown: true);
        try
        {
            condition.Evaluate(new RowFrame([], 1, scratch, column), truth);
        }
        catch (EvaluationException)
        {
            return false;
        }
        truth.MaterializeKnown();
        ofNull = truth.Known[0] == 0 ? null : truth.True[0] != 0;
        return true;
    }

    static (int Ordinal, DataType Type)? SingleColumn(TruthExpression condition)
    {
        var columns = new SortedDictionary<int, DataType>();
        condition.CollectColumns(columns);
        if (columns.Count != 1) return null;
        var (ordinal, type) = columns.First();
        return (ordinal, type);
    }
}
