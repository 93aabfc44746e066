using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.DurableTask;

namespace Fanfold.Functions;

/// <summary>What became of an activity that threw, as far as Durable tells: a type's name and a message.</summary>
static class Failures
{
    const int MaxReason = 1000;

    /// <summary>Whether the workflow's own code threw it, so that trying again at once gives the same.</summary>
    public static bool IsOwn(TaskFailureDetails failure) => Any(failure, static type => type.StartsWith("Fanfold.", StringComparison.Ordinal));

    /// <summary>Whether the run can go on later: a store failed that it can't do without, and kept failing.</summary>
    public static bool MayPass(TaskFailureDetails failure) => Any(failure, static type => type == typeof(RunStoppedException).FullName || type == typeof(StorageException).FullName);

    /// <summary>The failure as a run's error.</summary>
    public static RunError Error(TaskFailureDetails failure) => new(
        MayPass(failure) ? "stopped" : Any(failure, static type => type == typeof(RunStateException).FullName) ? "state-corrupt" : "bug",
        Reason(failure) is { Length: <= MaxReason } reason ? reason : Reason(failure)[..MaxReason]);

    /// <summary>The message of the first cause.</summary>
    public static string Reason(TaskFailureDetails failure) => failure.InnerFailure is { } inner ? Reason(inner) : Secrets.Hide(failure.ErrorMessage);

    // A workflow that is a part of another fails with the failure of its activity inside.
    static bool Any(TaskFailureDetails? failure, Func<string, bool> isOfType) => failure is not null && (isOfType(failure.ErrorType) || Any(failure.InnerFailure, isOfType));
}
