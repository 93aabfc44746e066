namespace Fanfold.Engine.Expressions;

/// <summary>The closed set of names that may stand before a parenthesis; case doesn't matter.</summary>
static class FunctionNames
{
    public static readonly string[] Scalars =
    [
        "cast", "try_cast", "coalesce", "nullif", "abs", "round", "floor", "ceil", "sqrt", "ln", "exp", "power", "lower", "upper", "trim", "length", "substr",
        "starts_with", "contains", "concat", "date_trunc", "year", "month", "day", "hour", "minute", "second", "date_diff", "greatest", "least",
    ];

    /// <summary>The aggregates, in the order of <see cref="AggregateFunction"/>.</summary>
    public static readonly string[] Aggregates =
        ["len", "count", "sum", "mean", "min", "max", "std", "var", "n_unique", "first", "last", "any", "all", "quantile", "median"];

    /// <summary>The aggregate of a name; null for none.</summary>
    public static AggregateFunction? Aggregate(string name)
    {
        var index = Array.FindIndex(Aggregates, known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? null : (AggregateFunction)index;
    }

    public static bool Has(string[] names, string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
