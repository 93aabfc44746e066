using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost;

/// <summary>Drives one run within this process's lifetime: activities on the thread pool, the orchestration one step at a time.</summary>
sealed class LocalEngine(RunActivities activities, TimeProvider time, Action<RunProgress> onProgress)
{
    public Task<RunSummary> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        // Awaits in the orchestration resume on the scheduler they began on, and this one runs a single task at a time.
        var steps = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        var context = new Context(request.RunId, activities, time, onProgress, cancellationToken);
        return Task.Factory.StartNew(() => RunOrchestration.RunAsync(context, request), cancellationToken, TaskCreationOptions.None, steps).Unwrap();
    }

    sealed class Context(string runId, RunActivities activities, TimeProvider time, Action<RunProgress> onProgress, CancellationToken cancellationToken) : WorkflowContext
    {
        public override string RunId => runId;

        public override DateTimeOffset UtcNow => time.GetUtcNow();

        public override async Task<TResult> CallActivityAsync<TInput, TResult>(Activity<TInput, TResult> activity, TInput input)
        {
            object result = input switch
            {
                RunRequest request when activity.Name == nameof(RunActivities.PlanRun) => await Task.Run(() => activities.PlanRunAsync(request, cancellationToken), cancellationToken),
                TaskRequest request => await Task.Run(() => activities.ReduceTaskAsync(request, cancellationToken), cancellationToken),
                FinishRequest request when activity.Name == nameof(RunActivities.CombineParts) => await Task.Run(() => activities.CombinePartsAsync(request, cancellationToken), cancellationToken),
                FinishRequest request => await Task.Run(() => activities.CommitRunAsync(request, cancellationToken), cancellationToken),
                RunRequest request => await Task.Run(() => activities.CleanUpAsync(request, cancellationToken), cancellationToken),
                _ => throw new InvalidOperationException($"no activity '{activity.Name}'"),
            };
            cancellationToken.ThrowIfCancellationRequested();
            return (TResult)result;
        }

        public override Task CreateTimerAsync(DateTimeOffset due)
        {
            var delay = due - time.GetUtcNow();
            return delay > TimeSpan.Zero ? Task.Delay(delay, time, cancellationToken) : Task.CompletedTask;
        }

        public override void ReportProgress(RunProgress progress) => onProgress(progress);
    }
}
