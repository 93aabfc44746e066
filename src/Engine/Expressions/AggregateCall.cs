using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The aggregates, in the order of <see cref="FunctionNames.Aggregates"/>.</summary>
public enum AggregateFunction : byte { Len, Count, Sum, Mean, Min, Max, Std, Var, NUnique, First, Last, Any, All, Quantile, Median }

/// <summary>An aggregate and what it is taken over.</summary>
/// <param name="Argument">Null for <see cref="AggregateFunction.Len"/> only; for now always a column.</param>
/// <param name="Parameter">The q of <see cref="AggregateFunction.Quantile"/>, 0 to 1.</param>
public sealed record AggregateCall(AggregateFunction Function, ValueExpression? Argument, double? Parameter = null)
{
    /// <summary>Parses and binds a text such as <c>len()</c> or <c>sum(amount)</c>.</summary>
    public static Checked<AggregateCall> Parse(string text, Schema schema) => Expression.Parse(text).BindAggregate(schema);
}
