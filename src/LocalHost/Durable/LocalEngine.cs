using System.Text.Json;
using System.Threading.Channels;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Durable;

/// <summary>Runs an activity by name, with JSON in and out.</summary>
delegate Task<JsonElement> InvokeActivity(string name, JsonElement input, CancellationToken cancellationToken);

/// <summary>What an engine drives a run with.</summary>
/// <param name="IsCancelled">Whether the run is cancelled, so that waiting is over; as the activities see it, which are called next.</param>
sealed record Drive(IObjectStore State, InvokeActivity Activities, Func<CancellationToken, ValueTask<bool>> IsCancelled, TimeProvider Time, Action<RunProgress> OnProgress)
{
    /// <summary>Throws the orchestration away after every segment and replays it from the journal: for tests.</summary>
    public bool ReplaysAlways { get; init; }
}

/// <summary>
/// Drives one workflow to its end from wherever its journal says it is. What happens is journaled together with what the orchestration decides because
/// of it, and only then do the decisions take effect; while a segment is written, what happens meanwhile gathers for the next one.
/// </summary>
/// <param name="workflow">The name of its code.</param>
/// <param name="journal">The folder of its history.</param>
sealed class LocalEngine(Drive drive, RunPaths paths, string workflow, JsonElement input, string journal)
{
    static readonly TimeSpan CancelInterval = TimeSpan.FromSeconds(1);

    readonly Journal _journal = new(drive.State, paths.RunId, journal);
    readonly Channel<HistoryEvent> _happened = Channel.CreateUnbounded<HistoryEvent>(new UnboundedChannelOptions { SingleReader = true });
    readonly Dictionary<int, Task> _underWay = [];
    Orchestration _orchestration = new(paths.RunId, workflow);

    /// <summary>Drives a run.</summary>
    public static async Task<RunEnd> RunAsync(Drive drive, RunRequest request, CancellationToken cancellationToken)
    {
        var run = RunOrchestration.Run;
        using var span = Telemetry.StartRun(request);
        var end = await new LocalEngine(drive, request.Paths, run.Name, JsonSerializer.SerializeToElement(request, run.Input), request.Paths.Journal).RunAsync(cancellationToken);
        var ended = end.Deserialize(run.Result)!;
        Telemetry.Ended(span, ended);
        return ended;
    }

    /// <summary>Called once.</summary>
    /// <exception cref="DriverReplacedException">Another driver has taken the run over.</exception>
    /// <exception cref="RunStateException">The journal is not one that this build can go on from.</exception>
    /// <exception cref="RunStoppedException">A cause that may pass outlived its tries; the run stays as it is and can be driven again.</exception>
    /// <exception cref="StorageException">A store failed an activity; the run stays as it is and can be driven again.</exception>
    public async Task<JsonElement> RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            return await DriveAsync(ending.Token);
        }
        finally
        {
            // No activity outlives its drive: the next driver may begin at once.
            await CurrentScheduler.CancelAsync(ending);
            await Task.WhenAll(_underWay.Values);
        }
    }

    async Task<JsonElement> DriveAsync(CancellationToken cancellationToken)
    {
        if (!await ReplayAsync(cancellationToken))
            await StepAsync([new HistoryEvent(HistoryEventType.ExecutionStarted, -1, drive.Time.GetUtcNow(), Payload: input)], cancellationToken);
        // The decisions that a torn segment lost.
        else if (_orchestration.Unrecorded.Count > 0) await StepAsync([], cancellationToken);
        while (true)
        {
            if (_orchestration.Progress is { } progress) drive.OnProgress(progress);
            if (_orchestration.End is { } end) return end;
            foreach (var decision in _orchestration.Open.Values)
            {
                if (!_underWay.ContainsKey(decision.Id)) _underWay.Add(decision.Id, CurrentScheduler.RunAsync(() => CarryOutAsync(decision, cancellationToken)));
            }
            await _happened.Reader.WaitToReadAsync(cancellationToken);
            var batch = new List<HistoryEvent>();
            while (_happened.Reader.TryRead(out var happened)) batch.Add(happened);
            await StepAsync(batch, cancellationToken);
            foreach (var happened in batch) _underWay.Remove(happened.Id);
            if (drive.ReplaysAlways) await ReplayAsync(cancellationToken);
        }
    }

    /// <summary>Whether there is anything on record.</summary>
    async Task<bool> ReplayAsync(CancellationToken cancellationToken)
    {
        _orchestration = new Orchestration(paths.RunId, workflow);
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
            _happened.Writer.TryWrite(await (decision.Type switch
            {
                HistoryEventType.TimerCreated => WaitAsync(decision, cancellationToken),
                HistoryEventType.SubOrchestrationInstanceCreated => RunPartAsync(decision, cancellationToken),
                _ => CallAsync(decision, cancellationToken),
            }));
        }
        catch (Exception failure)
        {
            // Fails the drive, not the run: whoever reads the channel is thrown this.
            _happened.Writer.TryComplete(failure);
        }
    }

    async Task<HistoryEvent> CallAsync(HistoryEvent decision, CancellationToken cancellationToken)
    {
        var result = await drive.Activities(decision.Name!, decision.Payload!.Value, cancellationToken);
        // What a cancelled activity says is not what would have happened.
        cancellationToken.ThrowIfCancellationRequested();
        return new HistoryEvent(HistoryEventType.TaskCompleted, decision.Id, drive.Time.GetUtcNow(), Payload: result);
    }

    async Task<HistoryEvent> RunPartAsync(HistoryEvent decision, CancellationToken cancellationToken)
    {
        var journal = paths.JournalOf(decision.Instance!);
        await drive.State.SweepAsync(journal, cancellationToken);
        var result = await new LocalEngine(drive, paths, decision.Name!, decision.Payload!.Value, journal).RunAsync(cancellationToken);
        return new HistoryEvent(HistoryEventType.SubOrchestrationInstanceCompleted, decision.Id, drive.Time.GetUtcNow(), Payload: result);
    }

    async Task<HistoryEvent> WaitAsync(HistoryEvent decision, CancellationToken cancellationToken)
    {
        while (decision.Time!.Value - drive.Time.GetUtcNow() is var left && left > TimeSpan.Zero && !await drive.IsCancelled(cancellationToken))
            await Task.Delay(left < CancelInterval ? left : CancelInterval, drive.Time, cancellationToken);
        return new HistoryEvent(HistoryEventType.TimerFired, decision.Id, drive.Time.GetUtcNow());
    }
}
