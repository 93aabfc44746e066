using System.Text.Json;
using System.Threading.Channels;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Durable;

/// <summary>Runs an activity by name, with JSON in and out.</summary>
delegate Task<JsonElement> InvokeActivity(string name, JsonElement input, CancellationToken cancellationToken);

/// <summary>
/// Drives one run to its end from wherever its journal says it is. What happens is journaled together with what the orchestration decides because
/// of it, and only then do the decisions take effect; while a segment is written, what happens meanwhile gathers for the next one.
/// </summary>
/// <param name="replayAlways">Throws the orchestration away after every segment and replays it from the journal: for tests.</param>
sealed class LocalEngine(IObjectStore state, RunRequest request, InvokeActivity activities, TimeProvider time, Action<RunProgress> onProgress, bool replayAlways = false)
{
    readonly Journal _journal = new(state, new RunPaths(request.RunId));
    readonly Channel<HistoryEvent> _happened = Channel.CreateUnbounded<HistoryEvent>(new UnboundedChannelOptions { SingleReader = true });
    readonly Dictionary<int, Task> _underWay = [];
    Orchestration _orchestration = new(request.RunId);

    /// <summary>Called once.</summary>
    /// <exception cref="DriverReplacedException">Another driver has taken the run over.</exception>
    /// <exception cref="RunStateException">The journal is not one that this build can go on from.</exception>
    /// <exception cref="RunStoppedException">A cause that may pass outlived its tries; the run stays as it is and can be driven again.</exception>
    /// <exception cref="StorageException">A store failed an activity; the run stays as it is and can be driven again.</exception>
    public async Task<RunEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            return await DriveAsync(ending.Token);
        }
        finally
        {
            // No activity outlives its drive: the next driver may begin at once.
            await ending.CancelAsync();
            await Task.WhenAll(_underWay.Values);
        }
    }

    async Task<RunEnd> DriveAsync(CancellationToken cancellationToken)
    {
        if (!await ReplayAsync(cancellationToken))
            await StepAsync([new HistoryEvent(HistoryEventType.ExecutionStarted, -1, time.GetUtcNow(), Payload: JsonSerializer.SerializeToElement(request, WorkflowJson.Default.RunRequest))], cancellationToken);
        // The decisions that a torn segment lost.
        else if (_orchestration.Unrecorded.Count > 0) await StepAsync([], cancellationToken);
        while (true)
        {
            if (_orchestration.Progress is { } progress) onProgress(progress);
            if (_orchestration.End is { } end) return end;
            foreach (var decision in _orchestration.Open.Values)
            {
                if (!_underWay.ContainsKey(decision.Id)) _underWay.Add(decision.Id, Task.Run(() => CarryOutAsync(decision, cancellationToken), CancellationToken.None));
            }
            await _happened.Reader.WaitToReadAsync(cancellationToken);
            var batch = new List<HistoryEvent>();
            while (_happened.Reader.TryRead(out var happened)) batch.Add(happened);
            await StepAsync(batch, cancellationToken);
            foreach (var happened in batch) _underWay.Remove(happened.Id);
            if (replayAlways) await ReplayAsync(cancellationToken);
        }
    }

    /// <summary>Whether there is anything on record.</summary>
    async Task<bool> ReplayAsync(CancellationToken cancellationToken)
    {
        _orchestration = new Orchestration(request.RunId);
        var any = false;
        await foreach (var recorded in _journal.ReadAsync(cancellationToken))
        {
            _orchestration.Apply(recorded);
            any = true;
        }
        return any;
    }

    async Task StepAsync(List<HistoryEvent> batch, CancellationToken cancellationToken)
    {
        var segment = new List<HistoryEvent>();
        RecordDecisions();
        foreach (var happened in batch)
        {
            segment.Add(happened);
            _orchestration.Apply(happened);
            RecordDecisions();
        }
        await _journal.AppendAsync(segment, cancellationToken);

        void RecordDecisions()
        {
            foreach (var decision in _orchestration.Unrecorded.ToArray())
            {
                segment.Add(decision);
                _orchestration.Apply(decision);
            }
        }
    }

    async Task CarryOutAsync(HistoryEvent decision, CancellationToken cancellationToken)
    {
        try
        {
            _happened.Writer.TryWrite(decision.Type == HistoryEventType.TimerCreated ? await WaitAsync(decision, cancellationToken) : await CallAsync(decision, cancellationToken));
        }
        catch (Exception failure)
        {
            // Fails the drive, not the run: whoever reads the channel is thrown this.
            _happened.Writer.TryComplete(failure);
        }
    }

    async Task<HistoryEvent> CallAsync(HistoryEvent decision, CancellationToken cancellationToken)
    {
        var result = await activities(decision.Name!, decision.Payload!.Value, cancellationToken);
        // What a cancelled activity says is not what would have happened.
        cancellationToken.ThrowIfCancellationRequested();
        return new HistoryEvent(HistoryEventType.TaskCompleted, decision.Id, time.GetUtcNow(), Payload: result);
    }

    async Task<HistoryEvent> WaitAsync(HistoryEvent decision, CancellationToken cancellationToken)
    {
        if (decision.Time!.Value - time.GetUtcNow() is var delay && delay > TimeSpan.Zero) await Task.Delay(delay, time, cancellationToken);
        return new HistoryEvent(HistoryEventType.TimerFired, decision.Id, time.GetUtcNow());
    }
}
