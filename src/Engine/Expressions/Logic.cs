using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The same truth in every row; null is unknown.</summary>
sealed class ConstantTruth(bool? value) : TruthExpression
{
    public static ConstantTruth True { get; } = new(true);
    public static ConstantTruth False { get; } = new(false);
    public static ConstantTruth Null { get; } = new(null);

    public bool? Value => value;

    public static ConstantTruth Of(bool? value) => value is null ? Null : value.Value ? True : False;

    public override TruthExpression Negate() => Of(!value);

    public override void Evaluate(in RowFrame frame, Truth target) => target.Fill(value);

    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal) => value == true;

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
    }
}

/// <summary><c>and</c> or <c>or</c> of two or more operands.</summary>
sealed class Logic : TruthExpression
{
    readonly TruthExpression[] _operands;
    readonly int[] _ordinalsNotNaN;

    Logic(bool isAnd, TruthExpression[] operands)
    {
        IsAnd = isAnd;
        _operands = operands;
        _ordinalsNotNaN = [.. operands.OfType<ConstantComparison>().Select(operand => operand.OrdinalNotNaN).Where(ordinal => isAnd && ordinal >= 0).Distinct()];
    }

    public bool IsAnd { get; }

    public IReadOnlyList<TruthExpression> Operands => _operands;

    /// <summary>Combines operands; constants are folded and nested chains of the same kind flattened.</summary>
    public static TruthExpression Of(bool isAnd, IEnumerable<TruthExpression> operands)
    {
        var kept = new List<TruthExpression>();
        var sawNull = false;
        foreach (var operand in operands)
        {
            if (operand is ConstantTruth { Value: var value })
            {
                if (value == !isAnd) return operand;
                sawNull |= value is null;
            }
            else if (operand is Logic logic && logic.IsAnd == isAnd) kept.AddRange(logic._operands);
            else kept.Add(operand);
        }
        if (sawNull && !kept.Contains(ConstantTruth.Null)) kept.Add(ConstantTruth.Null);
        return kept.Count switch
        {
            0 => ConstantTruth.Of(isAnd),
            1 => kept[0],
            _ => new Logic(isAnd, [.. kept]),
        };
    }

    public override TruthExpression Negate() => Of(!IsAnd, _operands.Select(operand => operand.Negate()));

    public override void Evaluate(in RowFrame frame, Truth target)
    {
        _operands[0].Evaluate(frame, target);
        var other = frame.Scratch.Rent(frame.Rows, target.TracksKnown);
        for (var i = 1; i < _operands.Length && !IsDecided(target); i++)
        {
            _operands[i].Evaluate(frame, other);
            if (IsAnd) target.And(other);
            else target.Or(other);
        }
        frame.Scratch.Return(other);
    }

    public override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal)
    {
        foreach (var operand in _operands)
        {
            if (operand.CanBeTrue(byOrdinal) != IsAnd) return !IsAnd;
            // Of x >= 11 and x <= 20 each may be true of bounds up to 10, but the first of NaN alone and the second never of NaN.
            if (_ordinalsNotNaN.Length > 0 && operand is ConstantComparison comparison && _ordinalsNotNaN.Contains(comparison.OrdinalOnlyNaN(byOrdinal))) return false;
        }
        return IsAnd;
    }

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        foreach (var operand in _operands) operand.CollectColumns(columns);
    }

    /// <summary>Whether the remaining operands can't change what is asked for.</summary>
    bool IsDecided(Truth truth) => IsAnd && !truth.TracksKnown && !truth.True.ContainsAnyExcept(0UL);
}
