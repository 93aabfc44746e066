using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Spill;

/// <summary>Where a frame or a piece of output ends: after so many rows or bytes, however unevenly the rows are long. One row may pass it.</summary>
readonly record struct FrameLimits(int Rows, long Bytes)
{
    public bool IsReached(IReadOnlyList<Column> columns) => columns[0].Length >= Rows || Held(columns) >= Bytes;

    /// <summary>How many rows to append next, so that the frame passes its bytes by little: as many as there are at most, since what comes may be longer than what is there.</summary>
    public int Next(IReadOnlyList<Column> columns)
    {
        var rows = columns[0].Length;
        if (rows == 0) return 1;
        var held = Held(columns);
        return (int)Math.Clamp((Bytes - held) / (held / rows + 1), 1, Math.Min(rows, Rows - rows));
    }

    static long Held(IReadOnlyList<Column> columns)
    {
        long bytes = 0;
        for (var i = 0; i < columns.Count; i++) bytes += columns[i].BytesOf(0, columns[i].Length) + columns[i].Length;
        return bytes;
    }
}
