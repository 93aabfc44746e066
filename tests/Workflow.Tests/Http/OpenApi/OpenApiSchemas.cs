using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fanfold.Workflow.Tests.Http.OpenApi;

/// <summary>The schemas that the framework makes of records, as the API writes them: what is null is left out, and a column's type is a word.</summary>
static class OpenApiSchemas
{
    const string Prefix = "#/components/schemas/";

    public static JsonObject Cleaned(JsonObject schemas)
    {
        var cleaned = new JsonObject(schemas.Select(schema => KeyValuePair.Create(schema.Key, (JsonNode?)Clean(schema.Value!))));
        cleaned["DataType"] = new JsonObject { ["type"] = "string", ["description"] = "A column's type as specs and messages spell it.", ["examples"] = new JsonArray("int64", "decimal(18,2)", "timestamp(us,utc)") };
        return cleaned;
    }

    static JsonNode Clean(JsonNode node)
    {
        if (node is JsonArray array) return new JsonArray([.. array.Select(item => item is null ? null : Clean(item))]);
        if (node is not JsonObject schema) return node.DeepClone();
        if (schema["oneOf"] is JsonArray { Count: 2 } choice && choice[0]!["type"] is JsonValue kind && kind.GetValueKind() == JsonValueKind.String && kind.GetValue<string>() == "null") return Clean(choice[1]!);
        var cleaned = new JsonObject(schema.Select(property => KeyValuePair.Create(property.Key, property.Value is null ? null : Clean(property.Value))));
        if (cleaned["enum"] is not JsonArray words) return cleaned;
        cleaned["type"] = "string";
        for (var i = words.Count - 1; i >= 0; i--)
        {
            if (words[i] is null) words.RemoveAt(i);
        }
        return cleaned;
    }

    /// <summary>Those that lead somewhere from <paramref name="paths"/>, by name.</summary>
    public static JsonObject Used(JsonNode paths, JsonObject schemas)
    {
        var (used, open) = (new SortedSet<string>(StringComparer.Ordinal), new Stack<JsonNode>([paths]));
        while (open.TryPop(out var node))
        {
            foreach (var name in References(node).Select(reference => reference[Prefix.Length..]))
                if (used.Add(name)) open.Push(schemas[name]!);
        }
        return new JsonObject(used.Select(name => KeyValuePair.Create(name, schemas[name]?.DeepClone())));
    }

    public static IEnumerable<string> References(JsonNode node) => node switch
    {
        JsonObject json => json.SelectMany(property => property.Key == "$ref" && property.Value is JsonValue value ? [value.GetValue<string>()] : property.Value is null ? [] : References(property.Value)),
        JsonArray array => array.SelectMany(item => item is null ? [] : References(item)),
        _ => [],
    };
}
