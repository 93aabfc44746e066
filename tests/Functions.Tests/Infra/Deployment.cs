using System.Text.Json.Nodes;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>What infra/main.bicep deploys.</summary>
static class Deployment
{
    public static IReadOnlyList<Resource> Resources { get; } = [.. Resource.In(Bicep.Main)];

    public static JsonObject Parameters => Bicep.Main["parameters"]!.AsObject();

    public static IReadOnlyList<string> Outputs => [.. Bicep.Main["outputs"]!.AsObject().Select(static output => output.Key)];

    /// <summary>The function app.</summary>
    public static Resource App { get; } = Assert.Single(Of("Microsoft.Web/sites"));

    /// <summary>The app's settings as they are written, but for those that only Azure knows.</summary>
    public static JsonObject Settings => App.Template["variables"]!["settings"]!.AsObject();

    /// <summary>The names of the rest stand in here.</summary>
    public static string SettingsExpression => (string)Assert.Single(Of("Microsoft.Web/sites/config")).Properties!;

    /// <summary>The cap of a worker that runs alone, by the memory of instances.</summary>
    public static JsonObject LargestWorker => App.Template["variables"]!["largestWorker"]!.AsObject();

    public static IReadOnlyList<Resource> Of(string type) => [.. Resources.Where(resource => resource.Type == type)];
}
