using System.Text.Json.Serialization;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>Input of an orchestration. The spec itself lies in the run's state.</summary>
/// <param name="Fresh">Recompute everything; nothing from earlier runs or caches is reused.</param>
public sealed record RunRequest(string RunId, bool Fresh);

/// <param name="Attempt">From 1.</param>
public sealed record PlanRequest(string RunId, int Attempt);

/// <summary>What the orchestration needs of a plan; the plan itself stays in the store.</summary>
/// <param name="Errors">Why there is no plan: the first few. All of them are in the run's state.</param>
/// <param name="Outcome">How the worker ended that should have found the partitions; done when there was none or it found them.</param>
public sealed record PlanReference(
    int Tasks, int Parallel, int Retries, long ToleratedFailures, string Strategy, IReadOnlyList<RunError>? Errors = null, TaskOutcome Outcome = TaskOutcome.Done);

/// <param name="Index">The task's position in the plan.</param>
/// <param name="Attempt">From 1.</param>
/// <param name="Piece">What to do of it; null for the whole.</param>
/// <param name="Alone">Whether nothing else runs, so that the task may have all the memory that the host allows.</param>
public sealed record TaskRequest(
    string RunId, int Index, int Attempt, TaskPiece? Piece = null, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Alone = false);

/// <summary>A task's receipt as the orchestration sees it: sums and the outcome; details are in the store.</summary>
/// <param name="Pieces">What must be done in its place, in this order, before its pieces can be merged; null where nothing follows.</param>
/// <param name="Alone">Whether the task may succeed when it runs alone.</param>
public sealed record TaskResult(
    TaskOutcome Outcome, bool Empty, long RowsDecoded, long BytesRead, long PeakMemory, double? RetryAfterSeconds = null,
    IReadOnlyList<TaskPiece>? Pieces = null, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Alone = false);

/// <summary>The pieces of a split task are done.</summary>
/// <param name="Index">The task's position in the plan.</param>
/// <param name="Attempt">From 1.</param>
public sealed record MergeRequest(string RunId, int Index, int Attempt);

/// <param name="FailedTasks">How many were tolerated; which and why is in the run's state.</param>
/// <param name="Attempt">From 1.</param>
public sealed record CombineRequest(string RunId, int FailedTasks, int Attempt);

/// <summary>How combining the parts ended; why it failed is in the run's state.</summary>
/// <param name="Lost">Tasks that must run again, since the store lost what they made: the first few.</param>
public sealed record CombineResult(TaskOutcome Outcome, IReadOnlyList<int>? Lost = null);

/// <param name="FailedTasks">How many; which and why is in the run's state.</param>
public sealed record FinishRequest(string RunId, DateTimeOffset StartedAt, int FailedTasks, bool Commit);

/// <summary>How a run ended. The whole outcome is in the run's state.</summary>
/// <param name="Hash">SHA-256 of the record there, lower-case hex.</param>
public sealed record RunEnd(RunStatus Status, string Hash);
