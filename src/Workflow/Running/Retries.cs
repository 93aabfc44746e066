using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>How a try of an activity ended.</summary>
/// <param name="Retries">How often it may be tried again in all.</param>
/// <param name="Stop">What allows no other try.</param>
readonly record struct Tried(TaskOutcome Outcome, int Retries, RunStop Stop, double? RetryAfterSeconds = null)
{
    /// <summary>When the next try begins at the latest, which ends at once then; null when it may wait.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>Tries again what another try can mend, after timers that grow.</summary>
static class Retries
{
    static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(1);

    // No store asks for more than a day; what does is damaged.
    const double MostSeconds = 86_400;

    /// <param name="attempt">Given the number of the try, from 1.</param>
    public static async Task<TResult> RunAsync<TResult>(WorkflowContext context, Func<int, Task<TResult>> attempt, Func<TResult, Tried> tell)
    {
        for (var number = 1; ; number++)
        {
            var result = await attempt(number);
            var tried = tell(result);
            if (!IsRetryable(tried.Outcome) || tried.Stop != RunStop.None || number > tried.Retries) return result;
            var next = context.UtcNow + Delay(number, tried.RetryAfterSeconds);
            await context.CreateTimerAsync(tried.Deadline < next ? tried.Deadline.Value : next);
        }
    }

    // Another try can't change what the data, the code or the rights are.
    static bool IsRetryable(TaskOutcome outcome) => outcome is TaskOutcome.Deadline || IsPassing(outcome);

    /// <summary>Whether the cause lies outside the run and may be gone later.</summary>
    public static bool IsPassing(TaskOutcome outcome) => outcome is TaskOutcome.Throttled or TaskOutcome.Transient;

    /// <summary>Whether a worker failed, and not what it works on or with: then another process may succeed, and where none does, the work has failed.</summary>
    public static bool IsOfWorker(string code) => code is "worker-died" or "worker-unreadable";

    static TimeSpan Delay(int attempt, double? retryAfterSeconds)
    {
        var exponential = TimeSpan.FromTicks(Math.Min(MaxDelay.Ticks, FirstDelay.Ticks << Math.Min(attempt - 1, 16)));
        return retryAfterSeconds is { } seconds && seconds > exponential.TotalSeconds ? TimeSpan.FromSeconds(Math.Min(seconds, MostSeconds)) : exponential;
    }
}

/// <summary>
/// What a run can't do without failed for a cause that may pass, and kept failing. The run stays as it is: driven again, it tries once more.
/// </summary>
public sealed class RunStoppedException(RunError error) : Exception(error.Message)
{
    public RunError Error { get; } = error;
}
