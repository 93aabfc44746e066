using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// A run: plan, fan out over lanes, combine, commit. Its code is run again from the start whenever its history is replayed, so it decides
/// only by what the context gives it.
/// </summary>
public static class RunOrchestration
{
    public static async Task<RunEnd> RunAsync(WorkflowContext context, RunRequest request)
    {
        var startedAt = context.UtcNow;
        context.ReportProgress(new RunProgress("planning", 0, 0, 0, 0, 0));
        var plan = await Retries.RunAsync(context, attempt => context.CallActivityAsync(RunActivities.PlanRun, new PlanRequest(request.RunId, attempt)),
            static plan => new Tried(plan.Outcome, plan.Retries));
        var fanOut = new FanOut(context, request.RunId, plan);
        if (plan.Errors is null) await fanOut.RunAsync([.. Enumerable.Range(0, plan.Tasks)]);
        var commit = plan.Errors is null && await CombineAsync(context, request.RunId, plan, fanOut);
        var finish = new FinishRequest(request.RunId, startedAt, fanOut.Failed, commit);
        context.ReportProgress(fanOut.Progress with { Phase = finish.Commit ? "committing" : "ending" });
        var end = await context.CallActivityAsync(RunActivities.CommitRun, finish);
        if (end.Status is RunStatus.Succeeded or RunStatus.SucceededWithFailures) await context.CallActivityAsync(RunActivities.CleanUp, request);
        return end;
    }

    /// <summary>Whether there is a result to commit.</summary>
    static async Task<bool> CombineAsync(WorkflowContext context, string runId, PlanReference plan, FanOut fanOut)
    {
        for (var round = 0; fanOut.Failed <= plan.ToleratedFailures; round++)
        {
            context.ReportProgress(fanOut.Progress with { Phase = "combining" });
            var combined = await Retries.RunAsync(context, attempt => context.CallActivityAsync(RunActivities.CombineParts, new CombineRequest(runId, fanOut.Failed, attempt)),
                combined => new Tried(combined.Outcome, plan.Retries));
            if (combined.Lost is not { } lost || round > plan.Retries) return combined.Outcome == TaskOutcome.Done;
            await fanOut.RunAgainAsync(lost);
        }
        return false;
    }
}
