using System.Globalization;

namespace Fanfold.Workflow.Spec;

/// <summary>A spec as JSON. The order of fields, the defaults and the escaping are part of every spec hash: they can't change within a version.</summary>
static class SpecJson
{
    public enum Scope
    {
        /// <summary>All fields.</summary>
        Full,
        /// <summary>Those that decide the result.</summary>
        Identity,
    }

    public static string Write(RunSpec spec, Scope scope)
    {
        var json = new JsonText();
        json.BeginObject().Name("version").Raw(RunSpec.Version.ToString(CultureInfo.InvariantCulture));
        WriteSource(json, spec.Source);
        WritePartitionBy(json, spec.PartitionBy);
        if (spec.Where is not null) json.Name("where").String(spec.Where);
        WriteMap(json.Name("derive"), spec.Derive);
        WriteReduce(json, spec.Reduce);
        json.Name("output").BeginObject().Name("path").String(spec.Output.Path).Name("layout").String(SpecWords.Layouts.WordOf(spec.Output.Layout)).EndObject();
        if (scope == Scope.Full)
        {
            WriteLimits(json, spec.Limits);
            json.Name("strategy").String(SpecWords.Strategies.WordOf(spec.Strategy));
        }
        return json.EndObject().ToString();
    }

    static void WriteSource(JsonText json, SourceSpec source)
    {
        json.Name("source").BeginObject().Name("path").String(source.Path);
        WriteList(json.Name("include"), source.Include);
        WriteList(json.Name("exclude"), source.Exclude);
        json.Name("raw").Raw(source.Raw ? "true" : "false");
        json.Name("onMissingColumn").String(SpecWords.MissingColumns.WordOf(source.OnMissingColumn)).EndObject();
    }

    static void WritePartitionBy(JsonText json, PartitionBySpec partitionBy)
    {
        json.Name("partitionBy").BeginObject().Name("column").String(partitionBy.Column);
        if (partitionBy.Values is not null)
        {
            json.Name("values").BeginArray();
            foreach (var value in partitionBy.Values) WriteValue(json, value);
            json.EndArray();
        }
        if (partitionBy.Ranges is not null)
        {
            json.Name("ranges").BeginArray();
            foreach (var (from, to) in partitionBy.Ranges)
            {
                WriteValue(json.BeginArray(), from);
                WriteValue(json, to);
                json.EndArray();
            }
            json.EndArray();
        }
        json.EndObject();
    }

    static void WriteReduce(JsonText json, ReduceSpec reduce)
    {
        json.Name("reduce").BeginObject();
        if (reduce.Plugin is not null) json.Name("plugin").String(reduce.Plugin);
        else if (reduce.Select is not null) WriteList(json.Name("select"), reduce.Select);
        else
        {
            WriteList(json.Name("groupBy"), reduce.GroupBy);
            WriteMap(json.Name("aggregates"), reduce.Aggregates);
        }
        WriteList(json.Name("sort"), reduce.Sort.Select(key => key.ToString()));
        if (reduce.Limit is { } limit) json.Name("limit").Raw(limit.ToString(CultureInfo.InvariantCulture));
        json.EndObject();
    }

    static void WriteLimits(JsonText json, LimitsSpec limits)
    {
        json.Name("limits").BeginObject();
        if (limits.Parallel is { } parallel) json.Name("parallel").Raw(parallel.ToString(CultureInfo.InvariantCulture));
        json.Name("memory").String(limits.Memory.ToString());
        json.Name("timeout").String(limits.Timeout.ToString("c", CultureInfo.InvariantCulture));
        if (limits.RunTimeout is { } runTimeout) json.Name("runTimeout").String(runTimeout.ToString("c", CultureInfo.InvariantCulture));
        json.Name("retries").Raw(limits.Retries.ToString(CultureInfo.InvariantCulture));
        json.Name("toleratedFailures").String(limits.ToleratedFailures.ToString()).EndObject();
    }

    static void WriteValue(JsonText json, PartitionValue value)
    {
        if (value.Kind == PartitionValueKind.String) json.String(value.Text!);
        else json.Raw(value.Text ?? "null");
    }

    static void WriteList(JsonText json, IEnumerable<string> items)
    {
        json.BeginArray();
        foreach (var item in items) json.String(item);
        json.EndArray();
    }

    static void WriteMap(JsonText json, IEnumerable<NamedExpression> members)
    {
        json.BeginObject();
        foreach (var (name, text) in members) json.Name(name).String(text);
        json.EndObject();
    }
}
