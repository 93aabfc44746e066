using System.Text.Json;
using System.Text.Json.Serialization;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Durable;

/// <summary>Durable's names for what happens in an orchestration.</summary>
enum HistoryEventType
{
    /// <summary>The orchestration began with <see cref="HistoryEvent.Payload"/>.</summary>
    ExecutionStarted,
    /// <summary>Decided: an activity was called.</summary>
    TaskScheduled,
    /// <summary>Happened: an activity gave its result.</summary>
    TaskCompleted,
    /// <summary>Decided: another workflow was begun as a part of this one.</summary>
    SubOrchestrationInstanceCreated,
    /// <summary>Happened: it gave its result.</summary>
    SubOrchestrationInstanceCompleted,
    /// <summary>Decided: a timer was set.</summary>
    TimerCreated,
    /// <summary>Happened: a timer came due.</summary>
    TimerFired,
    /// <summary>Decided: the orchestration ended with <see cref="HistoryEvent.Payload"/>.</summary>
    ExecutionCompleted,
}

/// <summary>One line of a run's journal: something that happened, or something that the orchestration decided because of it.</summary>
/// <param name="Time">When it happened, or the time a timer is due; null for other decisions.</param>
/// <param name="Id">Counts the decisions of a run from 0; what happens carries the id of the decision it answers.</param>
/// <param name="Name">The activity's or the workflow's name.</param>
/// <param name="Instance">Names a workflow among those that the run began as parts of itself.</param>
sealed record HistoryEvent(HistoryEventType Type, int Id, DateTimeOffset? Time = null, string? Name = null, JsonElement? Payload = null, string? Instance = null)
{
    /// <summary>Whether it holds what events of its type hold.</summary>
    public bool IsWhole => Type switch
    {
        HistoryEventType.ExecutionStarted or HistoryEventType.TaskCompleted or HistoryEventType.SubOrchestrationInstanceCompleted => Time.HasValue && Payload.HasValue,
        HistoryEventType.TaskScheduled => Name is not null && Payload.HasValue,
        HistoryEventType.SubOrchestrationInstanceCreated => Name is not null && Payload.HasValue && IsInstance(Instance),
        HistoryEventType.ExecutionCompleted => Payload.HasValue,
        HistoryEventType.TimerCreated or HistoryEventType.TimerFired => Time.HasValue,
        _ => false,
    };

    // It becomes a folder of the journal.
    static bool IsInstance(string? name) => name is not null && RunPaths.IsRunId(name);

    public bool IsDecision => Type is HistoryEventType.TaskScheduled or HistoryEventType.SubOrchestrationInstanceCreated or HistoryEventType.TimerCreated or HistoryEventType.ExecutionCompleted;

    /// <summary>Whether both are the same decision.</summary>
    public bool Equals(HistoryEvent? other) =>
        other is not null && Type == other.Type && Id == other.Id && Time == other.Time && Name == other.Name && Instance == other.Instance && Payload.HasValue == other.Payload.HasValue
        && (!Payload.HasValue || JsonElement.DeepEquals(Payload.Value, other.Payload!.Value));

    public override int GetHashCode() => HashCode.Combine(Type, Id, Time, Name);

    public override string ToString() => $"{Type} {Id}{(Name is null ? "" : " " + Name)}{(Instance is null ? "" : " " + Instance)}{(Time is null ? "" : $" at {Time:O}")}{(Payload is { } payload ? " " + payload.GetRawText() : "")}";
}

/// <summary>The first line of a journal segment.</summary>
/// <param name="FirstEvent">How many events the segments before it hold.</param>
sealed record SegmentHeader(int Version, int Segment, long FirstEvent)
{
    public const int CurrentVersion = 2;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(HistoryEvent))]
[JsonSerializable(typeof(SegmentHeader))]
sealed partial class JournalJson : JsonSerializerContext;
