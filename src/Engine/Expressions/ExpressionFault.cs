namespace Fanfold.Engine.Expressions;

/// <summary>A defect of an expression's text.</summary>
/// <param name="Code">One of <see cref="FaultCode"/>; stable, for programs.</param>
/// <param name="Position">Index of the first faulty UTF-16 unit in the text, from 0; the text's length at its end.</param>
/// <param name="Length">Faulty units; 0 where something is missing.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record ExpressionFault(string Code, int Position, int Length, string Message);

/// <summary>The values of <see cref="ExpressionFault.Code"/>.</summary>
public static class FaultCode
{
    /// <summary>The text is no expression.</summary>
    public const string Syntax = "syntax";
    /// <summary>Too long, too deep, or a list of too many values.</summary>
    public const string Limit = "limit";
    public const string UnknownColumn = "unknown-column";
    public const string UnknownFunction = "unknown-function";
    /// <summary>Operands whose types don't go together, or a type that the place doesn't take.</summary>
    public const string Type = "type";
    /// <summary>A literal that can't be read as the type it must have.</summary>
    public const string Value = "value";
    /// <summary>An aggregate inside a row expression, or none where one must stand.</summary>
    public const string Aggregate = "aggregate";
}

/// <summary>A value, or every fault that stands in its way.</summary>
/// <param name="Value">Null exactly when there are faults.</param>
/// <param name="Faults">In the order of their positions; empty when there is a value.</param>
public readonly record struct Checked<T>(T? Value, IReadOnlyList<ExpressionFault> Faults) where T : class
{
    public bool IsValid => Value is not null;
}
