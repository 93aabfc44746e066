using System.Text.RegularExpressions;
using Fanfold.Engine.Tests;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>Who may do what: the whole list. Whoever adds a role changes it here, too.</summary>
public partial class RoleTests
{
    static IReadOnlyList<Resource> Roles => Deployment.Of("Microsoft.Authorization/roleAssignments");

    static readonly IReadOnlyDictionary<string, string> Names = new Dictionary<string, string>
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = "Storage Queue Data Contributor",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["0ad04412-c4d5-4796-b79c-f76d14c8d402"] = "Durable Task Data Contributor",
    };

    static IEnumerable<string> Of(string principal) =>
        Roles.Where(role => role.Principal == principal).Select(static role => $"{role.Scope}: {Names[role.RoleId]}").Order(StringComparer.Ordinal);

    [Fact]
    public void Identity_HasWhatItsCallsNeed()
    {
        const string container = "Storage/storageAccounts/blobServices/containers", queue = "Storage/storageAccounts/queueServices/queues";
        Assert.Equal(
        [
            $"dataStorage {container} DATA: Storage Blob Data Reader",
            $"dataStorage {container} fanfold: Storage Blob Data Reader",
            $"dataStorage {queue} webjobs-blobtrigger-poison: Storage Queue Data Contributor",
            "hostStorage Storage/storageAccounts: Storage Blob Data Owner",
            "hostStorage Storage/storageAccounts: Storage Queue Data Contributor",
            "hostStorage Storage/storageAccounts: Storage Table Data Contributor",
            "monitoring Insights/components: Monitoring Metrics Publisher",
            "scheduler DurableTask/schedulers/taskHubs: Durable Task Data Contributor",
            $"stateStorage {container} RESULTS: Storage Blob Data Contributor",
            $"stateStorage {container} fanfold: Storage Blob Data Contributor",
            $"stateStorage {container} requests: Storage Blob Data Contributor",
            $"stateStorage {queue} webjobs-blobtrigger-poison: Storage Queue Data Contributor",
        ], Of("identityPrincipalId"));
    }

    [Fact]
    public void WhoDeploys_PutsDataAndRequests_AndReadsResults()
    {
        const string container = "Storage/storageAccounts/blobServices/containers";
        Assert.Equal(
        [
            $"dataStorage {container} DATA: Storage Blob Data Contributor",
            $"stateStorage {container} RESULTS: Storage Blob Data Reader",
            $"stateStorage {container} requests: Storage Blob Data Contributor",
        ], Of("principalId"));
        // Nobody's id is empty.
        Assert.All(Roles.Where(static role => role.Principal == "principalId"), static role =>
            Assert.Equal("[not(empty(parameters('principalId')))]", (string?)role.Json["condition"]));
    }

    [Fact]
    public void NobodyElse_HasARole() =>
        Assert.Equal(["identityPrincipalId", "principalId"], Roles.Select(static role => role.Principal).Distinct().Order());

    [Fact]
    public void EachRole_SaysWhatNeedsIt()
    {
        var assignments = Directory.GetFiles(Path.Combine(Repository.Root, "infra"), "*.bicep", SearchOption.AllDirectories)
            .SelectMany(static file => Assignment().Matches(File.ReadAllText(file))).ToList();
        Assert.Equal(Roles.Count, assignments.Count);
        Assert.All(assignments, static assignment => Assert.StartsWith("// ", assignment.Groups[1].Value, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^(.*)\nresource \w+ 'Microsoft\.Authorization/roleAssignments@", RegexOptions.Multiline)]
    private static partial Regex Assignment();
}
