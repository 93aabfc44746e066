using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Reduce;

/// <summary>One output column of a group-by.</summary>
/// <param name="Input">The column aggregated, as an ordinal of the input schema; −1 for <see cref="AggregateFunction.Len"/>.</param>
/// <param name="Parameter">The q of <see cref="AggregateFunction.Quantile"/>, 0 to 1.</param>
public sealed record Aggregate(string Name, AggregateFunction Function, int Input, double? Parameter = null)
{
    /// <summary>The type of the result over an input of type <paramref name="input"/>; null when the function is not defined for it.</summary>
    public static DataType? ResultType(AggregateFunction function, DataType input) => function switch
    {
        AggregateFunction.Len or AggregateFunction.Count or AggregateFunction.NUnique => DataType.Int64,
        AggregateFunction.Min or AggregateFunction.Max or AggregateFunction.First or AggregateFunction.Last => input,
        AggregateFunction.Any or AggregateFunction.All => input.Kind == TypeKind.Bool ? input : null,
        AggregateFunction.Sum => input.Kind switch
        {
            TypeKind.UInt64 => DataType.UInt64,
            TypeKind.Decimal => DataType.Decimal(38, input.Scale),
            TypeKind.Float or TypeKind.Double => DataType.Double,
            TypeKind.Bool => DataType.Int64,
            _ => input.IsInteger ? DataType.Int64 : null,
        },
        _ => input.IsNumeric ? DataType.Double : null,
    };
}

/// <summary>An aggregate whose result does not fit its type.</summary>
public sealed class AggregateOverflowException(string aggregate, DataType type)
    : Exception($"the aggregate '{aggregate}' passes the range of {type}; aggregate a wider or floating type, or filter the rows that make it overflow");
