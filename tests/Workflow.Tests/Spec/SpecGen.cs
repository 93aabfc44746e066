using System.Text.Json.Nodes;
using CsCheck;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

/// <summary>Valid specs that use any of the supported fields, and single structural changes to them.</summary>
static class SpecGen
{
    static readonly Gen<string> Name = Gen.OneOf("a", "b", "total", "größe", "x y", "-n");
    static readonly Gen<string[]> Names = Name.Array[1, 3].Select(names => names.Distinct().ToArray());

    static Gen<Action<JsonObject>> Set(string field, Gen<JsonNode?> value) => value.Select(node => (Action<JsonObject>)(json => json[field] = node?.DeepClone()));

    static Gen<Action<JsonObject>> Maybe(string field, params string[] values) =>
        Gen.OneOf<Action<JsonObject>>(Gen.Const<Action<JsonObject>>(_ => { }), Set(field, Gen.OneOf(values).Select(text => JsonNode.Parse(text))));

    static Gen<JsonObject> Build(string start, params Gen<Action<JsonObject>>[] fields) =>
        fields.Aggregate(Gen.Const(start).Select(text => JsonNode.Parse(text)!.AsObject()), (json, field) => json.Select(field, (built, set) =>
        {
            var copy = built.DeepClone().AsObject();
            set(copy);
            return copy;
        }));

    static readonly Gen<JsonObject> Aggregation = Build("{}",
        Set("aggregates", Names.Select(JsonNode? (names) => new JsonObject(names.Select(name => KeyValuePair.Create<string, JsonNode?>(name, "len()"))))),
        Maybe("groupBy", "[]", "[\"category\"]", "[\"category\", \"month\"]"));

    static readonly Gen<JsonObject> Selection = Build("{}", Set("select", Names.Select(JsonNode? (names) => new JsonArray([.. names.Select(name => (JsonNode)name)]))));

    static readonly Gen<JsonObject> Reduce = Gen.OneOf<JsonObject>(Aggregation, Selection).Select(
        Maybe("sort", "[]", "[\"ff\"]", "[\"-ff\"]"), Maybe("limit", "1", "9223372036854775807"), (reduce, sort, limit) =>
        {
            var copy = reduce.DeepClone().AsObject();
            sort(copy);
            limit(copy);
            return copy;
        });

    static Gen<JsonNode?> Node(Gen<JsonObject> gen) => gen.Select(JsonNode? (json) => json);

    public static readonly Gen<JsonObject> Any = Build("""{ "version": 1, "output": { "path": "results/x.parquet" } }""",
        Set("source", Node(Build("""{ "path": "lake" }""",
            Maybe("include", "[\"**/*.parquet\"]", "[\"a/?*\", \"b\"]"), Maybe("exclude", "[]", "[\"**/x\"]"), Maybe("raw", "true", "false"), Maybe("onMissingColumn", "\"error\"")))),
        Set("partitionBy", Node(Build("""{ "column": "ff" }""", Maybe("values", "[1, 1.0, \"1\", null, true]", "[\"2024-01-01\"]", "[0.1]")))),
        Maybe("where", "\"a > 0\""),
        Maybe("output", """{ "path": "results/x", "layout": "hive" }""", """{ "path": "x.csv" }""", """{ "path": "a.b/x.csv", "layout": "file" }"""),
        Maybe("derive", "{}"),
        Set("reduce", Node(Reduce)),
        Maybe("limits", "{}", "{\"parallel\":1000,\"memory\":\"1.5GiB\"}", "{\"timeout\":\"1.00:00:00.5\",\"retries\":0}", "{\"runTimeout\":\"02:00:00\"}", "{\"toleratedFailures\":3}", "{\"toleratedFailures\":\"0.5%\"}", "{\"toleratedFailures\":\"7\"}"),
        Maybe("strategy", "\"auto\"", "\"perPartition\""),
        Maybe("$schema", "\"x\""));

    /// <summary>Removes, renames, adds or replaces one field somewhere in a spec.</summary>
    public static readonly Gen<Action<JsonObject>> Mutation = Gen.Select(
        Gen.OneOf((string[])[.. SpecFields.All.Keys]), Gen.Int[0, 100], Gen.Int[0, 3],
        Gen.OneOf("null", "true", "7", "-1", "0.5", "\"text\"", "\"\"", "[]", "[7]", "[\"a\"]", "[\"a\", \"a\"]", "{}", "{\"a\": 1}", "{\"a\": \"b\"}"),
        (path, pick, kind, value) => (Action<JsonObject>)(root =>
        {
            if ((path.Length == 0 ? root : root[path]) is not JsonObject target) return;
            var known = SpecFields.All[path];
            var field = known[pick % known.Length];
            switch (kind)
            {
                case 0: target.Remove(field); break;
                case 1: target[field + "s"] = JsonNode.Parse(value); break;
                default: target[field] = JsonNode.Parse(value); break;
            }
        }));
}
