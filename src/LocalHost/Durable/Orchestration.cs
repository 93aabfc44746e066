using System.Text.Json;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Durable;

/// <summary>
/// A workflow of a run, brought to where its history says. It runs only while an event is applied, on the thread that applies it, so its course
/// depends on nothing but the order of events. Its decisions must come again as they are recorded, in the same order.
/// </summary>
/// <param name="workflow">The name of its code.</param>
sealed class Orchestration(string runId, string workflow) : WorkflowContext
{
    readonly StepContext _steps = new();
    readonly Queue<HistoryEvent> _decided = [];
    readonly Dictionary<int, Action<HistoryEvent>> _waiting = [];
    readonly Dictionary<int, HistoryEvent> _open = [];
    Task<JsonElement>? _execution;
    DateTimeOffset _now;
    int _decisions;

    public override string RunId => runId;

    public override DateTimeOffset UtcNow => _now;

    /// <summary>The last report; null before the first.</summary>
    public RunProgress? Progress { get; private set; }

    /// <summary>Decisions on record that nothing has answered, by id.</summary>
    public IReadOnlyDictionary<int, HistoryEvent> Open => _open;

    /// <summary>The outcome; null before <see cref="HistoryEventType.ExecutionCompleted"/> is on record.</summary>
    public JsonElement? End { get; private set; }

    /// <summary>Decisions that are not on record yet, in their order.</summary>
    public IReadOnlyCollection<HistoryEvent> Unrecorded => _decided;

    /// <summary>Goes one event further.</summary>
    /// <exception cref="RunStateException">The orchestration's decisions are not those on record, or what is on record can't be read.</exception>
    public void Apply(HistoryEvent next)
    {
        try
        {
            Advance(next);
        }
        catch (JsonException unreadable)
        {
            throw RunStateException.Corrupt($"The journal of run '{runId}' holds {Cut(next)}, which can't be read ({unreadable.Message.TrimEnd('.')})", unreadable);
        }
    }

    void Advance(HistoryEvent next)
    {
        if (next.IsDecision)
        {
            if (!_decided.TryDequeue(out var decision) || decision != next) throw Nondeterministic(next, decision);
            if (next.Type == HistoryEventType.ExecutionCompleted) End = next.Payload!.Value;
            else _open.Add(next.Id, next);
            return;
        }
        if (_decided.TryPeek(out var missing)) throw Nondeterministic(next, missing);
        _now = next.Time ?? _now;
        if (next.Type == HistoryEventType.ExecutionStarted) Step(() => _execution = RunOrchestration.InvokeAsync(workflow, this, next.Payload!.Value));
        else if (_open.Remove(next.Id) && _waiting.Remove(next.Id, out var resume)) Step(() => resume(next));
        // An activity may be delivered twice; its first result counts.
    }

    public override Task<TResult> CallActivityAsync<TInput, TResult>(Activity<TInput, TResult> activity, TInput input)
    {
        var result = new TaskCompletionSource<TResult>();
        Decide(HistoryEventType.TaskScheduled, completed => result.SetResult(completed.Payload!.Value.Deserialize(activity.Result)!),
            name: activity.Name, payload: JsonSerializer.SerializeToElement(input, activity.Input));
        return result.Task;
    }

    public override Task<TResult> CallSubWorkflowAsync<TInput, TResult>(Workflow<TInput, TResult> workflow, TInput input, string name)
    {
        var result = new TaskCompletionSource<TResult>();
        Decide(HistoryEventType.SubOrchestrationInstanceCreated, completed => result.SetResult(completed.Payload!.Value.Deserialize(workflow.Result)!),
            name: workflow.Name, payload: JsonSerializer.SerializeToElement(input, workflow.Input), instance: name);
        return result.Task;
    }

    public override Task CreateTimerAsync(DateTimeOffset due)
    {
        var fired = new TaskCompletionSource();
        Decide(HistoryEventType.TimerCreated, _ => fired.SetResult(), due);
        return fired.Task;
    }

    public override void ReportProgress(RunProgress progress) => Progress = progress;

    void Decide(HistoryEventType type, Action<HistoryEvent> resume, DateTimeOffset? due = null, string? name = null, JsonElement? payload = null, string? instance = null)
    {
        if (SynchronizationContext.Current != _steps)
            throw new InvalidOperationException("The orchestration waited for something that its context did not give it, and went on outside its steps.");
        var id = _decisions++;
        _waiting.Add(id, resume);
        _decided.Enqueue(new HistoryEvent(type, id, due, name, payload, instance));
    }

    void Step(Action action)
    {
        _steps.Run(action);
        if (_execution!.IsCompleted)
        {
            var end = _execution.GetAwaiter().GetResult();
            _decided.Enqueue(new HistoryEvent(HistoryEventType.ExecutionCompleted, _decisions++, Payload: end));
        }
        else if (_decided.Count == 0 && _open.Count == 0)
        {
            throw new InvalidOperationException("The orchestration waits for something that its context did not give it.");
        }
    }

    RunStateException Nondeterministic(HistoryEvent recorded, HistoryEvent? decided) => new("nondeterministic",
        $"The orchestration of run '{runId}' does not take the way that its journal records: there it was {Cut(recorded)}, now it is {(decided is null ? "nothing" : Cut(decided))}. "
        + "Another version of fanfold began the run; continue it with that version, or start it under a new id.");

    static string Cut(HistoryEvent historyEvent) => historyEvent.ToString() is { Length: > 300 } text ? text[..300] + "…" : historyEvent.ToString();

    /// <summary>Runs the orchestration's continuations one after another on the thread that steps it.</summary>
    sealed class StepContext : SynchronizationContext
    {
        readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = [];
        readonly Lock _lock = new();

        public override void Post(SendOrPostCallback callback, object? state)
        {
            lock (_lock) _posted.Enqueue((callback, state));
        }

        public void Run(Action first)
        {
            var outer = Current;
            SetSynchronizationContext(this);
            try
            {
                first();
                while (TryTake(out var next)) next.Callback(next.State);
            }
            finally
            {
                SetSynchronizationContext(outer);
            }
        }

        bool TryTake(out (SendOrPostCallback Callback, object? State) next)
        {
            lock (_lock) return _posted.TryDequeue(out next);
        }
    }
}
