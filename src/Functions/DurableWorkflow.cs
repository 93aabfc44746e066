using System.Text.Json;
using Fanfold.Workflow.Running;
using Microsoft.DurableTask;

namespace Fanfold.Functions;

/// <summary>
/// Durable's context as the one that the workflow knows. Payloads travel as the JSON that the workflow itself defines, whatever serializer the app has.
/// </summary>
sealed class DurableWorkflow(TaskOrchestrationContext context, RunPaths paths) : WorkflowContext
{
    // What an activity decides about its own failures is in its result, and the workflow retries by that. This is for hosts that die or are taken away.
    static readonly TaskOptions HostFailures = TaskOptions.FromRetryPolicy(
        new RetryPolicy(10, TimeSpan.FromSeconds(5), 2, TimeSpan.FromMinutes(2)) { HandleFailure = static failure => !Failures.IsOwn(failure) });

    static readonly TimeSpan CancelInterval = TimeSpan.FromSeconds(30);

    Task _showing = Task.CompletedTask;
    RunProgress? _shown;
    DateTimeOffset _shownAt;

    public override string RunId => paths.RunId;

    public override DateTimeOffset UtcNow => new(DateTime.SpecifyKind(context.CurrentUtcDateTime, DateTimeKind.Utc));

    public override async Task<TResult> CallActivityAsync<TInput, TResult>(Activity<TInput, TResult> activity, TInput input) =>
        (await context.CallActivityAsync<JsonElement>(activity.Name, JsonSerializer.SerializeToElement(input, activity.Input), HostFailures)).Deserialize(activity.Result)!;

    public override async Task<TResult> CallSubWorkflowAsync<TInput, TResult>(Workflow<TInput, TResult> workflow, TInput input, string name)
    {
        // An execution that takes the place of one that failed has parts of its own. Its activities have their tries; once they are through, another one of the part makes no difference.
        var instance = new SubOrchestrationOptions(instanceId: $"{context.InstanceId}.{name}.{context.NewGuid():N}");
        return (await context.CallSubOrchestratorAsync<JsonElement>(workflow.Name, JsonSerializer.SerializeToElement(input, workflow.Input), instance)).Deserialize(workflow.Result)!;
    }

    public override async Task CreateTimerAsync(DateTimeOffset due)
    {
        while (due - UtcNow is var left && left > TimeSpan.Zero)
        {
            await context.CreateTimer((UtcNow + (left < CancelInterval ? left : CancelInterval)).UtcDateTime, CancellationToken.None);
            if (left > CancelInterval && await CallActivityAsync(RunActivities.LookForCancel, new RunRequest(RunId, Fresh: false) { Redrive = paths.Redrive }) is { Ended: true }) return;
        }
    }

    public override void ReportProgress(RunProgress progress)
    {
        if (!_showing.IsCompleted || (progress.Phase == _shown?.Phase && UtcNow - _shownAt < RunRecord.HeartbeatInterval)) return;
        (_shown, _shownAt) = (progress, UtcNow);
        _showing = ShowAsync(progress);
    }

    async Task ShowAsync(RunProgress progress)
    {
        try
        {
            await CallActivityAsync(RunActivities.ShowProgress, new DriveProgress(RunId, progress) { Redrive = paths.Redrive });
        }
        catch (TaskFailedException)
        {
            // Progress is a courtesy; what fails here fails the run's own activities too, and they say so.
        }
    }
}
