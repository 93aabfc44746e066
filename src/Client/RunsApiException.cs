using System.Net;

namespace Fanfold.Client;

/// <summary>The API refused a request or could not do it. The message says what was wrong and, where that is known, what to do.</summary>
public sealed class RunsApiException : Exception
{
    internal RunsApiException(HttpStatusCode status, Problem problem, TimeSpan? retryAfter) : base(Text(status, problem)) =>
        (Status, Code, Detail, Hint, TraceId, Errors, RetryAfter) = (status, problem.Code ?? $"http-{(int)status}", problem.Detail ?? Text(status, problem), problem.Hint, problem.TraceId, problem.Errors ?? [], retryAfter);

    public HttpStatusCode Status { get; }

    /// <summary>Stable, in kebab-case; <c>http-NNN</c> where something before the API answered.</summary>
    public string Code { get; }

    public string Detail { get; }

    /// <summary>What to do about it; null where the detail says it.</summary>
    public string? Hint { get; }

    /// <summary>Names the request in the host's traces and logs.</summary>
    public string? TraceId { get; }

    /// <summary>All the reasons, with JSON pointers into the spec, where there may be several.</summary>
    public IReadOnlyList<RunError> Errors { get; }

    /// <summary>When the host asks to be asked again.</summary>
    public TimeSpan? RetryAfter { get; }

    static string Text(HttpStatusCode status, Problem problem)
    {
        var said = problem.Detail ?? $"The host answered {(int)status} {problem.Title ?? status.ToString()}.";
        var reasons = string.Concat((problem.Errors ?? []).Select(error => $" {(error.Pointer is { } pointer ? pointer + ": " : "")}{error.Message}"));
        return said + reasons + (problem.Hint is { } hint ? " " + hint : "");
    }
}
