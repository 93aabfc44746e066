using System.Text.Json;
using System.Text.Json.Serialization;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>What the <c>cancel</c> object of a run holds.</summary>
/// <param name="Redrive">The drive that is cancelled; a later one is not.</param>
public sealed record CancelOrder([property: JsonRequired] int Redrive, DateTimeOffset RequestedAt);

/// <summary>Whether runs are cancelled. The <c>cancel</c> object in a run's state is the only truth; where nothing else is said it is looked for about once a second.</summary>
public sealed class CancelSignal(IObjectStore state, TimeProvider time)
{
    const int MaxOrder = 64 << 10;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    volatile Look? _last;

    sealed record Look(RunPaths Paths, long At, bool IsSet);

    /// <summary>Cancels a drive of a run; again is harmless. An order for a later drive stays.</summary>
    public static async Task SetAsync(IObjectStore state, RunPaths paths, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = await state.ReadVersionAsync(paths.Cancel, MaxOrder, cancellationToken);
            if (seen is var (json, _) && OrderOf(json)?.Redrive >= paths.Redrive) return;
            try
            {
                await state.PutAsync(paths.Cancel, JsonSerializer.SerializeToUtf8Bytes(new CancelOrder(paths.Redrive, time.GetUtcNow()), WorkflowJson.Default.CancelOrder), PutCondition.Over(seen?.ETag), cancellationToken);
                return;
            }
            // Another order came meanwhile.
            catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict) { }
        }
    }

    /// <summary>Takes back an order that names no drive, which a new one would obey too.</summary>
    public static async Task ForgetAsync(IObjectStore state, RunPaths paths, CancellationToken cancellationToken)
    {
        if (await state.ReadVersionAsync(paths.Cancel, MaxOrder, cancellationToken) is var (order, etag) && Names(order, -1)) await state.DeleteVersionAsync(paths.Cancel, etag, cancellationToken);
    }

    public async ValueTask<bool> IsSetAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        if (_last is { } last && last.Paths == paths && time.GetElapsedTime(last.At) < Interval) return last.IsSet;
        return await LookAsync(paths, cancellationToken);
    }

    /// <summary>Whether a run is cancelled at this moment.</summary>
    public async Task<bool> LookAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        var at = time.GetTimestamp();
        var isSet = await state.ReadAllAsync(paths.Cancel, MaxOrder, cancellationToken) is { } order && Names(order, paths.Redrive);
        _last = new Look(paths, at, isSet);
        return isSet;
    }

    /// <summary>Does work with a token that is cancelled when the run is.</summary>
    public async Task<T> WatchAsync<T>(RunPaths paths, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = new PeriodicTimer(Interval, time);
        var working = work(stopping.Token);
        while (await Task.WhenAny(working, timer.WaitForNextTickAsync(CancellationToken.None).AsTask()) != working)
        {
            if (await IsSeenAsync(paths, cancellationToken)) stopping.Cancel();
        }
        return await working;
    }

    async Task<bool> IsSeenAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        try
        {
            return await IsSetAsync(paths, cancellationToken);
        }
        catch (Exception failure) when (failure is StorageException or OperationCanceledException)
        {
            // The next look may succeed; the work itself goes on meanwhile.
            return false;
        }
    }

    // Whoever puts an empty object there by hand means whatever is under way.
    static bool Names(byte[] json, int redrive) => OrderOf(json) is not { } order || order.Redrive == redrive;

    static CancelOrder? OrderOf(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, WorkflowJson.Default.CancelOrder);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
