using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Triggers;

/// <summary>What became of an object that asks for a run.</summary>
public abstract record TriggerOutcome
{
    /// <summary>The run is there and goes on, or has ended.</summary>
    /// <param name="Again">Whether it is known to have been there before.</param>
    public sealed record Started(string RunId, bool Again) : TriggerOutcome;

    /// <summary>It can't be run as it is; whoever sent it finds the reasons at <paramref name="ErrorPath"/> in the state store.</summary>
    public sealed record Refused(string RunId, string ErrorPath, IReadOnlyList<RunError> Errors) : TriggerOutcome;

    /// <summary>The object is gone, or its folder has no <c>_run.json</c>.</summary>
    public sealed record Nothing : TriggerOutcome;
}
