using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>A resource of a compiled template.</summary>
/// <param name="Module">The module's name in main.bicep; empty for main.bicep itself.</param>
/// <param name="Template">The template that it stands in.</param>
sealed partial record Resource(string Module, JsonNode Template, JsonNode Json)
{
    public string Type => (string)Json["type"]!;

    public JsonNode Properties => Json["properties"]!;

    /// <summary>The scope of a role: the account's module, and what of it.</summary>
    public string Scope =>
        (string?)Json["scope"] is { } scope ? $"{Module} {ScopeType().Match(scope).Groups[1].Value}{Last(scope)}" : $"{Module} everything";

    /// <summary>The role that is assigned, by its id.</summary>
    public string RoleId => (string)Template["variables"]![Variable().Match((string)Properties["roleDefinitionId"]!).Groups[1].Value]!;

    /// <summary>Whom it is assigned to.</summary>
    public string Principal => Parameter().Match((string)Properties["principalId"]!).Groups[1].Value;

    /// <summary>All resources of a template and its modules; what is only referred to is none.</summary>
    public static IEnumerable<Resource> In(JsonNode template, string module = "")
    {
        IEnumerable<(string Name, JsonNode Json)> resources = template["resources"] is JsonObject named
            ? named.Select(static pair => (pair.Key, pair.Value!))
            : template["resources"]!.AsArray().Select(static (json, i) => ($"{i}", json!));
        foreach (var (name, json) in resources)
        {
            if ((bool?)json["existing"] == true) continue;
            if ((string)json["type"]! != "Microsoft.Resources/deployments") yield return new Resource(module, template, json);
            else foreach (var inner in In(json["properties"]!["template"]!, name)) yield return inner;
        }
    }

    /// <summary>A template and all its modules.</summary>
    public static IEnumerable<JsonNode> Templates(JsonNode template) =>
        [template, .. In(template).Select(static resource => resource.Template).Distinct()];

    static string Last(string scope) =>
        scope.EndsWith("'default', parameters('dataContainer'))]", StringComparison.Ordinal) ? " DATA"
        : scope.EndsWith("'default', parameters('resultContainers')[copyIndex()])]", StringComparison.Ordinal) ? " RESULTS"
        : LastText().Match(scope) is { Success: true } text ? " " + text.Groups[1].Value : "";

    [GeneratedRegex(@"^\[resourceId\('Microsoft\.([\w./]+)'")]
    private static partial Regex ScopeType();

    [GeneratedRegex(@"'default', '([\w-]+)'\)\]$")]
    private static partial Regex LastText();

    [GeneratedRegex(@"variables\('(\w+)'\)\)\]$")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\[parameters\('(\w+)'\)\]$")]
    private static partial Regex Parameter();
}
