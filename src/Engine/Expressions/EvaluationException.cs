namespace Fanfold.Engine.Expressions;

/// <summary>A row for which an expression has no value: a result out of its type's range, or a cast of what can't be converted.</summary>
public sealed class EvaluationException(string message) : Exception(message);
