namespace Fanfold.Engine.Spill;

/// <summary>Where a frame or a piece of output ends: after so many rows or bytes, however unevenly the rows are long. One row may pass it.</summary>
readonly record struct FrameLimits(int Rows, long Bytes)
{
    /// <summary>How many of the rows from <paramref name="from"/> on make the next frame.</summary>
    /// <param name="end">Where the rows end.</param>
    /// <param name="bytesOf">What a row takes, known before it is copied.</param>
    public int Next(int from, int end, Func<int, long> bytesOf)
    {
        var to = from;
        for (var left = Bytes; to < end && to - from < Rows; to++)
        {
            left -= bytesOf(to);
            if (left < 0 && to > from) break;
        }
        return to - from;
    }
}
