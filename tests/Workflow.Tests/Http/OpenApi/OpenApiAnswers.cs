using System.Text.Json.Nodes;
using Fanfold.Engine.Tests;
using Fanfold.Workflow.Http;

namespace Fanfold.Workflow.Tests.Http.OpenApi;

/// <summary>Holds real answers against the document: their status, content type, and the code of a problem.</summary>
static class OpenApiAnswers
{
    static readonly JsonObject Document = JsonNode.Parse(Repository.Read("docs/openapi.json"))!.AsObject();

    /// <param name="path">As it was sent, without a query.</param>
    public static void Assert(string method, string path, Reply reply)
    {
        var (type, code, status) = (reply.Header("Content-Type")?.Split(';')[0], reply.Header("x-ms-error-code"), (int)reply.Status);
        // What the server refuses before it reaches the application has no body.
        if (type is null && status >= 400) return;
        var what = $"{method} {path} gives {status} {type} {code}, which the document does not say";
        var names = path.Split('/');
        var template = Routes.All.Select(route => route.Template).FirstOrDefault(template => template.Split('/') is var parts && parts.Length == names.Length && parts.Zip(names).All(pair => pair.First is "{id}" || pair.First == pair.Second));
        if (template is null || Document["paths"]![template]![method.ToLowerInvariant()]?["responses"] is not JsonObject responses)
        {
            Xunit.Assert.True(type == "application/problem+json" && ProblemCode.OfAllRoutes.Contains(code!), what);
            return;
        }
        var content = (responses[$"{status}"] ?? responses["default"]!)["content"]?.AsObject();
        if (type is null)
        {
            Xunit.Assert.True(content is null && responses.ContainsKey($"{status}") || reply.Body.Length == 0, what);
            return;
        }
        Xunit.Assert.True(content?.ContainsKey(type) == true, what);
        if (type == "application/problem+json") SchemaCheck.Assert(Document, content![type]!["schema"]!, JsonNode.Parse(reply.Body), what);
    }
}
