namespace Fanfold.Engine;

/// <summary>The work needs more memory than it may have: the outcome <c>memory</c>, never a defect of the data.</summary>
/// <param name="needed">What the task's account would have to hold together, in bytes, where that is known; else 0.</param>
public class MemoryExceededException(string message, long needed = 0) : Exception(message)
{
    public long Needed { get; } = needed;
}
