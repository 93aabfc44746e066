namespace Fanfold.Engine.Reduce;

/// <summary>One term of a sort.</summary>
/// <param name="Column">An ordinal of the output columns.</param>
public sealed record SortKey(int Column, bool Descending);
