namespace Fanfold.Workflow.Spec;

/// <summary>Collects the errors of one spec, up to a number that bounds the memory a hostile one can take.</summary>
sealed class SpecFaults
{
    public const int Max = 100;

    readonly List<SpecError> _errors = [];

    public IReadOnlyList<SpecError> Errors => _errors;

    /// <summary>Whether further errors are dropped, so that looking for them is wasted work.</summary>
    public bool IsFull => _errors.Count > Max;

    public void Add(string code, JsonPointer at, string message)
    {
        if (_errors.Count < Max) _errors.Add(new SpecError(code, at.ToString(), message));
        else if (_errors.Count == Max)
            _errors.Add(new SpecError(SpecErrorCode.TooManyErrors, "", $"The spec has more errors; these are the first {Max}."));
    }
}
