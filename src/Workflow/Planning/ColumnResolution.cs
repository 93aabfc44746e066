using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>The columns of a spec found in the files, and its reduction in their ordinals.</summary>
/// <param name="Columns">The partition column first, then those of <c>where</c>, then the others by first use.</param>
/// <param name="Sources">Where the files have them, in the same order.</param>
/// <param name="Rows">The same columns with the derived ones after them, among which are the arguments of aggregates that are no columns.</param>
sealed record ResolvedSpec(
    Schema Columns, IReadOnlyList<SourceColumn> Sources, RowSchema Rows, IReadOnlyList<TaskDerived> Derived, IReadOnlyList<TaskColumn> ResultColumns, TaskReduction Reduction, Predicate? Where);

/// <summary>Finds a spec's columns, and binds its expressions to them.</summary>
static class ColumnResolution
{
    const int MaxTextShown = 200;

    /// <exception cref="PlanRefusedException">All unknown columns, files that lack one or have it with a type that does not fit, and faulty expressions.</exception>
    /// <param name="plugin">The spec's plug-in, whose outputs are not known yet; null where it names none.</param>
    public static ResolvedSpec Resolve(RunSpec spec, IReadOnlyList<SourceFile> files, FoundPlugin? plugin)
    {
        var errors = new List<RunError>();
        if (plugin?.Fault is { } missing) errors.Add(missing);
        var sources = new SourceColumns(files, spec.Source.OnMissingColumn, [.. spec.Derive.Select(expression => expression.Name)]);
        var columns = new Dictionary<string, SourceColumn>(StringComparer.Ordinal);
        // What a faulty column would be is not known, so expressions that use it are not judged.
        var faulty = new HashSet<string>(StringComparer.Ordinal);
        foreach (var use in UsedColumns(spec, sources, plugin))
        {
            if (columns.ContainsKey(use.Name)) continue;
            if (sources.Find(use, errors) is { } column) columns.Add(use.Name, column);
            else faulty.Add(use.Name);
        }
        var schema = new Schema(columns.Values.Select(column => column.Field));
        var (rows, derived) = (new RowSchema(schema), new List<TaskDerived>());
        foreach (var (name, text) in spec.Derive)
        {
            var expression = Expression.Parse(text);
            if (Uses(expression, faulty) || Bound(expression.BindValue(rows.InReduce), text, $"/derive/{Escape(name)}", errors) is not { } value)
            {
                faulty.Add(name);
                continue;
            }
            rows.Add(name, value);
            derived.Add(new TaskDerived(name, text));
        }
        var condition = spec.Where is null ? null : Expression.Parse(spec.Where);
        var where = condition is null || Uses(condition, faulty) ? null : Bound(condition.BindPredicate(rows.InWhere), condition.Text, "/where", errors);
        if (plugin?.Description?.Inputs.Any(input => faulty.Contains(input.Name)) == false) errors.AddRange(plugin.TypeFaults(rows.InReduce));
        var reduction = plugin is null ? Reduction(spec, rows, derived, faulty, errors) : plugin.Description is { } described ? Reduction(spec, rows.InReduce, described) : null;
        // A fault of the files, not of the place in the spec, comes up once for each use.
        if (errors.Count > 0) throw new PlanRefusedException([.. errors.Distinct()]);
        return new ResolvedSpec(schema, [.. columns.Values], rows, derived, ResultColumns(rows.InReduce, reduction!), reduction!, where);
    }

    static bool Uses(Expression expression, HashSet<string> names) => expression.Columns.Any(column => names.Contains(column.Name));

