namespace Fanfold.Engine.Spill;

/// <summary>Where the reducers of a task spill, and in what portions.</summary>
/// <param name="scratch">Takes the files.</param>
/// <param name="account">Bounds what is held in memory while runs are written and merged.</param>
public sealed class SpillSpace(ScratchSpace scratch, MemoryAccount account)
{
    /// <summary>Runs that are merged at once: their frames take a twelfth of the memory.</summary>
    internal int MostRuns { get; init; } = 40;

    public MemoryAccount Account => account;

    /// <summary>Bytes of a frame, about.</summary>
    internal int FrameBytes => (int)Math.Clamp(account.Limit / 512, 16 << 10, 1 << 20);

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
