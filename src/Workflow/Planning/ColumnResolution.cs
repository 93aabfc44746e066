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
sealed record ResolvedSpec(Schema Columns, IReadOnlyList<SourceColumn> Sources, IReadOnlyList<TaskColumn> ResultColumns, TaskReduction Reduction, Predicate? Where);

/// <summary>Finds a spec's columns, and binds its expressions to them.</summary>
static class ColumnResolution
{
    /// <exception cref="PlanRefusedException">All unknown columns, files that lack one or have it with a type that does not fit, and faulty expressions.</exception>
    /// <param name="plugin">The spec's plug-in, whose outputs are not known yet; null where it names none.</param>
    public static ResolvedSpec Resolve(RunSpec spec, IReadOnlyList<SourceFile> files, FoundPlugin? plugin)
    {
        var errors = new List<RunError>();
        if (plugin?.Fault is { } missing) errors.Add(missing);
        var sources = new SourceColumns(files, spec.Source.OnMissingColumn);
        var columns = new List<SourceColumn>();
        foreach (var (name, pointer) in UsedColumns(spec, plugin))
        {
            if (columns.All(column => column.Field.Name != name) && sources.Find(name, pointer, errors) is { } column) columns.Add(column);
        }
        // A fault of the files, not of the place in the spec, comes up once for each use.
        if (errors.Count > 0) throw new PlanRefusedException([.. errors.Distinct()]);
        var schema = new Schema(columns.Select(column => column.Field));
        var where = spec.Where is { } text ? Bound(Expression.Parse(text).BindPredicate(schema), text, "/where", errors) : null;
        if (plugin is not null) errors.AddRange(plugin.TypeFaults(schema));
        var reduction = plugin?.Description is { } described ? Reduction(spec, schema, described) : Reduction(spec, schema, errors);
        if (errors.Count > 0) throw new PlanRefusedException(errors);
        return new ResolvedSpec(schema, columns, ResultColumns(schema, reduction!), reduction!, where);
    }

    static IEnumerable<(string Name, string Pointer)> UsedColumns(RunSpec spec, FoundPlugin? plugin)
    {
        yield return (spec.PartitionBy.Column, "/partitionBy/column");
        if (spec.Where is not null)
        {
            foreach (var name in Expression.Parse(spec.Where).ColumnNames) yield return (name, "/where");
        }
        for (var i = 0; i < spec.Reduce.GroupBy.Count; i++) yield return (spec.Reduce.GroupBy[i], $"/reduce/groupBy/{i}");
        foreach (var (name, text) in spec.Reduce.Aggregates)
        {
            foreach (var column in Expression.Parse(text).ColumnNames) yield return (column, $"/reduce/aggregates/{Escape(name)}");
        }
        for (var i = 0; i < spec.Reduce.Select?.Count; i++) yield return (spec.Reduce.Select[i], $"/reduce/select/{i}");
        foreach (var input in plugin?.Description?.Inputs ?? []) yield return (input.Name, PluginLookup.Pointer);
    }

    // RFC 6901
    static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    static TaskReduction Reduction(RunSpec spec, Schema schema, ReducerDescription plugin) =>
        new(null, null, null, [], spec.Reduce.Limit, new TaskPlugin(plugin.Name, plugin.Version, [.. plugin.Inputs.Select(input => schema.IndexOf(input.Name))], []));

    static TaskReduction? Reduction(RunSpec spec, Schema schema, List<RunError> errors)
    {
        var reduce = spec.Reduce;
        var sort = reduce.Sort.Select(key => new Engine.Reduce.SortKey(IndexOf(spec.OutputColumns!, key.Column), key.Descending)).ToList();
        if (reduce.Select is { } select)
        {
            var ordinals = select.Where(name => name != spec.PartitionBy.Column).Select(schema.IndexOf).ToList();
            return new TaskReduction(null, null, ordinals, sort, reduce.Limit);
        }
        var aggregates = new List<Aggregate>();
        foreach (var (name, text) in reduce.Aggregates)
        {
            var pointer = $"/reduce/aggregates/{Escape(name)}";
            if (Bound(AggregateCall.Parse(text, schema), text, pointer, errors) is not { } call) continue;
            var input = (call.Argument as ColumnReference)?.Ordinal ?? -1;
            if (input >= 0 && Aggregate.ResultType(call.Function, schema[input].Type) is null)
                errors.Add(new RunError("type", $"{call.Function.ToString().ToLowerInvariant()} is not defined for '{schema[input].Name}', which is {schema[input].Type}.", Pointer: pointer));
            aggregates.Add(new Aggregate(name, call.Function, input, call.Parameter));
        }
        return errors.Count > 0 ? null : new TaskReduction([.. reduce.GroupBy.Select(schema.IndexOf)], aggregates, null, sort, reduce.Limit);
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
        foreach (var fault in result.Faults) errors.Add(new RunError(fault.Code, $"{fault.Message} (at {fault.Position} of \"{text}\")", Pointer: pointer));
        return result.Value;
    }
}
