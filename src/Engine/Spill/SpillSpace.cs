namespace Fanfold.Engine.Spill;

/// <summary>Where the reducers of a task spill, and in what portions.</summary>
/// <param name="scratch">Takes the files.</param>
/// <param name="account">Bounds what is held in memory while runs are written and merged.</param>
public sealed class SpillSpace(ScratchSpace scratch, MemoryAccount account)
{
    const int MostFrameRows = 4096;

    /// <summary>Runs that are merged at once: their frames take a twelfth of the memory.</summary>
    internal int MostRuns { get; init; } = 40;

    public MemoryAccount Account => account;

    /// <summary>Where a frame ends.</summary>
    internal FrameLimits Frame => new(MostFrameRows, FrameBytes);

    /// <summary>Bytes of a frame, about.</summary>
    internal int FrameBytes => (int)Math.Clamp(account.Limit / 512, 16 << 10, 1 << 20);

    /// <summary>Whether so many runs must become fewer: their frames must fit together, also those of rows that are longer than a frame should be.</summary>
    internal bool AreTooMany(List<RunFile> runs) => runs.Count >= MostRuns || runs.Count > 2 && runs.Sum(run => run.FrameBytes) > account.Limit / 8;

    /// <summary>
    /// The first of the runs to be merged next, the newest: those that are not much larger than all that came after them, and two at least. So what was merged is merged again only with as much
    /// as it is.
    /// </summary>
    internal static int FirstToMerge(List<RunFile> runs)
    {
        var first = runs.Count - 2;
        var bytes = runs[^1].Bytes + runs[first].Bytes;
        for (; first > 0 && runs[first - 1].Bytes <= 2 * bytes; first--) bytes += runs[first - 1].Bytes;
        return first;
    }

    /// <summary>The same for one of <paramref name="count"/> merges that go on together.</summary>
    internal SpillSpace SharedBy(int count) => new(scratch, account) { MostRuns = Math.Max(4, MostRuns / count) };

    /// <summary>A run that <paramref name="write"/> writes.</summary>
    internal RunFile Write(Action<RunFile> write)
    {
        var run = new RunFile(scratch.Create());
        try
        {
            write(run);
            run.Complete();
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }
}
