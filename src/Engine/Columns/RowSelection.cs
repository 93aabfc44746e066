namespace Fanfold.Engine.Columns;

/// <summary>A stretch of rows and which of them are wanted: all, or those at ascending positions counted from its first row.</summary>
public readonly struct RowSelection
{
    readonly bool _isSome;

    RowSelection(int rows, ReadOnlyMemory<int> positions, bool isSome)
    {
        Rows = rows;
        Positions = positions;
        _isSome = isSome;
    }

    public static RowSelection All(int rows) => new(rows, default, false);

    /// <param name="positions">The wanted rows; all of them when there are as many as rows.</param>
    public static RowSelection Some(int rows, ReadOnlyMemory<int> positions) => new(rows, positions, positions.Length != rows);

    /// <summary>The stretch's length.</summary>
    public int Rows { get; }

    public bool IsAll => !_isSome;

    /// <summary>Only meaningful when not <see cref="IsAll"/>.</summary>
    public ReadOnlyMemory<int> Positions { get; }

    /// <summary>The number of wanted rows.</summary>
    public int Count => _isSome ? Positions.Length : Rows;
}
