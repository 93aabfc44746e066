using System.Text.Json;
using System.Text.Json.Serialization;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>What every payload says of the run that it is for.</summary>
public abstract record RunPayload(string RunId)
{
    /// <summary>0 for the first drive, then counted by <c>redrive</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Redrive { get; init; }

    /// <summary>When the run must have ended; null when it may take its time.</summary>
    public DateTimeOffset? Deadline { get; init; }

    [JsonIgnore]
    public RunPaths Paths => new(RunId, Redrive);

    /// <summary>The paths of a payload that is JSON still.</summary>
    public static RunPaths PathsOf(JsonElement payload) => new(payload.GetProperty("runId").GetString()!, payload.TryGetProperty("redrive", out var redrive) ? redrive.GetInt32() : 0);
}

/// <summary>Input of an orchestration. The spec itself lies in the run's state.</summary>
/// <param name="Fresh">Recompute everything; nothing from earlier runs or caches is reused.</param>
public sealed record RunRequest(string RunId, bool Fresh) : RunPayload(RunId)
{
    /// <summary>When the drive began, where it was stopped since; null for now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public DateTimeOffset? StartedAt { get; init; }
}

/// <param name="Attempt">From 1.</param>
public sealed record PlanRequest(string RunId, int Attempt) : RunPayload(RunId)
{
    /// <summary>When the drive began; the spec tells how long it may take.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>As <see cref="RunRequest"/> has it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Fresh { get; init; }
}

/// <summary>What the orchestration needs of a plan; the plan itself stays in the store.</summary>
/// <param name="Errors">Why there is no plan: the first few. All of them are in the run's state.</param>
/// <param name="Outcome">How the worker ended that should have found the partitions; done when there was none or it found them.</param>
public sealed record PlanReference(
    int Tasks, int Parallel, int Retries, long ToleratedFailures, string Strategy, IReadOnlyList<RunError>? Errors = null, TaskOutcome Outcome = TaskOutcome.Done)
{
    /// <summary>The tasks that have no receipt of an earlier drive, some others among them where they are too scattered to be told apart; null for all.</summary>
    public IReadOnlyList<TaskRange>? Open { get; init; }

    /// <summary>Within which the run must end; null when it may take its time.</summary>
    public TimeSpan? RunTimeout { get; init; }

    /// <summary>What ended the planning though nothing was wrong with it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RunStop Stop { get; init; }

    [JsonIgnore]
    public int OpenTasks => Open?.Sum(range => range.To - range.From) ?? Tasks;

    /// <summary>The open tasks by their positions in the plan.</summary>
    public IReadOnlyList<int> OpenIndexes() => [.. (Open ?? [new TaskRange(0, Tasks)]).SelectMany(range => Enumerable.Range(range.From, range.To - range.From))];
}

/// <param name="Index">The task's position in the plan.</param>
/// <param name="Attempt">From 1.</param>
/// <param name="Piece">What to do of it; null for the whole.</param>
/// <param name="Alone">Whether nothing else runs, so that the task may have all the memory that the host allows.</param>
public sealed record TaskRequest(
    string RunId, int Index, int Attempt, TaskPiece? Piece = null, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Alone = false) : RunPayload(RunId);

/// <summary>A task's receipt as the orchestration sees it: sums and the outcome; details are in the store.</summary>
/// <param name="Pieces">What must be done in its place, in this order, before its pieces can be merged; null where nothing follows.</param>
/// <param name="Alone">Whether the task may succeed when it runs alone.</param>
public sealed record TaskResult(
    TaskOutcome Outcome, bool Empty, long RowsDecoded, long BytesRead, long PeakMemory, double? RetryAfterSeconds = null,
    IReadOnlyList<TaskPiece>? Pieces = null, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Alone = false)
{
    /// <summary>What ended it though nothing was wrong with the task.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RunStop Stop { get; init; }
}

/// <summary>The pieces of a split task are done.</summary>
/// <param name="Index">The task's position in the plan.</param>
/// <param name="Attempt">From 1.</param>
public sealed record MergeRequest(string RunId, int Index, int Attempt) : RunPayload(RunId);

/// <param name="FailedTasks">How many were tolerated; which and why is in the run's state.</param>
/// <param name="Attempt">From 1.</param>
public sealed record CombineRequest(string RunId, int FailedTasks, int Attempt) : RunPayload(RunId);

/// <summary>How combining the parts ended; why it failed is in the run's state.</summary>
/// <param name="Lost">Tasks that must run again, since the store lost what they made: the first few.</param>
public sealed record CombineResult(TaskOutcome Outcome, IReadOnlyList<int>? Lost = null)
{
    /// <summary>What ended it though nothing was wrong with the parts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RunStop Stop { get; init; }
}

/// <param name="FailedTasks">How many; which and why is in the run's state.</param>
public sealed record FinishRequest(string RunId, DateTimeOffset StartedAt, int FailedTasks, bool Commit) : RunPayload(RunId)
{
    /// <summary>What stopped the run before its tasks were through.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RunStop Stop { get; init; }
}

/// <summary>Some of a plan's tasks, in a workflow of their own.</summary>
/// <param name="Plan">What holds for them; its open tasks are these.</param>
/// <param name="Progress">Where the run stands when they begin.</param>
public sealed record ChunkRequest(string RunId, PlanReference Plan, RunProgress Progress) : RunPayload(RunId);

/// <param name="Progress">Where the run stands when they are through.</param>
/// <param name="Alone">Tasks that may succeed when nothing else runs.</param>
public sealed record ChunkResult(RunProgress Progress, RunStop Stop, IReadOnlyList<int> Alone);

/// <summary>Whether a drive commits, once its tasks are done and its parts combined.</summary>
/// <param name="Stop">What keeps it from that.</param>
public sealed record CommitDecision(RunStop Stop)
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
}

/// <summary>What a drive has committed: the result at its output is the run's own as long as it is this one.</summary>
/// <param name="Hash">As <see cref="ManifestResult"/> has it.</param>
public sealed record CommittedResult(string Hash)
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
}

/// <summary>What stops a run whose tasks could go on.</summary>
public enum RunStop { None, Cancelled, Deadline }

/// <summary>How a run ended. The whole outcome is in the run's state.</summary>
/// <param name="Hash">SHA-256 of the record there, lower-case hex.</param>
public sealed record RunEnd(RunStatus Status, string Hash);
