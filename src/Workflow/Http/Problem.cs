using System.Diagnostics;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Fanfold.Workflow.Http;

/// <summary>A refusal or failure as RFC 9457 has it, without secrets.</summary>
/// <param name="Code">Stable, in kebab-case.</param>
/// <param name="Hint">What to do about it; null where the detail says it.</param>
/// <param name="Errors">All the reasons, where there may be several.</param>
public sealed record Problem(int Status, string Code, string Detail, string? Hint = null, IReadOnlyList<RunError>? Errors = null) : IResult
{
    const string StoreHint = "GET /api/health shows which store it is.";

    internal const string Bug = "bug";

    const string RetryAfterSeconds = "5";

    public string Title => ReasonPhrases.GetReasonPhrase(Status);

    /// <summary>Names the request in traces and logs; set when the answer is written.</summary>
    public string? TraceId { get; private init; }

    public static Problem Of(SpecResult refused) => refused.Errors is [{ Code: SpecErrorCode.TooLarge, Pointer: "", Message: var tooLarge }]
        ? new(StatusCodes.Status413PayloadTooLarge, SpecErrorCode.TooLarge, tooLarge)
        : Refused([.. refused.Errors.Select(error => new RunError(error.Code, error.Message, Pointer: error.Pointer))]);

    /// <summary>Why a spec can't be planned.</summary>
    internal static Problem OfPlan(IReadOnlyList<RunError> errors) =>
        errors.All(error => error.Pointer is not null) ? Refused(errors)
        : errors[0].Code is "access-denied" or "storage-unreachable" or "store-not-found" ? new(StatusCodes.Status503ServiceUnavailable, errors[0].Code, errors[0].Message, StoreHint)
        : errors[0].Code is "storage-full" ? new(StatusCodes.Status507InsufficientStorage, errors[0].Code, errors[0].Message, StoreHint)
        : new(StatusCodes.Status422UnprocessableEntity, "source-refused", errors[0].Message, "Correct or exclude the files that errors names.", errors);

    static Problem Refused(IReadOnlyList<RunError> errors) =>
        new(StatusCodes.Status400BadRequest, "spec-refused", "The spec was refused; errors has every reason.", "Correct the values that the pointers name, and send it again.", errors);

    public static Problem NotFound(string runId) => new(StatusCodes.Status404NotFound, "run-not-found", $"There is no run '{runId}'.", "GET /api/runs lists the runs that are there.");

    public static Problem Of(Exception failure) => failure switch
    {
        StorageException storage => Of(storage),
        RunStateException state => new(StatusCodes.Status409Conflict, state.Code, state.Message),
        BadHttpRequestException request => OfStatus(request.StatusCode),
        _ => new(StatusCodes.Status500InternalServerError, "bug", "This is a defect of fanfold.", "Please report it with the trace id and what the host logged."),
    };

    /// <summary>What a server says of a request that has reached no handler.</summary>
    public static Problem OfStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => new(status, "route-not-found", "There is nothing at this address.", "The routes begin with /api/runs, /api/plans and /api/health; the page of all runs is at /."),
        StatusCodes.Status405MethodNotAllowed => new(status, "method-not-allowed", "This address does not take this method.", "The header Allow names those that it takes."),
        StatusCodes.Status408RequestTimeout => new(status, "request-timeout", "The body did not come in time."),
        StatusCodes.Status413PayloadTooLarge => new(status, SpecErrorCode.TooLarge, $"The body has more than {SpecParser.MaxBytes:N0} bytes, the most that are read."),
        _ => new(status, "bad-request", "The request's body can't be read."),
    };

    static Problem Of(StorageException storage)
    {
        var error = RunActivities.StorageError(storage);
        var status = storage.Failure switch
        {
            StorageFailure.AccessDenied or StorageFailure.Unreachable or StorageFailure.Throttled or StorageFailure.NotFound => StatusCodes.Status503ServiceUnavailable,
            StorageFailure.Full => StatusCodes.Status507InsufficientStorage,
            _ => StatusCodes.Status409Conflict,
        };
        return new(status, error.Code, error.Message, StoreHint);
    }

    /// <summary>An error without the secrets that a store, a worker or a caller may have put in.</summary>
    internal static RunError Hidden(RunError error) => error with { Message = Secrets.Hide(error.Message), File = Hidden(error.File), Pointer = Hidden(error.Pointer), Partition = Hidden(error.Partition) };

    internal static string? Hidden(string? text) => text is null ? null : Secrets.Hide(text);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var shown = this with
        {
            Detail = Secrets.Hide(Detail),
            Errors = Errors?.Select(Hidden).ToList(),
            TraceId = Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier,
        };
        // For the host's log, which tells of defects.
        httpContext.Features.Set(shown);
        httpContext.Response.Headers["x-ms-error-code"] = Code;
        if (Status == StatusCodes.Status503ServiceUnavailable) httpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
        return Answer.WriteAsync(httpContext, Status, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(shown, ApiJson.Default.Problem));
    }
}
