namespace Fanfold.Workflow.Spec;

/// <summary>The fields of every object of the spec; the schema lists the same.</summary>
static class SpecFields
{
    /// <summary><c>$schema</c> is for editors and means nothing to a run.</summary>
    public static readonly string[] Root = ["$schema", "version", "source", "partitionBy", "where", "derive", "reduce", "output", "limits", "strategy"];
    public static readonly string[] Source = ["path", "include", "exclude", "raw", "onMissingColumn"];
    public static readonly string[] PartitionBy = ["column", "columns", "values", "ranges"];
    public static readonly string[] Reduce = ["groupBy", "aggregates", "select", "plugin", "sort", "limit"];
    public static readonly string[] Output = ["path", "layout"];
    public static readonly string[] Limits = ["parallel", "memory", "timeout", "runTimeout", "retries", "toleratedFailures"];

    /// <summary>By the name of the object; the spec itself has an empty one.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> All = new Dictionary<string, string[]>
    {
        [""] = Root,
        ["source"] = Source,
        ["partitionBy"] = PartitionBy,
        ["reduce"] = Reduce,
        ["output"] = Output,
        ["limits"] = Limits,
    };
}
