using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>Input of an orchestration and of <c>PlanRun</c>. The spec itself lies in the run's state.</summary>
/// <param name="Fresh">Recompute everything; nothing from earlier runs or caches is reused.</param>
public sealed record RunRequest(string RunId, bool Fresh);

/// <summary>What the orchestration needs of a plan; the plan itself stays in the store.</summary>
/// <param name="Errors">Why there is no plan: the first few. All of them are in the run's state.</param>
public sealed record PlanReference(
    int Tasks, int Parallel, int Retries, long ToleratedFailures, string Strategy, IReadOnlyList<RunError>? Errors = null);

/// <param name="Index">The task's position in the plan.</param>
/// <param name="Attempt">From 1.</param>
public sealed record TaskRequest(string RunId, int Index, int Attempt);

/// <summary>A task's receipt as the orchestration sees it: sums and the outcome; details are in the store.</summary>
public sealed record TaskResult(TaskOutcome Outcome, bool Empty, long RowsDecoded, long BytesRead, long PeakMemory, double? RetryAfterSeconds = null);

/// <summary>How the tasks of a run ended, by task index for those that failed.</summary>
public sealed record FinishRequest(string RunId, DateTimeOffset StartedAt, IReadOnlyList<int> FailedTasks, bool Commit);

/// <summary>The outcome of <c>CombineParts</c>: null when it succeeded.</summary>
public sealed record CombineResult(RunError? Error);
