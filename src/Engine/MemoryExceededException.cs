namespace Fanfold.Engine;

/// <summary>The work needs more memory than it may have: the outcome <c>memory</c>, never a defect of the data.</summary>
public sealed class MemoryExceededException(string message) : Exception(message);
