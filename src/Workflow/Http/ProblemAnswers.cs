using System.Diagnostics;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary>What becomes of requests that no handler answers well.</summary>
public static class ProblemAnswers
{
    /// <summary>
    /// Gives every answer without content that is an error, and every exception, the form of a <see cref="Problem"/>. Each request is a span below that of its caller, and
    /// <see cref="HttpContext.TraceIdentifier"/> is the id of its trace, whether that is recorded or not.
    /// </summary>
    /// <param name="onFailure">Told why an answer has the status 500, or was broken off.</param>
    public static IApplicationBuilder UseProblems(this IApplicationBuilder app, Action<HttpContext, string> onFailure) => app.Use(async (http, next) =>
    {
        ActivityContext.TryParse(http.Request.Headers.TraceParent, http.Request.Headers.TraceState, isRemote: true, out var parent);
        using var span = Telemetry.StartRequest(http.Request.Method, parent);
        http.TraceIdentifier = (span?.TraceId ?? (parent == default ? ActivityTraceId.CreateRandom() : parent.TraceId)).ToHexString();
        try
        {
            await AnswerAsync(http, next, onFailure);
        }
        finally
        {
            Telemetry.Answered(span, http.GetEndpoint()?.Metadata.GetMetadata<Route>()?.Template, http.Response.StatusCode);
        }
    });

    static async Task AnswerAsync(HttpContext http, RequestDelegate next, Action<HttpContext, string> onFailure)
    {
        http.Response.OnStarting(() =>
        {
            // A defect is told of with its exception.
            if (http.Features.Get<Problem>() is { Status: StatusCodes.Status500InternalServerError, Code: not Problem.Bug } told) onFailure(http, $"{told.Code}: {told.Detail}");
            return Task.CompletedTask;
        });
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
            if (problem.Code == Problem.Bug) onFailure(http, failure.ToString());
            http.Response.Clear();
            await problem.ExecuteAsync(http);
        }
        // The server breaks the connection, so that no caller takes a part for the whole.
        catch (Exception failure)
        {
            if (!http.RequestAborted.IsCancellationRequested) onFailure(http, $"the answer was broken off: {failure}");
            throw;
        }
    }
}
