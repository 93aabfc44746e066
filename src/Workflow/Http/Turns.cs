namespace Fanfold.Workflow.Http;

/// <summary>The wait for a turn at what a host does only so much of at once.</summary>
static class Turns
{
    /// <summary>How long one waits for its turn before it is told to come back.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>False when none came in time; whoever gets one releases it.</summary>
    public static async Task<bool> TryTakeAsync(this SemaphoreSlim free, TimeProvider time, CancellationToken aborted)
    {
        if (free.Wait(0, CancellationToken.None)) return true;
        using var patience = new CancellationTokenSource(Patience, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        try
        {
            await free.WaitAsync(ending.Token);
            return true;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return false;
        }
    }
}
