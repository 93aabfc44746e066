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
}

/// <summary>Truth buffers for reuse, lent and given back in any order. Not thread-safe.</summary>
sealed class Scratch
{
    readonly Stack<Truth> _free = new();

    public Truth Rent(int rows, bool tracksKnown)
    {
        var truth = _free.TryPop(out var free) ? free : new Truth();
        truth.Reset(rows, tracksKnown);
        return truth;
    }

    public void Return(Truth truth) => _free.Push(truth);
}
