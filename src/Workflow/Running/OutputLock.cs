using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>Lets one run at a time write an output, by a lease. One that was stopped for longer than its lease lasts is told late, so what it may do meanwhile has to be harmless.</summary>
static class OutputLock
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits for the lock and does the work under it, with a token that is cancelled when it is lost.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.Unreachable"/> when the lock was lost.</exception>
    public static async Task HoldAsync(IObjectStore state, string output, TimeProvider time, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        await using var lease = await TakeAsync(state, output, time, cancellationToken);
        using var held = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            await work(held.Token);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Lost(output);
        }
    }

    public static StorageException Lost(string output) =>
        new(StorageFailure.Unreachable, RunPaths.OutputLock(output), $"the lock of the output '{output}' was lost while its result was written; another try may work");

    static async Task<IObjectLease> TakeAsync(IObjectStore state, string output, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await state.TryLeaseAsync(RunPaths.OutputLock(output), cancellationToken) is { } lease) return lease;
            await Task.Delay(Poll, time, cancellationToken);
        }
    }
}
