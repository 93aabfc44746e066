using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Planning;

/// <summary>Why a run can't be planned: all the reasons that one look at the source shows. Stays within planning, whose result is a value.</summary>
sealed class PlanRefusedException(IReadOnlyList<RunError> errors) : Exception(string.Join(Environment.NewLine, errors.Select(error => error.Message)))
{
    public PlanRefusedException(string code, string message, string? file = null, string? pointer = null)
        : this([new RunError(code, message, File: file, Pointer: pointer)])
    {
    }

    public IReadOnlyList<RunError> Errors { get; } = errors;

    /// <summary>How the worker ended that should have found the partitions; done when it is not to blame.</summary>
    public TaskOutcome Outcome { get; init; }
}
