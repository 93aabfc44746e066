using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// A run: plan, fan out over lanes, combine, commit. Its code is run again from the start whenever its history is replayed, so it decides
/// only by what the context gives it.
/// </summary>
public static class RunOrchestration
{
    static readonly TimeSpan FirstRetryDelay = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MaxRetryDelay = TimeSpan.FromMinutes(1);

    public static async Task<RunSummary> RunAsync(WorkflowContext context, RunRequest request)
    {
        var startedAt = context.UtcNow;
        context.ReportProgress(new RunProgress("planning", 0, 0, 0, 0, 0));
        var plan = await context.CallActivityAsync(RunActivities.PlanRun, request);
        var fanOut = new FanOut(context, request.RunId, plan);
        if (plan.Errors is null) await fanOut.RunAsync();
        var failed = fanOut.FailedTasks;
        var finish = new FinishRequest(request.RunId, startedAt, failed, Commit: plan.Errors is null && failed.Count <= plan.ToleratedFailures);
        if (finish.Commit)
        {
            context.ReportProgress(fanOut.Progress with { Phase = "combining" });
            var combined = await context.CallActivityAsync(RunActivities.CombineParts, finish);
            if (combined.Error is not null) finish = finish with { Commit = false };
        }
        context.ReportProgress(fanOut.Progress with { Phase = finish.Commit ? "committing" : "ending" });
        var summary = await context.CallActivityAsync(RunActivities.CommitRun, finish);
        if (summary.Status is RunStatus.Succeeded or RunStatus.SucceededWithFailures) await context.CallActivityAsync(RunActivities.CleanUp, request);
        return summary;
    }

    /// <summary>The tasks of a plan over <c>parallel</c> lanes, each taking the next one.</summary>
    sealed class FanOut(WorkflowContext context, string runId, PlanReference plan)
    {
        readonly List<int> _failed = [];
        int _next;

        public RunProgress Progress { get; private set; } = new("running", plan.Tasks, 0, 0, 0, 0);

        /// <summary>Ascending.</summary>
        public IReadOnlyList<int> FailedTasks => [.. _failed.Order()];

        public Task RunAsync()
        {
            context.ReportProgress(Progress);
            return Task.WhenAll(Enumerable.Range(0, Math.Min(plan.Parallel, plan.Tasks)).Select(_ => RunLaneAsync()));
        }

        async Task RunLaneAsync()
        {
            // Once more has failed than the spec tolerates, tasks that have not begun would be wasted.
            while (_next < plan.Tasks && _failed.Count <= plan.ToleratedFailures)
            {
                var index = _next++;
                var result = await RunTaskAsync(index);
                if (result.Outcome != TaskOutcome.Done) _failed.Add(index);
                Progress = Progress with
                {
                    TasksDone = Progress.TasksDone + 1,
                    TasksFailed = _failed.Count,
                    BytesRead = Progress.BytesRead + result.BytesRead,
                    RowsDecoded = Progress.RowsDecoded + result.RowsDecoded,
                };
                context.ReportProgress(Progress);
            }
        }

        async Task<TaskResult> RunTaskAsync(int index)
        {
            for (var attempt = 1; ; attempt++)
            {
                var result = await context.CallActivityAsync(RunActivities.ReduceTask, new TaskRequest(runId, index, attempt));
                if (!IsRetryable(result.Outcome) || attempt > plan.Retries) return result;
                await context.CreateTimerAsync(context.UtcNow + Delay(attempt, result.RetryAfterSeconds));
            }
        }

        // Another try can't change what the data, the code or the rights are.
        static bool IsRetryable(TaskOutcome outcome) => outcome is TaskOutcome.Throttled or TaskOutcome.Transient or TaskOutcome.Deadline;

        static TimeSpan Delay(int attempt, double? retryAfterSeconds)
        {
            var exponential = TimeSpan.FromTicks(Math.Min(MaxRetryDelay.Ticks, FirstRetryDelay.Ticks << Math.Min(attempt - 1, 16)));
            return retryAfterSeconds is { } seconds && TimeSpan.FromSeconds(seconds) > exponential ? TimeSpan.FromSeconds(seconds) : exponential;
        }
    }
}
