using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The rows that an expression is evaluated over, and the buffers it may borrow meanwhile.</summary>
/// <param name="substitute">Stands for the one column that the expression reads, when not null.</param>
readonly ref struct RowFrame(IReadOnlyList<Column> columns, int rows, Scratch scratch, Column? substitute = null)
{
    public int Rows => rows;

    public Scratch Scratch => scratch;

    public Column Column(int ordinal) => substitute ?? columns[ordinal];

    /// <summary>A frame over the rows of a single column.</summary>
    public RowFrame Over(Column column) => new(columns, column.Length, scratch, column);

    /// <summary>The rows at <paramref name="rows"/> of the columns at <paramref name="ordinals"/>; the columns go back to the scratch by <see cref="Drop"/>.</summary>
    public RowFrame Gather(IReadOnlyList<int> ordinals, ReadOnlySpan<int> rows)
    {
        if (substitute is not null) return new(columns, rows.Length, scratch, scratch.Gather(substitute, rows));
        var gathered = new Column[ordinals.Count == 0 ? 0 : ordinals[^1] + 1];
        foreach (var ordinal in ordinals) gathered[ordinal] = scratch.Gather(columns[ordinal], rows);
        return new(gathered, rows.Length, scratch);
    }

    /// <summary>Gives the columns of a gathered frame back.</summary>
    public void Drop()
    {
        if (substitute is not null) scratch.Drop(substitute);
        else
        {
            foreach (var column in columns)
            {
                if (column is not null) scratch.Drop(column);
            }
        }
    }
}
