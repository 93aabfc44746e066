using Fanfold.Workflow.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Fanfold.Functions.Http;

/// <summary>The routes that belong to no run.</summary>
public sealed class AppFunctions(App app)
{
    [Function(nameof(ShowRuns))]
    public Task<IActionResult> ShowRuns([HttpTrigger(AuthorizationLevel.Function, "get", Route = "/")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => PageHandlers.GetAsync(request.HttpContext, api));

    [Function(nameof(PlanSpec))]
    public Task<IActionResult> PlanSpec([HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/plans")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => PlanHandlers.PostAsync(request.HttpContext, api));

    [Function(nameof(GetOpenApi))]
    public Task<IActionResult> GetOpenApi([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/openapi.json")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => OpenApiHandlers.GetAsync(request.HttpContext, api));

    [Function(nameof(GetHealth))]
    public Task<IActionResult> GetHealth([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/health")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        app.AnswerAsync(request, client, api => HealthHandlers.GetAsync(request.HttpContext, api));
}
