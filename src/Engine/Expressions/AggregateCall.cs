using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>The aggregates that are carried out.</summary>
public enum AggregateFunction : byte { Len, Count, Sum, Mean, Min, Max }

/// <summary>An aggregate and what it is taken over.</summary>
/// <param name="Argument">Null for <see cref="AggregateFunction.Len"/> only; for now always a column.</param>
public sealed record AggregateCall(AggregateFunction Function, ValueExpression? Argument)
{
    /// <summary>Parses and binds a text such as <c>len()</c> or <c>sum(amount)</c>.</summary>
    public static Checked<AggregateCall> Parse(string text, Schema schema) => Expression.Parse(text).BindAggregate(schema);
}
