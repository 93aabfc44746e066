using System.Text.Json;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// A run: plan, fan out over lanes, combine, commit. Its code is run again from the start whenever its history is replayed, so it decides
/// only by what the context gives it.
/// </summary>
public static class RunOrchestration
{
    /// <summary>The tasks of one workflow. More of them are done by workflows of their own, one after another, since each step of a workflow may replay all of it.</summary>
    public const int TasksOfOne = 500;

    public static readonly Workflow<RunRequest, RunEnd> Run = new(nameof(Run), WorkflowJson.Default.RunRequest, WorkflowJson.Default.RunEnd, RunAsync);
    public static readonly Workflow<RunRequest, DriveStep> Drive = new(nameof(Drive), WorkflowJson.Default.RunRequest, WorkflowJson.Default.DriveStep, DriveAsync);
    public static readonly Workflow<ChunkRequest, ChunkResult> RunTasks = new(nameof(RunTasks), WorkflowJson.Default.ChunkRequest, WorkflowJson.Default.ChunkResult, RunTasksAsync);

    /// <summary>Runs a workflow by its name, with payloads as a history holds them.</summary>
    public static Task<JsonElement> InvokeAsync(string name, WorkflowContext context, JsonElement input) => name switch
    {
        nameof(Run) => Run.InvokeAsync(context, input),
        nameof(Drive) => Drive.InvokeAsync(context, input),
        nameof(RunTasks) => RunTasks.InvokeAsync(context, input),
        _ => throw new ArgumentException($"no workflow is named '{name}'", nameof(name)),
    };

    /// <summary>A run, and its record around it, where the host's engine and not a process drives it.</summary>
    static async Task<DriveStep> DriveAsync(WorkflowContext context, RunRequest request)
    {
        if (await context.CallActivityAsync(RunActivities.BeginDrive, request) is { Ended: true } over) return over;
        var end = await RunAsync(context, request);
        return await context.CallActivityAsync(RunActivities.EndDrive, new DriveEnd(request.RunId, end) { Redrive = request.Redrive });
    }

    public static async Task<RunEnd> RunAsync(WorkflowContext context, RunRequest request)
    {
        var startedAt = request.StartedAt ?? context.UtcNow;
        context.ReportProgress(new RunProgress("planning", 0, 0, 0, 0, 0));
        var plan = await Retries.RunAsync(context, attempt => context.CallActivityAsync(RunActivities.PlanRun, new PlanRequest(request.RunId, attempt) { Redrive = request.Redrive, StartedAt = startedAt, Fresh = request.Fresh }),
            plan => new Tried(plan.Outcome, plan.Retries, plan.Stop) { Deadline = startedAt + plan.RunTimeout });
        var run = request with { Deadline = startedAt + plan.RunTimeout };
        var fanOut = new FanOut(context, run, plan, new RunProgress("running", plan.Tasks, plan.Tasks - plan.OpenTasks, 0, 0, 0)) { Stop = plan.Stop };
        if (plan.Errors is null) await RunTasksAsync(context, run, plan, fanOut);
        var commit = plan.Errors is null && await CombineAsync(context, run, plan, fanOut);
        var finish = new FinishRequest(request.RunId, startedAt, fanOut.Failed, commit) { Redrive = request.Redrive, Stop = fanOut.Stop };
        context.ReportProgress(fanOut.Progress with { Phase = finish.Commit ? "committing" : "ending" });
        var end = await context.CallActivityAsync(RunActivities.CommitRun, finish);
        if (end.Status is RunStatus.Succeeded or RunStatus.SucceededWithFailures) await context.CallActivityAsync(RunActivities.CleanUp, request);
        return end;
    }

    /// <summary>The workflow of some of a run's tasks.</summary>
    static async Task<ChunkResult> RunTasksAsync(WorkflowContext context, ChunkRequest request)
    {
        var fanOut = new FanOut(context, request, request.Plan, request.Progress);
        await fanOut.RunAsync(request.Plan.OpenIndexes());
        return new ChunkResult(fanOut.Progress, fanOut.Stop, [.. fanOut.Alone]);
    }

    static async Task RunTasksAsync(WorkflowContext context, RunRequest run, PlanReference plan, FanOut fanOut)
    {
        var chunks = plan.OpenIndexes().Chunk(TasksOfOne).ToList();
        if (chunks.Count == 1) await fanOut.RunAsync(chunks[0]);
        for (var chunk = 0; chunks.Count > 1 && chunk < chunks.Count && fanOut.GoesOn; chunk++)
        {
            var part = new ChunkRequest(run.RunId, plan with { Open = TaskRange.Of(chunks[chunk]) }, fanOut.Progress) { Redrive = run.Redrive, Deadline = run.Deadline };
            fanOut.Add(await context.CallSubWorkflowAsync(RunTasks, part, $"tasks-{chunk:D4}"));
        }
        await fanOut.RunAloneAsync();
    }

    /// <summary>Whether there is a result to commit.</summary>
    static async Task<bool> CombineAsync(WorkflowContext context, RunRequest run, PlanReference plan, FanOut fanOut)
    {
        for (var round = 0; fanOut.Combines; round++)
        {
            context.ReportProgress(fanOut.Progress with { Phase = "combining" });
            var combined = await Retries.RunAsync(context,
                attempt => context.CallActivityAsync(RunActivities.CombineParts, new CombineRequest(run.RunId, fanOut.Failed, attempt) { Redrive = run.Redrive, Deadline = run.Deadline }),
                combined => new Tried(combined.Outcome, plan.Retries, combined.Stop) { Deadline = run.Deadline });
            fanOut.Stop = combined.Stop;
            if (combined.Lost is not { } lost || round > plan.Retries) return combined.Outcome == TaskOutcome.Done;
            await fanOut.RunAgainAsync(lost);
            await fanOut.RunAloneAsync();
        }
        return false;
    }
}
