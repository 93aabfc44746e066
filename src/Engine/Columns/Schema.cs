namespace Fanfold.Engine.Columns;

/// <summary>A named, typed column.</summary>
public sealed record Field(string Name, DataType Type);

/// <summary>An ordered set of fields with distinct names; names are compared byte for byte, case included.</summary>
public sealed class Schema
{
    readonly Dictionary<string, int> _ordinals = new(StringComparer.Ordinal);

    public Schema(IEnumerable<Field> fields)
    {
        Fields = [.. fields];
        for (var i = 0; i < Fields.Count; i++) _ordinals.Add(Fields[i].Name, i);
    }

    public IReadOnlyList<Field> Fields { get; }

    public int Count => Fields.Count;

    public Field this[int ordinal] => Fields[ordinal];

    /// <summary>The position of a field, or −1.</summary>
    public int IndexOf(string name) => _ordinals.GetValueOrDefault(name, -1);
}

/// <summary>Rows side by side: every column has <see cref="Rows"/> rows. The columns belong to whoever made the batch and are refilled by the next one.</summary>
/// <param name="Position">The place of the first row among the rows of the plan, or a place before it: row i is at it plus i or later, and before the next batch's.</param>
public sealed record RowBatch(int Rows, IReadOnlyList<Column> Columns, long Position = 0);

/// <summary>
/// What the metadata proves about a column chunk: every value that is neither null nor NaN lies in [Min, Max]. A bound may
/// be wider than the data; null means unknown. Nulls and NaN are never excluded, since real files lie about both.
/// </summary>
public readonly record struct ColumnBounds(Scalar? Min, Scalar? Max)
{
    public static ColumnBounds Unknown => default;
}
