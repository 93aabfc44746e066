using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary>Shows what a run does, or would do.</summary>
public static class PlanHandlers
{
    /// <summary>Dry runs of one host.</summary>
    internal const int AtOnce = 2;

    /// <summary><c>GET /api/runs/{id}/plan</c>: that of the run's last drive.</summary>
    public static async Task<IResult> GetAsync(string id, HttpContext http, ApiContext api)
    {
        if (!RunPaths.IsRunId(id)) return RunHandlers.InvalidId();
        var aborted = http.RequestAborted;
        if (await RunStarter.ReadRecordAsync(api.State, id, api.Time, aborted) is not { } record || await RunStarter.ReadSpecAsync(api.State, id, aborted) is not { } spec) return Problem.NotFound(id);
        var plans = new PlanStore(api.State, new RunPaths(id, record.Redrive));
        if (await plans.ReadHeaderAsync(aborted) is { } header) return Answer.Versioned(PlanDocument.Of(header, await plans.ReadSlicesAsync(header, aborted), spec), WorkflowJson.Default.PlanDocument);
        if (record.Summary is null) http.Response.Headers.RetryAfter = RunHandlers.RetryAfterSeconds;
        return new Problem(StatusCodes.Status404NotFound, "not-planned", $"The run '{id}' has no plan.", $"GET /api/runs/{id} shows whether it is still to be planned, or why it could not be.");
    }

    /// <summary><c>POST /api/plans</c>: plans a spec and runs nothing.</summary>
    public static async Task<IResult> PostAsync(HttpContext http, ApiContext api)
    {
        var aborted = http.RequestAborted;
        var (spec, refusal) = await SpecBody.ReadAsync(http.Request, aborted);
        if (spec is null) return refusal!;
        if (!await api.DryRuns.TryTakeAsync(api.Time, aborted)) return new Problem(StatusCodes.Status503ServiceUnavailable, "busy", $"{AtOnce} specs are being planned.", "Ask again.");
        try
        {
            var (plan, errors) = await DryRun.PlanAsync(spec, api.Data, api.State, api.DataLocation, api.StateLocation, api.Isolation, DryRun.Id(RunHandlers.NewId(api.Time)), aborted);
            return plan is null ? Problem.OfPlan(errors) : Answer.Of(plan, WorkflowJson.Default.PlanDocument);
        }
        finally
        {
            api.DryRuns.Release();
        }
    }
}
