using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>An expression whose columns are found and whose types are checked. Immutable.</summary>
public abstract class BoundExpression
{
    // Only this assembly knows how to evaluate one.
    private protected BoundExpression(DataType type) => Type = type;

    public DataType Type { get; }

    /// <summary>The ordinals of the columns that the expression reads, ascending.</summary>
    public IReadOnlyList<int> Ordinals
    {
        get
        {
            var columns = new SortedDictionary<int, DataType>();
            CollectColumns(columns);
            return [.. columns.Keys];
        }
    }

    /// <summary>Adds the columns read here, with their types by ordinal.</summary>
    internal abstract void CollectColumns(IDictionary<int, DataType> columns);
}

/// <summary>An expression that gives each row a value of its type.</summary>
public abstract class ValueExpression : BoundExpression
{
    private protected ValueExpression(DataType type) : base(type)
    {
    }

    /// <summary>The values of a frame's rows, valid until the frame's columns are refilled.</summary>
    internal abstract Column Evaluate(in RowFrame frame);

    /// <summary>What the bounds of the columns prove about this value.</summary>
    internal abstract ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal);
}

/// <summary>A column, named.</summary>
public sealed class ColumnReference : ValueExpression
{
    internal ColumnReference(int ordinal, Field field) : base(field.Type)
    {
        Ordinal = ordinal;
        Name = field.Name;
    }

    public int Ordinal { get; }

    public string Name { get; }

    internal override Column Evaluate(in RowFrame frame) => frame.Column(Ordinal);

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal)
    {
        if (Ordinal >= byOrdinal.Length) return ColumnBounds.Unknown;
        var bounds = byOrdinal[Ordinal];
        return new ColumnBounds(Usable(bounds.Min), Usable(bounds.Max));
    }

    internal override void CollectColumns(IDictionary<int, DataType> columns) => columns[Ordinal] = Type;

    /// <summary>A bound that proves something: of the column's type, and neither null nor NaN.</summary>
    Scalar? Usable(Scalar? bound) => bound is { IsNull: false, IsNaN: false } known && known.Type == Type ? bound : null;
}
