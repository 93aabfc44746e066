using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fanfold.Workflow.Http;

/// <summary>The routes of the API and what becomes of requests that none of them takes.</summary>
public static class Routes
{
    public static IEndpointRouteBuilder MapFanfold(this IEndpointRouteBuilder routes, ApiContext api)
    {
        routes.MapGet("/api/health", (Delegate)((HttpContext http) => HealthHandlers.GetAsync(http, api)));
        routes.MapGet("/api/runs", (Delegate)((HttpContext http) => RunListHandlers.ListAsync(http, api)));
        routes.MapPost("/api/runs", (Delegate)((HttpContext http) => RunHandlers.PostAsync(http, api)));
        routes.MapGet("/api/runs/{id}", (string id, HttpContext http) => RunHandlers.GetAsync(id, http, api));
        routes.MapPut("/api/runs/{id}", (string id, HttpContext http) => RunHandlers.PutAsync(id, http, api));
        routes.MapGet("/api/runs/{id}/plan", (string id, HttpContext http) => PlanHandlers.GetAsync(id, http, api));
        routes.MapGet("/api/runs/{id}/events", (string id, HttpContext http) => EventHandlers.GetAsync(id, http, api));
        routes.MapGet("/api/runs/{id}/result", (string id, HttpContext http) => ResultHandlers.GetAsync(id, http, api));
        routes.MapGet("/api/runs/{id}/partitions", (string id, HttpContext http) => PartitionHandlers.ListAsync(id, http, api));
        routes.MapPost("/api/runs/{id}/cancel", (string id, HttpContext http) => RunHandlers.CancelAsync(id, http, api));
        routes.MapPost("/api/runs/{id}/redrive", (string id, HttpContext http) => RunHandlers.RedriveAsync(id, http, api));
        routes.MapPost("/api/plans", (Delegate)((HttpContext http) => PlanHandlers.PostAsync(http, api)));
        return routes;
    }

    /// <summary>Gives every answer without content that is an error, and every exception, the form of a <see cref="Problem"/>.</summary>
    /// <param name="onBug">Told of exceptions that are defects.</param>
    public static IApplicationBuilder UseProblems(this IApplicationBuilder app, Action<HttpContext, Exception> onBug) => app.Use(async (http, next) =>
    {
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.StatusCode >= StatusCodes.Status400BadRequest && http.Response.ContentLength is null) await Problem.OfStatus(http.Response.StatusCode).ExecuteAsync(http);
        }
        // Nobody is left to hear it.
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested) { }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            var problem = Problem.Of(failure);
            if (problem.Status == StatusCodes.Status500InternalServerError) onBug(http, failure);
            http.Response.Clear();
            await problem.ExecuteAsync(http);
        }
    });
}
