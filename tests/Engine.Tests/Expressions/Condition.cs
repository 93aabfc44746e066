using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>The reference: a condition that knows its text and decides one row at a time, in the most obvious way.</summary>
abstract record Condition
{
    public abstract bool? Holds(Scalar[] row);

    /// <summary>Its text, in parentheses where it stands inside another.</summary>
    public abstract string Text { get; }

    public sealed override string ToString() => Text;

    protected static bool? Compare(ExactValue? left, string symbol, ExactValue? right)
    {
        if (left is null || right is null) return null;
        return Holds(left.CompareTo(right), symbol);
    }

    protected static bool Holds(int order, string symbol) => symbol switch
    {
        "=" or "==" => order == 0,
        "<>" or "!=" => order != 0,
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        _ => order >= 0,
    };

    protected static bool? All(IEnumerable<bool?> truths)
    {
        var list = truths.ToList();
        return list.Contains(false) ? false : list.Contains(null) ? null : true;
    }

    protected static bool? Any(IEnumerable<bool?> truths) => !All(truths.Select(truth => !truth));
}

/// <summary>A column, or a literal when <paramref name="Ordinal"/> is −1.</summary>
sealed record Operand(string Text, int Ordinal, ExactValue? Literal)
{
    public ExactValue? Of(Scalar[] row) => Ordinal < 0 ? Literal : ExactValue.Of(row[Ordinal]);
}

sealed record Comparing(Operand Left, string Symbol, Operand Right) : Condition
{
    public override string Text => $"{Left.Text} {Symbol} {Right.Text}";
    public override bool? Holds(Scalar[] row) => Compare(Left.Of(row), Symbol, Right.Of(row));
}

sealed record Listed(Operand Value, Operand[] Items, bool Negated) : Condition
{
    public override string Text => $"{Value.Text} {(Negated ? "not " : "")}in ({string.Join(", ", Items.Select(item => item.Text))})";

    public override bool? Holds(Scalar[] row)
    {
        var isIn = Any(Items.Select(item => Compare(Value.Of(row), "=", item.Of(row))));
        return Negated ? !isIn : isIn;
    }
}

sealed record Inside(Operand Value, Operand Low, Operand High, bool Negated) : Condition
{
    public override string Text => $"{Value.Text} {(Negated ? "NOT " : "")}BETWEEN {Low.Text} AND {High.Text}";

    public override bool? Holds(Scalar[] row)
    {
        var isInside = All([Compare(Value.Of(row), ">=", Low.Of(row)), Compare(Value.Of(row), "<=", High.Of(row))]);
        return Negated ? !isInside : isInside;
    }
}

sealed record Absent(Operand Value, bool Negated) : Condition
{
    public override string Text => $"{Value.Text} is {(Negated ? "not " : "")}null";
    public override bool? Holds(Scalar[] row) => Value.Of(row) is null != Negated;
}

sealed record Undecided(Condition Inner, bool Negated) : Condition
{
    public override string Text => $"({Inner.Text}) is {(Negated ? "not " : "")}null";
    public override bool? Holds(Scalar[] row) => Inner.Holds(row) is null != Negated;
}

sealed record Chained(bool IsAnd, Condition[] Parts) : Condition
{
    public override string Text => string.Join(IsAnd ? " and " : " or ", Parts.Select(part => $"({part.Text})"));
    public override bool? Holds(Scalar[] row) => IsAnd ? All(Parts.Select(part => part.Holds(row))) : Any(Parts.Select(part => part.Holds(row)));
}

sealed record Opposite(Condition Inner) : Condition
{
    public override string Text => $"not ({Inner.Text})";
    public override bool? Holds(Scalar[] row) => !Inner.Holds(row);
}

sealed record Flag(Operand Column) : Condition
{
    public override string Text => Column.Text;
    public override bool? Holds(Scalar[] row) => row[Column.Ordinal].IsNull ? null : row[Column.Ordinal].IntegerValue != 0;
}

sealed record Fixed(bool? Value) : Condition
{
    public override string Text => Value switch { true => "true", false => "FALSE", _ => "null" };
    public override bool? Holds(Scalar[] row) => Value;
}

sealed record ComparingTruths(Condition Left, string Symbol, Condition Right) : Condition
{
    public override string Text => $"({Left.Text}) {Symbol} ({Right.Text})";

    public override bool? Holds(Scalar[] row) =>
        Left.Holds(row) is { } left && Right.Holds(row) is { } right ? Holds(left.CompareTo(right), Symbol) : null;
}
