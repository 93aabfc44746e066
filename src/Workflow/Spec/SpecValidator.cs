using System.Text;
using Fanfold.Engine.Expressions;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Spec;

/// <summary>
/// Second phase: what concerns several fields, and expressions. Empty names and texts stand for faults that are already
/// reported, and are passed over.
/// </summary>
static partial class SpecValidator
{
    public const int MaxExpressionBytes = 64 << 10;

    /// <summary>Of derived columns, and of aggregates: planning looks each name up among all before it.</summary>
    public const int MaxExpressions = 1000;

    static readonly JsonPointer Reduce = JsonPointer.Root.Field("reduce");

    public static void Check(RunSpec spec, SpecFaults faults)
    {
        CheckColumns(spec, faults);
        CheckSort(spec, faults);
        CheckOutput(spec, faults);
        CheckExpressions(spec, faults);
        if (spec.Strategy == RunStrategy.SharedScan && StrategyChoice.Excludes(spec) is { } reason)
            faults.Add(SpecErrorCode.Conflict, JsonPointer.Root.Field("strategy"), $"The strategy 'sharedScan' is not possible here: {reason}; write 'auto' or 'perPartition'.");
    }

    static void CheckColumns(RunSpec spec, SpecFaults faults)
    {
        var partition = spec.PartitionBy.Column;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, _) in spec.Derive)
            if (name == partition && name.Length > 0) Conflict(JsonPointer.Root.Field("derive").Field(name), "give the derived column another name");
        for (var i = 0; i < spec.Reduce.GroupBy.Count; i++)
            CheckColumn(spec.Reduce.GroupBy[i], Reduce.Field("groupBy").Item(i), "leave it out, since every group lies in one partition anyway");
        foreach (var (name, _) in spec.Reduce.Aggregates)
            CheckColumn(name, Reduce.Field("aggregates").Field(name), "give the aggregate another name");
        for (var i = 0; i < spec.Reduce.Select?.Count; i++)
            CheckColumn(spec.Reduce.Select[i], Reduce.Field("select").Item(i), null);

        void CheckColumn(string name, JsonPointer at, string? advice)
        {
            if (name.Length == 0) return;
            if (name == partition && advice is not null) Conflict(at, advice);
            else if (!seen.Add(name))
                faults.Add(SpecErrorCode.Duplicate, at, $"{at.ToWords()}: the result would have two columns {Quoted.Text(name)}; rename or remove one.");
        }

        void Conflict(JsonPointer at, string advice) =>
            faults.Add(SpecErrorCode.Conflict, at, $"{at.ToWords()}: {Quoted.Text(partition)} is the partition column, always the result's first; {advice}.");
    }

    static void CheckSort(RunSpec spec, SpecFaults faults)
    {
        // Without all output columns at hand, naming sort keys unknown would only repeat the first fault in other words.
        var known = faults.Errors.Any(HidesColumns) ? null : spec.OutputColumns;
        var columns = known?.ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < spec.Reduce.Sort.Count && !faults.IsFull; i++)
        {
            var (name, descending) = spec.Reduce.Sort[i];
            var at = Reduce.Field("sort").Item(i);
            if (name.Length == 0)
            {
                if (descending) faults.Add(SpecErrorCode.InvalidName, at, $"{at.ToWords()} names no column after '-'; write it like \"-total\".");
            }
            else if (!seen.Add(name))
                faults.Add(SpecErrorCode.Duplicate, at, $"{at.ToWords()}: {Quoted.Text(name)} is sorted by already; keep one.");
            else if (columns?.Contains(name) == false)
                faults.Add(SpecErrorCode.UnknownColumn, at, $"{at.ToWords()}: {Quoted.Text(name)} is not an output column"
                    + Suggestion.For(name, known!, $"; these are {Names(known!)}."));
        }
    }

    static bool HidesColumns(SpecError error) =>
        error.Pointer is "/partitionBy" or "/partitionBy/column" or "/partitionBy/columns"
            or "/reduce" or "/reduce/groupBy" or "/reduce/aggregates" or "/reduce/select"
        || (error.Code == SpecErrorCode.UnknownField && error.Pointer.StartsWith("/reduce/", StringComparison.Ordinal));

    static string Names(EquatableList<string> columns) =>
        string.Join(", ", columns.Take(8).Select(Quoted.Clip)) + (columns.Count > 8 ? ", …" : "");

    /// <summary>The place for all checks of expressions: each comes by with its pointer, in spec order.</summary>
    static void CheckExpressions(RunSpec spec, SpecFaults faults)
    {
        if (spec.Derive.Count > MaxExpressions) TooMany(JsonPointer.Root.Field("derive"), spec.Derive.Count);
        if (spec.Reduce.Aggregates.Count > MaxExpressions) TooMany(Reduce.Field("aggregates"), spec.Reduce.Aggregates.Count);
        if (spec.Where is not null) CheckExpression(JsonPointer.Root.Field("where"), spec.Where);
        foreach (var (name, text) in spec.Derive) CheckExpression(JsonPointer.Root.Field("derive").Field(name), text);
        foreach (var (name, text) in spec.Reduce.Aggregates) CheckExpression(Reduce.Field("aggregates").Field(name), text);

        void TooMany(JsonPointer at, int count) =>
            faults.Add(SpecErrorCode.OutOfRange, at, $"{at.ToWords()} has {count:N0} entries, and at most {MaxExpressions:N0} are taken; split the spec.");

        void CheckExpression(JsonPointer at, string text)
        {
            if (string.IsNullOrWhiteSpace(text)) return;
            if (Encoding.UTF8.GetByteCount(text) > MaxExpressionBytes)
                faults.Add(SpecErrorCode.OutOfRange, at, $"{at.ToWords()} is longer than {MaxExpressionBytes:N0} bytes; write a shorter expression.");
            else
            {
                // Whether the columns exist and the types fit is known only when the source is.
                foreach (var fault in Expression.Parse(text).Faults)
                    faults.Add(SpecErrorCode.InvalidExpression, at, $"{at.ToWords()}: {fault.Message} (at position {fault.Position})");
            }
        }
    }
}
