using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Reduce;

/// <summary>One output column of a group-by.</summary>
/// <param name="Input">The column aggregated, as an ordinal of the input schema; −1 for <see cref="AggregateFunction.Len"/>.</param>
public sealed record Aggregate(string Name, AggregateFunction Function, int Input)
{
    /// <summary>The type of the result over an input of type <paramref name="input"/>; null when the function is not defined for it.</summary>
    public static DataType? ResultType(AggregateFunction function, DataType input) => function switch
    {
        AggregateFunction.Len or AggregateFunction.Count => DataType.Int64,
        AggregateFunction.Min or AggregateFunction.Max => input,
        AggregateFunction.Mean => input.IsNumeric ? DataType.Double : null,
        _ => input.Kind switch
        {
            TypeKind.UInt64 => DataType.UInt64,
            TypeKind.Decimal => DataType.Decimal(38, input.Scale),
            TypeKind.Float or TypeKind.Double => DataType.Double,
            TypeKind.Bool => DataType.Int64,
            _ => input.IsInteger ? DataType.Int64 : null,
        },
    };
}

/// <summary>An aggregate whose result does not fit its type.</summary>
public sealed class AggregateOverflowException(string aggregate, DataType type)
    : Exception($"the aggregate '{aggregate}' passes the range of {type}; aggregate a wider or floating type, or filter the rows that make it overflow");
