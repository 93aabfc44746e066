using System.Diagnostics.CodeAnalysis;

namespace Fanfold.Workflow.Spec;

/// <summary>One reason why a spec is refused.</summary>
/// <param name="Code">Stable; one of <see cref="SpecErrorCode"/>.</param>
/// <param name="Pointer">RFC 6901, to the value at fault; for a missing field, to where it belongs.</param>
/// <param name="Message">What is wrong and what to write instead; text quoted from the spec is clipped and has no control characters.</param>
public sealed record SpecError(string Code, string Pointer, string Message);

/// <summary>A spec, or all the reasons why there is none.</summary>
public sealed class SpecResult
{
    SpecResult(RunSpec? spec, IReadOnlyList<SpecError> errors) => (Spec, Errors) = (spec, errors);

    /// <summary>Null exactly when there are errors.</summary>
    public RunSpec? Spec { get; }

    public IReadOnlyList<SpecError> Errors { get; }

    [MemberNotNullWhen(true, nameof(Spec))]
    public bool IsValid => Spec is not null;

    internal static SpecResult Accepted(RunSpec spec) => new(spec, []);

    internal static SpecResult Refused(IReadOnlyList<SpecError> errors) => new(null, errors);
}
