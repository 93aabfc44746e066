using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Fanfold.Workflow.Tests.Http.OpenApi;

/// <summary>Tells whether a document keeps to a JSON Schema, as far as the keywords go that the API's document has; another keyword fails.</summary>
static class SchemaCheck
{
    static readonly HashSet<string> Silent = ["description", "title", "example", "examples", "default", "format"];

    public static void Assert(JsonObject document, JsonNode schema, JsonNode? value, string what)
    {
        var fault = Fault(document, schema.AsObject(), value, "");
        Xunit.Assert.True(fault is null, $"{what}: {fault}");
    }

    public static JsonNode? Resolve(JsonObject document, string reference) =>
        reference.StartsWith("#/", StringComparison.Ordinal) ? reference[2..].Split('/').Aggregate((JsonNode?)document, (node, name) => (node as JsonObject)?[name]) : null;

    static string? Fault(JsonObject document, JsonObject schema, JsonNode? value, string at)
    {
        foreach (var (keyword, rule) in schema)
        {
            if (Silent.Contains(keyword)) continue;
            var fault = keyword switch
            {
                "$ref" => Fault(document, Resolve(document, rule!.GetValue<string>())!.AsObject(), value, at),
                "allOf" => rule!.AsArray().Select(one => Fault(document, one!.AsObject(), value, at)).FirstOrDefault(one => one is not null),
                "anyOf" => rule!.AsArray().Any(one => Fault(document, one!.AsObject(), value, at) is null) ? null : "is none of anyOf",
                "oneOf" => rule!.AsArray().Count(one => Fault(document, one!.AsObject(), value, at) is null) == 1 ? null : "is not one of oneOf",
                "not" => Fault(document, rule!.AsObject(), value, at) is null ? "is what it must not be" : null,
                "type" => (rule is JsonArray types ? types.Select(type => type!.GetValue<string>()) : [rule!.GetValue<string>()]).Any(type => IsOf(type, value)) ? null : $"is no {rule}",
                "enum" => rule!.AsArray().Any(one => JsonNode.DeepEquals(one, value)) ? null : $"is none of {rule}",
                "pattern" => value is not JsonValue text || text.GetValueKind() != JsonValueKind.String || Regex.IsMatch(text.GetValue<string>(), rule!.GetValue<string>()) ? null : $"does not match {rule}",
                "required" => value is not JsonObject json || rule!.AsArray().All(name => json.ContainsKey(name!.GetValue<string>())) ? null : $"lacks one of {rule}",
                "properties" => value is not JsonObject json ? null : rule!.AsObject().Where(one => json.ContainsKey(one.Key)).Select(one => Fault(document, one.Value!.AsObject(), json[one.Key], $"{at}/{one.Key}")).FirstOrDefault(one => one is not null),
                "additionalProperties" => value is JsonObject json ? Additional(document, schema, rule!, json, at) : null,
                "items" => value is not JsonArray array ? null : array.Select((one, i) => Fault(document, rule!.AsObject(), one, $"{at}/{i}")).FirstOrDefault(one => one is not null),
                "minimum" => value is JsonValue number && number.GetValueKind() == JsonValueKind.Number && Number(number) < Number(rule!) ? $"is less than {rule}" : null,
                "maximum" => value is JsonValue number && number.GetValueKind() == JsonValueKind.Number && Number(number) > Number(rule!) ? $"is more than {rule}" : null,
                "minItems" => value is JsonArray array && array.Count < Number(rule!) ? $"has fewer than {rule}" : null,
                "minLength" => value is JsonValue text && text.GetValueKind() == JsonValueKind.String && text.GetValue<string>().Length < Number(rule!) ? "is too short" : null,
                "maxLength" => value is JsonValue text && text.GetValueKind() == JsonValueKind.String && text.GetValue<string>().Length > Number(rule!) ? "is too long" : null,
                "uniqueItems" => value is JsonArray array && array.Select(one => one?.ToJsonString()).Distinct().Count() < array.Count ? "has an item twice" : null,
                "maxProperties" => value is JsonObject json && json.Count > Number(rule!) ? "has too many fields" : null,
                _ => $"the schema has {keyword}, which is not known here",
            };
            if (fault is not null) return fault.StartsWith('/') || fault.StartsWith("the schema", StringComparison.Ordinal) ? fault : $"{at}/ {fault}";
        }
        return null;
    }

    static string? Additional(JsonObject document, JsonObject schema, JsonNode rule, JsonObject json, string at)
    {
        var others = json.Where(one => schema["properties"]?.AsObject().ContainsKey(one.Key) != true).ToList();
        return rule is JsonObject of ? others.Select(one => Fault(document, of, one.Value, $"{at}/{one.Key}")).FirstOrDefault(one => one is not null) : rule.GetValue<bool>() || others.Count == 0 ? null : $"has {others[0].Key} besides";
    }

    static bool IsOf(string type, JsonNode? value) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("null", JsonValueKind.Null) or ("string", JsonValueKind.String) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("boolean", JsonValueKind.True or JsonValueKind.False) or ("number", JsonValueKind.Number) => true,
        ("integer", JsonValueKind.Number) => Number(value!) % 1 == 0,
        _ => false,
    };

    static decimal Number(JsonNode value) => decimal.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
}
