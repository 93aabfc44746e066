using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanfold.Engine.Tests;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http.OpenApi;

public sealed partial class OpenApiTests
{
    static readonly string File = Path.Combine(Repository.Root, "docs", "openapi.json");

    static JsonObject Committed => JsonNode.Parse(System.IO.File.ReadAllText(File))!.AsObject();

    static IEnumerable<(string Path, string Method, JsonObject Operation)> Operations(JsonObject document) =>
        document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => (path.Key, operation.Key.ToUpperInvariant(), operation.Value!.AsObject())));

    [Fact]
    public async Task Document_ThatIsCommitted_IsWhatTheRoutesGive()
    {
        var made = await OpenApiDocument.MakeAsync(TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable("FANFOLD_WRITE_OPENAPI") == "1") await System.IO.File.WriteAllTextAsync(File, made, TestContext.Current.CancellationToken);
        Assert.True(made == await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken),
            "docs/openapi.json is not what the routes give. Write it anew: FANFOLD_WRITE_OPENAPI=1 dotnet test --project tests/Workflow.Tests -- --filter-class \"*OpenApiTests\", then look at what git shows as changed, and build again.");
    }

    [Fact]
    public async Task Document_IsServed()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        var reply = await api.GetAsync("/api/openapi.json");
        Assert.Equal((HttpStatusCode.OK, "application/json"), (reply.Status, reply.Header("Content-Type")));
        Assert.Equal(await System.IO.File.ReadAllBytesAsync(File, TestContext.Current.CancellationToken), reply.Body);
        Assert.Equal(HttpStatusCode.NotModified, (await api.GetAsync("/api/openapi.json", ("If-None-Match", reply.Header("ETag")!))).Status);
    }

    [Fact]
    public void Document_HasEveryRouteAndNoOther() => Assert.Equal(
        Routes.All.Select(route => $"{route.Method} {route.Template} {route.Name}").Order(StringComparer.Ordinal),
        Operations(Committed).Select(one => $"{one.Method} {one.Path} {one.Operation["operationId"]}").Order(StringComparer.Ordinal));

    [Fact]
    public void Document_KeepsTheRules()
    {
        var document = Committed;
        var operations = Operations(document).ToList();
        Assert.Equal(operations.Count, operations.Select(one => one.Operation["operationId"]!.GetValue<string>()).Distinct().Count());
        foreach (var (path, method, operation) in operations)
        {
            var what = $"{method} {path}";
            Assert.True(operation["summary"]?.GetValue<string>() is { Length: > 0 }, $"{what} has no summary");
            var parameters = operation["parameters"]?.AsArray().Select(parameter => parameter!.AsObject()).ToList() ?? [];
            Assert.Equal(InPath().Matches(path).Select(match => match.Groups[1].Value), parameters.Where(parameter => parameter["in"]!.GetValue<string>() == "path").Select(parameter => parameter["name"]!.GetValue<string>()));
            foreach (var parameter in parameters)
            {
                Assert.True(parameter["description"]?.GetValue<string>() is { Length: > 0 }, $"{what}: {parameter["name"]} is not described");
                SchemaCheck.Assert(document, parameter["schema"]!, parameter["example"], $"{what}, {parameter["name"]}");
            }
            var responses = operation["responses"]!.AsObject();
            Assert.Contains(responses, response => response.Key[0] == '2');
            Assert.NotNull(responses["default"]!["content"]!["application/problem+json"]);
            foreach (var (status, response) in responses)
            {
                Assert.True(response!["description"]?.GetValue<string>() is { Length: > 0 }, $"{what} {status} is not described");
                if (status[0] is '4' or '5') Assert.True(response["content"]!.AsObject().Count > 0, $"{what} {status} has no body");
            }
            var contents = responses.SelectMany(response => response.Value!["content"]?.AsObject() ?? []).Concat(operation["requestBody"]?["content"]?.AsObject() ?? []);
            foreach (var (type, content) in contents)
                if (content!["example"] is { } example) SchemaCheck.Assert(document, content["schema"]!, example, $"{what}, {type}");
        }
        foreach (var reference in OpenApiSchemas.References(document)) Assert.True(SchemaCheck.Resolve(document, reference) is not null, $"{reference} leads nowhere");
        Assert.True(JsonNode.DeepEquals(document["components"]!["schemas"], OpenApiSchemas.Used(document["paths"]!, document["components"]!["schemas"]!.AsObject())), "a schema is not used");
        Assert.True(SpecParser.Parse(Encoding.UTF8.GetBytes(OpenApiExamples.Of("RunSpec").ToJsonString())).IsValid);
    }

    [Fact]
    public void Codes_OfTheSources_AreThoseOfTheTable()
    {
        var folders = new[] { "src/Workflow/Http", "src/LocalHost/Serving" }.Select(folder => Path.Combine(Repository.Root, folder));
        var source = string.Concat(folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs")).Where(file => !file.EndsWith("ProblemCode.cs", StringComparison.Ordinal)).Select(System.IO.File.ReadAllText));
        var made = MadeHere().Matches(source).Select(match => match.Groups[1].Value).Concat([SpecErrorCode.TooLarge]);
        // Those that stores, starts and the documents of runs give.
        var passed = Enum.GetValues<Fanfold.Storage.StorageFailure>().Select(failure => RunActivitiesCode(failure)).Concat(["newer-version", "state-corrupt", "run-id-conflict"]);
        Assert.Equal(ProblemCode.All.Select(code => code.Code).Order(StringComparer.Ordinal), made.Concat(passed).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(ProblemCode.All.Select(code => code.Code).Order(StringComparer.Ordinal), Routes.All.SelectMany(route => route.Problems).Concat(ProblemCode.OfAllRoutes).Distinct().Order(StringComparer.Ordinal));
    }

    static string RunActivitiesCode(Fanfold.Storage.StorageFailure failure) => Fanfold.Workflow.Running.RunActivities.StorageError(new Fanfold.Storage.StorageException(failure, "a", "b")).Code;

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex InPath();

    /// <summary>A problem's code stands behind its status.</summary>
    [GeneratedRegex("(?:StatusCodes\\.Status\\d+\\w+|status), \"([a-z-]+)\",")]
    private static partial Regex MadeHere();
}
