using System.Text;

namespace Fanfold.EndToEnd.Tests;

/// <summary>What anyone on this machine can see of a run's workers.</summary>
static class WorkerWatch
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Arguments and environment of all workers that could be caught running, until the command ends.</summary>
    public static async Task<string> ReadAsync(Fanfold fanfold, RunningCommand run)
    {
        var shown = new StringBuilder();
        while (!run.HasExited)
        {
            foreach (var worker in fanfold.Workers)
            {
                foreach (var what in (string[])["cmdline", "environ"])
                {
                    try
                    {
                        shown.Append(await File.ReadAllTextAsync($"/proc/{worker}/{what}", Cancellation));
                    }
                    catch (IOException)
                    {
                        // It ended between two looks.
                    }
                }
            }
            await Task.Delay(5, Cancellation);
        }
        Assert.Contains("Worker", shown.ToString(), StringComparison.Ordinal);
        Assert.Contains("FANFOLD_WORKER_LOG=", shown.ToString(), StringComparison.Ordinal);
        return shown.ToString();
    }
}
