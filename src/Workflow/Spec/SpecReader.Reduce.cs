using System.Text.Json;

namespace Fanfold.Workflow.Spec;

partial class SpecReader
{
    static PartitionBySpec ReadPartitionBy(SpecNode? node)
    {
        if (node?.AsObject(SpecFields.PartitionBy) is not { } fields) return new PartitionBySpec { Column = "" };
        if (fields["columns"] is { } columns) UnsupportedFeatures.RefuseColumns(columns);
        var column = fields["columns"] is null ? fields.Required("column", "name the column whose values make the partitions") : fields["column"];
        if (fields["values"] is not null && fields["ranges"] is { } both)
            both.Refuse(SpecErrorCode.Conflict, $"{both.At.ToWords()} can't stand beside 'partitionBy.values'; keep one of them.");
        return new PartitionBySpec
        {
            Column = column is { } given ? ReadName(given, "\"ff\"") : "",
            Values = fields["values"] is { } values ? ReadValues(values) : null,
            Ranges = fields["ranges"] is { } ranges ? ReadRanges(ranges) : null,
        };
    }

    static EquatableList<PartitionValue> ReadValues(SpecNode node)
    {
        var values = new List<PartitionValue>();
        var seen = new HashSet<PartitionValue>();
        foreach (var item in node.AsItems("[0, 1, 2]") ?? [])
        {
            var value = ReadValue(item);
            if (value is null) item.WrongType("a string, a number, true, false or null", "write single values like 1 or \"north\"");
            else if (!seen.Add(value.Value)) item.Refuse(SpecErrorCode.Duplicate, $"{item.At.ToWords()}, {value}, stands twice in the list; keep one.");
            values.Add(value ?? PartitionValue.Null);
        }
        RequireItems(node, min: 1, "write the values to run, or leave it out to run all");
        return [.. values];
    }

    static EquatableList<PartitionRange> ReadRanges(SpecNode node)
    {
        var ranges = new List<PartitionRange>();
        foreach (var item in node.AsItems("[[0, 10], [10, 20]]") ?? [])
        {
            var bounds = (item.AsItems("[0, 10]") ?? []).Select(ReadValue).ToArray();
            if (bounds is [{ Kind: PartitionValueKind.Number or PartitionValueKind.String } from, { } to] && from.Kind == to.Kind)
                ranges.Add(new PartitionRange(from, to));
            else if (item.Value.ValueKind == JsonValueKind.Array)
                item.Refuse(SpecErrorCode.WrongType,
                    $"{item.At.ToWords()} must hold two numbers or two strings: the first value of the range, and the first one after it, like [0, 10].");
        }
        RequireItems(node, min: 1, "write ranges like [[0, 10], [10, 20]], or leave it out to run all values");
        return [.. ranges];
    }

    static PartitionValue? ReadValue(SpecNode node) => node.Value.ValueKind switch
    {
        JsonValueKind.Null => PartitionValue.Null,
        JsonValueKind.True or JsonValueKind.False => PartitionValue.Bool(node.Value.GetBoolean()),
        JsonValueKind.Number => PartitionValue.Number(node.Value.GetRawText()),
        JsonValueKind.String => PartitionValue.String(node.Value.GetString()!),
        _ => null,
    };

    static ReduceSpec ReadReduce(SpecNode? node)
    {
        if (node?.AsObject(SpecFields.Reduce) is not { } fields) return new ReduceSpec();
        var reduce = new ReduceSpec
        {
            GroupBy = fields["groupBy"] is { } groupBy ? ReadNames(groupBy, "\"category\"", min: 0) : [],
            Aggregates = fields["aggregates"] is { } aggregates ? ReadExpressions(aggregates, "{ \"total\": \"sum(amount)\" }") ?? [] : [],
            Select = fields["select"] is { } select ? ReadNames(select, "\"pickup\"", min: 1) : null,
            Plugin = fields["plugin"] is { } plugin ? ReadName(plugin, "\"my-reducer\"") : null,
            Sort = fields["sort"] is { } sort ? [.. ReadNames(sort, "\"-total\"", min: 0).Select(SortKey.Parse)] : [],
            Limit = fields["limit"]?.AsInteger(1, long.MaxValue),
        };
        RequireOneKind(node.Value, fields);
        return reduce;
    }

    static EquatableList<string> ReadNames(SpecNode node, string example, int min)
    {
        var names = new List<string>();
        foreach (var item in node.AsItems($"[{example}]") ?? []) names.Add(ReadName(item, example));
        RequireItems(node, min, $"name at least one column, like [{example}]");
        return [.. names];
    }

    static void RequireOneKind(SpecNode node, SpecObject fields)
    {
        const string choices = "'groupBy' and 'aggregates', or 'select', or 'plugin'";
        var kinds = new[] { fields["groupBy"] is null ? "aggregates" : "groupBy", "select", "plugin" }.Where(name => fields[name] is not null).ToList();
        if (kinds.Count > 1)
            node.Refuse(SpecErrorCode.Conflict, $"{node.At.ToWords()} has {string.Join(" and ", kinds.Select(Quoted.Text))} together; keep one of {choices}.");
        else if (kinds.Count == 0)
            node.Refuse(SpecErrorCode.MissingField, $"{node.At.ToWords()} does not say what to compute: write {choices}.");
        else if (kinds is ["groupBy" or "aggregates"] && IsEmpty(fields["groupBy"], JsonValueKind.Array) && IsEmpty(fields["aggregates"], JsonValueKind.Object))
            node.Refuse(SpecErrorCode.OutOfRange, $"{node.At.ToWords()} has neither group keys nor aggregates; write at least one.");
    }

    static bool IsEmpty(SpecNode? field, JsonValueKind kind) =>
        field?.Value is not { } value
        || (value.ValueKind == kind && (kind == JsonValueKind.Array ? value.GetArrayLength() == 0 : !value.EnumerateObject().Any()));
}