    /// <summary>The source's columns that the spec names, with the places. A derived column hides one of the source from all but <c>where</c> and itself.</summary>
    static IEnumerable<ColumnUse> UsedColumns(RunSpec spec, SourceColumns sources, FoundPlugin? plugin)
    {
        yield return new(spec.PartitionBy.Column, "/partitionBy/column");
        var derived = spec.Derive.Select(expression => expression.Name).ToHashSet(StringComparer.Ordinal);
        if (spec.Where is not null)
        {
            foreach (var use in UsedBy(spec.Where, "/where"))
            {
                if (!derived.Contains(use.Name) || sources.Has(use.Name)) yield return use;
            }
        }
        var before = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, text) in spec.Derive)
        {
            foreach (var use in UsedBy(text, $"/derive/{Escape(name)}"))
            {
                if (!before.Contains(use.Name)) yield return use;
            }
            before.Add(name);
        }
        foreach (var used in UsedByReduction(spec, plugin))
        {
            if (!derived.Contains(used.Name)) yield return used;
        }
    }

    static IEnumerable<ColumnUse> UsedByReduction(RunSpec spec, FoundPlugin? plugin)
    {
        for (var i = 0; i < spec.Reduce.GroupBy.Count; i++) yield return new(spec.Reduce.GroupBy[i], $"/reduce/groupBy/{i}");
        foreach (var (name, text) in spec.Reduce.Aggregates)
        {
            foreach (var use in UsedBy(text, $"/reduce/aggregates/{Escape(name)}")) yield return use;
        }
        for (var i = 0; i < spec.Reduce.Select?.Count; i++) yield return new(spec.Reduce.Select[i], $"/reduce/select/{i}");
        foreach (var input in plugin?.Description?.Inputs ?? []) yield return new(input.Name, PluginLookup.Pointer);
    }

    static IEnumerable<ColumnUse> UsedBy(string text, string pointer) =>
        Expression.Parse(text).Columns.Select(column => new ColumnUse(column.Name, pointer, Place(column.Position, text)));

    static string Place(int position, string text) => text.Length <= MaxTextShown ? $" (at {position} of \"{text}\")" : $" (at {position})";

    // RFC 6901
    static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    static TaskReduction Reduction(RunSpec spec, Schema schema, ReducerDescription plugin) =>
        new(null, null, null, [], spec.Reduce.Limit, new TaskPlugin(plugin.Name, plugin.Version, [.. plugin.Inputs.Select(input => schema.IndexOf(input.Name))], []));

    static TaskReduction? Reduction(RunSpec spec, RowSchema rows, List<TaskDerived> derived, HashSet<string> faulty, List<RunError> errors)
    {
        var reduce = spec.Reduce;
        var sort = reduce.Sort.Select(key => new Engine.Reduce.SortKey(IndexOf(spec.OutputColumns!, key.Column), key.Descending)).ToList();
        if (reduce.Select is { } select)
        {
            var ordinals = select.Where(name => name != spec.PartitionBy.Column).Select(rows.InReduce.IndexOf).ToList();
            return new TaskReduction(null, null, ordinals, sort, reduce.Limit);
        }
        var aggregates = new List<Aggregate>();
        foreach (var (name, text) in reduce.Aggregates)
        {
            var pointer = $"/reduce/aggregates/{Escape(name)}";
            if (Uses(Expression.Parse(text), faulty) || Bound(AggregateCall.Parse(text, rows.InReduce), text, pointer, errors) is not { } call) continue;
            aggregates.Add(new Aggregate(name, call.Function, Ordinal(call), call.Parameter));
        }
        return errors.Count > 0 ? null : new TaskReduction([.. reduce.GroupBy.Select(rows.InReduce.IndexOf)], aggregates, null, sort, reduce.Limit);

        int Ordinal(AggregateCall call)
        {
            if (call.Argument is null) return -1;
            if (call.Argument is ColumnReference column) return column.Ordinal;
            var known = derived.FindIndex(argument => argument.Name.Length == 0 && argument.Text == call.ArgumentText);
            if (known >= 0) return rows.InReduce.Count - derived.Count + known;
            derived.Add(new TaskDerived("", call.ArgumentText!));
            return rows.Add("", call.Argument);
        }
    }

    static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name) return i;
        }
        throw new InvalidOperationException($"the sort key '{name}' passed validation but is no output column");
    }

    static List<TaskColumn> ResultColumns(Schema schema, TaskReduction reduction)
    {
        var columns = new List<Field> { schema[0] };
        columns.AddRange((reduction.Select ?? reduction.Keys ?? []).Select(ordinal => schema[ordinal]));
        columns.AddRange((reduction.Aggregates ?? []).Select(aggregate =>
            new Field(aggregate.Name, aggregate.Input < 0 ? DataType.Int64 : Aggregate.ResultType(aggregate.Function, schema[aggregate.Input].Type)!.Value)));
        return [.. columns.Select(field => new TaskColumn(field.Name, field.Type))];
    }

    static T? Bound<T>(Checked<T> result, string text, string pointer, List<RunError> errors) where T : class
    {
        foreach (var fault in result.Faults) errors.Add(new RunError(fault.Code, fault.Message + Place(fault.Position, text), Pointer: pointer));
        return result.Value;
    }
}
