using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost;

/// <summary>The exit codes of the command; part of its contract.</summary>
static class ExitCode
{
    public const int Succeeded = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int SucceededWithFailures = 3;
    public const int NotFound = 4;
    public const int AccessDenied = 5;
    public const int StorageUnreachable = 6;
    public const int TimedOut = 7;
    public const int Conflict = 8;
    public const int Interrupted = 130;

    public static int Of(RunSummary summary) => summary.Status switch
    {
        RunStatus.Succeeded => Succeeded,
        RunStatus.SucceededWithFailures => SucceededWithFailures,
        _ => Of(summary.Errors ?? []),
    };

    /// <summary>The code of the first error that has one of its own; a spec refused for what the source holds is a refused spec.</summary>
    public static int Of(IReadOnlyList<RunError> errors)
    {
        foreach (var error in errors)
        {
            switch (error.Code)
            {
                // Whatever tasks said before they were stopped.
                case "cancelled" or "run-deadline": return Failed;
                case "source-not-found" or "store-not-found" or "no-parquet-files" or "run-not-found" or "file-not-found" or "no-result" or "result-replaced": return NotFound;
                case "access-denied": return AccessDenied;
                case "storage-unreachable" or "throttled" or "endpoint-unreachable": return StorageUnreachable;
                case "interrupted": return Interrupted;
                case "wait-timed-out": return TimedOut;
                case "usage" or "invalid-query": return Usage;
                case "output-conflict" or "run-id-conflict" or "run-finished": return Conflict;
            }
        }
        return errors.Count > 0 && errors.All(error => error.Pointer is not null) ? Usage : Failed;
    }

    public static int Of(StorageException failure) => Of([RunActivities.StorageError(failure)]);
}
