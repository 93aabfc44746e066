using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A condition on a text and a constant: <c>like</c>, <c>starts_with</c>, <c>contains</c>.</summary>
sealed class TextTest : TruthExpression
{
    readonly ValueExpression _operand;
    readonly LikePattern _pattern;
    readonly bool _negated;

    TextTest(ValueExpression operand, LikePattern pattern, bool negated) => (_operand, _pattern, _negated) = (operand, pattern, negated);

    public static TruthExpression Of(ValueExpression operand, LikePattern pattern) =>
        pattern.IsLiteral ? ConstantComparison.Of(operand, Relation.Equal, Scalar.Bytes(operand.Type, pattern.Prefix)) : new TextTest(operand, pattern, negated: false);

    public override TruthExpression Negate() => new TextTest(_operand, _pattern, !_negated);

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        var column = _operand.Evaluate(frame);
        WordScan.FillBytes(column, new Test(_pattern), target.True);
        if (_negated) target.Flip();
        target.KnowWhere(column);
        frame.Scratch.Return(column);
    }

    /// <summary>False only where every text in the bounds lies before or after all that begin with the pattern's prefix.</summary>
    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal)
    {
        if (_negated || _pattern.Prefix.Length == 0) return true;
        var (min, max) = _operand.Bounds(byOrdinal);
        var prefix = _pattern.Prefix.AsSpan();
        return (max is not { } last || last.BytesValue.SequenceCompareTo(prefix) >= 0)
            && (min is not { } first || first.BytesValue.SequenceCompareTo(prefix) <= 0 || first.BytesValue.StartsWith(prefix));
    }

    internal override void CollectColumns(IDictionary<int, DataType> columns) => _operand.CollectColumns(columns);

    readonly struct Test(LikePattern pattern) : IBytesTest
    {
        public bool Holds(ReadOnlySpan<byte> value) => pattern.Matches(value);
    }
}

/// <summary>The same with a pattern that varies by row, which has no wildcards: whether the left text begins with the right one, or has it inside.</summary>
sealed class TextPairTest(ValueExpression text, ValueExpression part, bool atStart, bool negated) : TruthExpression
{
    public override TruthExpression Negate() => new TextPairTest(text, part, atStart, !negated);

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        var (texts, parts) = (text.Evaluate(frame), part.Evaluate(frame));
        var textRows = new ByteRows(texts);
        var partRows = new ByteRows(parts);
        target.Fill(false);
        for (var row = 0; row < frame.Rows; row++)
        {
            if (atStart ? textRows[row].StartsWith(partRows[row]) : textRows[row].IndexOf(partRows[row]) >= 0) Bitmap.Set(target.True, row);
        }
        if (negated) target.Flip();
        target.KnowWhere(texts, parts);
        frame.Scratch.Return(texts);
        frame.Scratch.Return(parts);
    }

    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => true;

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        text.CollectColumns(columns);
        part.CollectColumns(columns);
    }
}
