using System.Collections.Concurrent;
using System.Globalization;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>The seeds of a test: a range that begins anywhere and is printed, or the one of <c>FANFOLD_SEED</c> alone, with all that happens in it.</summary>
sealed class Seeds
{
    const int MostFailures = 5;

    /// <summary>That of <c>FANFOLD_SEED</c>.</summary>
    public static readonly int? Given = Environment.GetEnvironmentVariable("FANFOLD_SEED") is { Length: > 0 } seed ? int.Parse(seed, CultureInfo.InvariantCulture) : null;

    readonly int _first = Given ?? Random.Shared.Next(int.MaxValue - 1_000_000);
    readonly int _count;

    public Seeds(int count)
    {
        _count = Given is null ? count : 1;
        TestContext.Current.TestOutputHelper!.WriteLine($"FANFOLD_SEED={_first}, and {_count - 1} more");
    }

    public static bool KeepsLog => Given is not null;

    /// <summary>Plays the schedules, some at a time; each stays on one thread. Fails with the first few that failed.</summary>
    public void ForEach(Action<int> play)
    {
        var failed = new ConcurrentQueue<string>();
        Parallel.For(0, _count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = TestContext.Current.CancellationToken }, (i, loop) =>
        {
            try
            {
                play(_first + i);
            }
            catch (Exception failure)
            {
                failed.Enqueue(failure is ViolationException ? failure.Message : $"FANFOLD_SEED={_first + i}: {failure}");
                if (failed.Count >= MostFailures) loop.Stop();
            }
        });
        Assert.True(failed.IsEmpty, string.Join('\n', failed));
    }
}
