using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary>What becomes of requests that no handler answers well.</summary>
public static class ProblemAnswers
{
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
