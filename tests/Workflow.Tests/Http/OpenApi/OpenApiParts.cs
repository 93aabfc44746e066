using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Microsoft.AspNetCore.WebUtilities;

namespace Fanfold.Workflow.Tests.Http.OpenApi;

/// <summary>Puts into a document of the framework what <see cref="Routes.All"/> and <see cref="ProblemCode.All"/> say.</summary>
static class OpenApiParts
{
    const string Id = "The run's id: 1 to 100 lower-case letters, digits, - and _.";

    public static JsonObject Complete(JsonObject made)
    {
        var schemas = OpenApiSchemas.Cleaned(made["components"]!["schemas"]!.AsObject());
        schemas["RunSpec"] = SpecOf();
        schemas["Problem"]!["description"] = "A refusal or failure (RFC 9457).";
        var paths = new JsonObject();
        foreach (var template in Routes.All.Select(route => route.Template).Distinct())
        {
            var path = new JsonObject();
            foreach (var route in Routes.All.Where(route => route.Template == template)) path[route.Method.ToLowerInvariant()] = Operation(route);
            paths[template] = path;
        }
        return new JsonObject
        {
            ["openapi"] = made["openapi"]!.DeepClone(),
            ["info"] = new JsonObject
            {
                ["title"] = "Fanfold",
                ["description"] = "Filters, reduces and concatenates Parquet data sets once per value of a partition column. Runs are started, watched, cancelled and redriven here; docs/operations.md shows it with curl.",
                ["version"] = RunPlanner.EngineVersion,
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["servers"] = Array(new JsonObject { ["url"] = "/", ["description"] = "Where the document was read." }),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = OpenApiSchemas.Used(paths, schemas) },
        };
    }

    static JsonObject Operation(Route route)
    {
        var operation = new JsonObject { ["operationId"] = route.Name, ["summary"] = route.Summary };
        if (route.Description is { } description) operation["description"] = description;
        var parameters = new JsonArray();
        if (route.HasId) parameters.Add(new JsonObject { ["name"] = "id", ["in"] = "path", ["required"] = true, ["description"] = Id, ["schema"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[a-z0-9_-]{1,100}$" }, ["example"] = "trips-2024" });
        foreach (var parameter in route.Parameters) parameters.Add(Parameter(parameter));
        if (parameters.Count > 0) operation["parameters"] = parameters;
        if (route.TakesSpec)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["description"] = $"The spec, at most {SpecParser.MaxBytes} bytes of JSON in UTF-8. Any type that ends in +json is taken too.", ["content"] = new JsonObject { ["application/json"] = Content("RunSpec") } };
        var answers = new SortedDictionary<int, JsonObject>();
        foreach (var answer in route.Answers) answers[answer.Status] = Answer(answer);
        // A status that is listed hides the default, so it has what any route may give under it too.
        var own = route.Problems.Select(Code).ToList();
        var listed = answers.Keys.Concat(own.Select(code => code.Status)).ToHashSet();
        foreach (var problems in own.Concat(ProblemCode.OfAllRoutes.Select(Code).Where(code => listed.Contains(code.Status))).GroupBy(code => code.Status))
        {
            if (!answers.TryGetValue(problems.Key, out var answer)) answers[problems.Key] = answer = new JsonObject { ["description"] = ReasonPhrases.GetReasonPhrase(problems.Key) + "." };
            Add(answer, [.. problems]);
        }
        var responses = new JsonObject();
        foreach (var (status, answer) in answers) responses[status.ToString(CultureInfo.InvariantCulture)] = answer;
        var other = new JsonObject { ["description"] = "What any operation may meet." };
        Add(other, [.. ProblemCode.OfAllRoutes.Select(Code)]);
        responses["default"] = other;
        operation["responses"] = responses;
        return operation;
    }

    static ProblemCode Code(string code) => ProblemCode.All.Single(one => one.Code == code);

    static JsonObject Parameter(RouteParameter parameter)
    {
        var schema = parameter.Maximum is { } maximum ? new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = maximum } : new JsonObject { ["type"] = "string" };
        if (parameter.Words is { } words) schema["enum"] = Array([.. words.Select(word => (JsonNode)word)]);
        JsonNode example = parameter.Maximum is null ? parameter.Example : int.Parse(parameter.Example, CultureInfo.InvariantCulture);
        return new JsonObject { ["name"] = parameter.Name, ["in"] = parameter.In, ["description"] = parameter.Description, ["schema"] = schema, ["example"] = example };
    }

    static JsonObject Answer(RouteAnswer answer)
    {
        var json = new JsonObject { ["description"] = answer.Description };
        if (answer.Headers.Count > 0) json["headers"] = new JsonObject(answer.Headers.Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject { ["description"] = Routes.Headers[name], ["schema"] = new JsonObject { ["type"] = "string" } })));
        if (answer.ContentTypes.Count > 0) json["content"] = new JsonObject(answer.ContentTypes.Select(type => KeyValuePair.Create(type, (JsonNode?)(answer.Document is { } document ? Content(Name(document)) : Plain(type)))));
        return json;
    }

    static JsonObject Plain(string type) => type switch
    {
        "application/json" => new JsonObject { ["schema"] = new JsonObject() },
        "application/vnd.apache.parquet" => [],
        _ => new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } },
    };

    static void Add(JsonObject answer, IReadOnlyList<ProblemCode> codes)
    {
        if (answer["content"] is not JsonObject content) answer["content"] = content = [];
        var example = new JsonObject { ["status"] = codes[0].Status, ["code"] = codes[0].Code, ["detail"] = codes[0].Meaning, ["title"] = ReasonPhrases.GetReasonPhrase(codes[0].Status), ["traceId"] = "4bf92f3577b34da6a3ce929d0e0e4736" };
        content["application/problem+json"] = new JsonObject
        {
            ["schema"] = new JsonObject
            {
                ["allOf"] = Array(Reference("Problem"), new JsonObject { ["properties"] = new JsonObject { ["code"] = new JsonObject
                {
                    ["enum"] = Array([.. codes.Select(code => (JsonNode)code.Code)]), ["description"] = string.Join("\n", codes.Select(code => $"{code.Code} ({code.Status}): {code.Meaning}")),
                } } }),
            },
            ["example"] = example,
        };
    }

    static JsonObject Content(string schema) => new() { ["schema"] = Reference(schema), ["example"] = OpenApiExamples.Of(schema) };

    static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };

    static JsonArray Array(params JsonNode[] items) => new(items);

    /// <summary>As the framework names it.</summary>
    static string Name(Type type) => type.IsGenericType ? "PageOf" + type.GetGenericArguments()[0].Name : type.Name;

    /// <summary>The spec's own schema, as a part of another document.</summary>
    static JsonObject SpecOf()
    {
        var schema = JsonNode.Parse(SpecSchema.ReadText())!.AsObject();
        schema.Remove("$schema");
        schema.Remove("$id");
        return schema;
    }
}
