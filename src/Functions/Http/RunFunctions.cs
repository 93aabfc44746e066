using Fanfold.Workflow.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Fanfold.Functions.Http;

/// <summary>The routes of runs.</summary>
public sealed class RunFunctions(App app)
{
    [Function(nameof(ShowRun))]
    public Task<IActionResult> ShowRun([HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => PageHandlers.GetAsync(request.HttpContext, api));

    [Function(nameof(ListRuns))]
    public Task<IActionResult> ListRuns([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => RunListHandlers.ListAsync(request.HttpContext, api));

    [Function(nameof(CreateRun))]
    public Task<IActionResult> CreateRun([HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => RunHandlers.PostAsync(request.HttpContext, api));

    [Function(nameof(StartRun))]
    public Task<IActionResult> StartRun([HttpTrigger(AuthorizationLevel.Function, "put", Route = "api/runs/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => RunHandlers.PutAsync(id, request.HttpContext, api));

    [Function(nameof(GetRun))]
    public Task<IActionResult> GetRun([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => RunHandlers.GetAsync(id, request.HttpContext, api));

    [Function(nameof(GetRunPlan))]
    public Task<IActionResult> GetRunPlan([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{id}/plan")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => PlanHandlers.GetAsync(id, request.HttpContext, api));

    [Function(nameof(ListPartitions))]
    public Task<IActionResult> ListPartitions([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{id}/partitions")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => PartitionHandlers.ListAsync(id, request.HttpContext, api));

    [Function(nameof(GetRunEvents))]
    public Task<IActionResult> GetRunEvents([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{id}/events")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        app.AnswerAsync(request, client, api => EventHandlers.GetAsync(id, request.HttpContext, api), cancellationToken);

    [Function(nameof(GetRunResult))]
    public Task<IActionResult> GetRunResult([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{id}/result")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        app.AnswerAsync(request, client, api => ResultHandlers.GetAsync(id, request.HttpContext, api), cancellationToken);

    [Function(nameof(GetRunManifest))]
    public Task<IActionResult> GetRunManifest([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{id}/manifest")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => ResultHandlers.GetManifestAsync(id, request.HttpContext, api));

    [Function(nameof(CancelRun))]
    public Task<IActionResult> CancelRun([HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs/{id}/cancel")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => RunHandlers.CancelAsync(id, request.HttpContext, api));

    [Function(nameof(RedriveRun))]
    public Task<IActionResult> RedriveRun([HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs/{id}/redrive")] HttpRequest request, string id, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => RunHandlers.RedriveAsync(id, request.HttpContext, api));
}
