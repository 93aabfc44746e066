using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Serving;

/// <summary>Drives runs in the background, so many at once; the others wait. When it is disposed, those under way stop where they are and stay resumable.</summary>
/// <param name="atOnce">A run that is cancelled does not wait for its turn.</param>
/// <param name="drive">As <see cref="RunDriver"/> has it.</param>
/// <param name="log">Told what no caller hears.</param>
sealed class ServedRuns(IObjectStore state, TimeProvider time, int atOnce, Func<RunRequest, Action<RunProgress>, CancellationToken, Task<RunEnd>> drive, Action<string> log) : IRunHost, IAsyncDisposable
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);
    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    readonly Lock _lock = new();
    readonly Dictionary<string, Driven> _driven = [];
    readonly SemaphoreSlim _turns = new(atOnce);
    readonly CancellationTokenSource _stopping = new();

    sealed class Driven
    {
        /// <summary>Set when the run was asked for again: its record may have changed since it was last looked at.</summary>
        public volatile bool Again = true;

        public Task Ending = Task.CompletedTask;
    }

    public ValueTask DriveAsync(string runId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested) return ValueTask.CompletedTask;
            if (_driven.TryGetValue(runId, out var driven)) driven.Again = true;
            else
            {
                _driven[runId] = driven = new Driven();
                // The run is no part of the request that asks for it.
                using var alone = ExecutionContext.SuppressFlow();
                driven.Ending = Task.Run(() => DriveToEndAsync(runId, driven), CancellationToken.None);
            }
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>Goes on with all runs that have not ended.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        await foreach (var runId in RunList.IdsAsync(state, null, cancellationToken))
        {
            try
            {
                if (await RunStarter.ReadRecordAsync(state, runId, time, cancellationToken) is { Summary: null }) await DriveAsync(runId, cancellationToken);
            }
            catch (RunStateException unreadable)
            {
                log($"run {runId} can't be resumed: {unreadable.Message}");
            }
        }
    }

    async Task DriveToEndAsync(string runId, Driven driven)
    {
        var pause = FirstPause;
        while (TakeWish(runId, driven))
        {
            try
            {
                await DriveOnceAsync(runId, driven);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception passing) when (passing is RunStoppedException or StorageException)
            {
                log($"run {runId} was stopped before its end: {passing.Message} It goes on in {pause.TotalSeconds:N0} s.");
                if (!await TryPauseAsync(pause)) return;
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                driven.Again = true;
            }
            catch (RunStateException refused)
            {
                log($"run {runId} can't go on: {refused.Message}");
            }
            catch (Exception bug)
            {
                log($"run {runId} met a defect of fanfold: {bug}");
            }
        }
    }

    /// <summary>False when nothing more is wished of the run, which is forgotten then.</summary>
    bool TakeWish(string runId, Driven driven)
    {
        lock (_lock)
        {
            if (!driven.Again) _driven.Remove(runId);
            var wished = driven.Again;
            driven.Again = false;
            return wished;
        }
    }

    async Task DriveOnceAsync(string runId, Driven driven)
    {
        var hasTurn = await WaitForTurnAsync(runId, driven);
        try
        {
            await new RunDriver(state, time, drive).GoOnAsync(runId, redrives: false, static () => { }, static _ => { }, _stopping.Token);
        }
        finally
        {
            if (hasTurn) _turns.Release();
        }
    }

    /// <summary>False when the run goes on without a turn, since all that is left is to end it.</summary>
    async Task<bool> WaitForTurnAsync(string runId, Driven driven)
    {
        while (!await _turns.WaitAsync(Glance, _stopping.Token))
        {
            if (!driven.Again) continue;
            driven.Again = false;
            if (await RunStarter.ReadRecordAsync(state, runId, time, _stopping.Token) is { } record
                && await new CancelSignal(state, time).LookAsync(new RunPaths(runId, record.Redrive), _stopping.Token)) return false;
        }
        return true;
    }

    async Task<bool> TryPauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, time, _stopping.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] endings;
        lock (_lock)
        {
            _stopping.Cancel();
            endings = [.. _driven.Values.Select(driven => driven.Ending)];
        }
        await Task.WhenAll(endings);
        _stopping.Dispose();
        _turns.Dispose();
    }
}
