using System.Text.Json.Nodes;
using Fanfold.Engine.Tests;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>What holds of everything that is deployed.</summary>
public class TemplateTests
{
    static IEnumerable<JsonNode> Templates => Resource.Templates(Bicep.Main).Append(Bicep.Events);

    [Theory]
    [InlineData("infra/main.bicep")]
    [InlineData("infra/events.bicep")]
    public void Linter_HasNothingToSay(string file) => Assert.Empty(Bicep.Lint(file));

    [Fact]
    public void Linter_SeesWhatIsWrong()
    {
        var folder = Directory.CreateTempSubdirectory("fanfold-tests-");
        try
        {
            var file = Path.Combine(folder.FullName, "wrong.bicep");
            File.WriteAllText(file, """
                resource a 'Microsoft.Storage/storageAccounts@2025-06-01' = {
                  name: 'abc'
                  location: 'x'
                  kind: 'StorageV2'
                  sku: { name: 'Standard_LRS' }
                  properties: { allowSharedKeyAcces: false }
                }
                """);
            Assert.Contains("allowSharedKeyAcces", Assert.Single(Bicep.Lint(file)), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Accounts_TakeNoKeys_NoOldTls_AndNobodyUnknown()
    {
        var accounts = Deployment.Of("Microsoft.Storage/storageAccounts");
        Assert.Equal(["dataStorage", "hostStorage", "stateStorage"], accounts.Select(static account => account.Module).Order());
        Assert.All(accounts, static account =>
        {
            Assert.False((bool)account.Properties["allowSharedKeyAccess"]!);
            Assert.False((bool)account.Properties["allowBlobPublicAccess"]!);
            Assert.False((bool)account.Properties["allowCrossTenantReplication"]!);
            Assert.True((bool)account.Properties["supportsHttpsTrafficOnly"]!);
            Assert.Equal("TLS1_2", (string)account.Properties["minimumTlsVersion"]!);
        });
        var containers = Deployment.Of("Microsoft.Storage/storageAccounts/blobServices/containers");
        Assert.Equal(6, containers.Count);
        Assert.All(containers, static container => Assert.Equal("None", (string)container.Properties["publicAccess"]!));
    }

    [Fact]
    public void Telemetry_AndApp_TakeNoKeys_AndNoPlainHttp()
    {
        Assert.True((bool)Assert.Single(Deployment.Of("Microsoft.Insights/components")).Properties["DisableLocalAuth"]!);
        var app = Deployment.App;
        Assert.True((bool)app.Properties["httpsOnly"]!);
        Assert.Equal("1.2", (string)app.Properties["siteConfig"]!["minTlsVersion"]!);
        Assert.Equal("UserAssigned", (string)app.Json["identity"]!["type"]!);
        Assert.Equal("UserAssignedIdentity", (string)app.Properties["functionAppConfig"]!["deployment"]!["storage"]!["authentication"]!["type"]!);
    }

    [Fact]
    public void App_RunsOnFlexConsumption_AsItIsBuilt()
    {
        var sku = Assert.Single(Deployment.Of("Microsoft.Web/serverfarms")).Json["sku"]!;
        Assert.Equal(("FC1", "FlexConsumption"), ((string)sku["name"]!, (string)sku["tier"]!));
        var runtime = Deployment.App.Properties["functionAppConfig"]!["runtime"]!;
        Assert.Equal(("dotnet-isolated", $"{Environment.Version.Major}.0"), ((string)runtime["name"]!, (string)runtime["version"]!));
    }

    [Fact]
    public void Outputs_HoldNoSecret()
    {
        var outputs = Templates.SelectMany(static template => template["outputs"]?.AsObject() ?? []).ToList();
        Assert.True(outputs.Count > 15);
        Assert.All(outputs, static output =>
        {
            Assert.Equal("string", (string)output.Value!["type"]!);
            Assert.DoesNotMatch("(?i)listKeys|connectionString|systemKeys|instrumentationKey|sas|password", (string)output.Value["value"]!);
        });
    }

    [Fact]
    public void Parameters_AreDescribed()
    {
        var parameters = Templates.SelectMany(static template => template["parameters"]!.AsObject()).ToList();
        Assert.True(parameters.Count > 40);
        Assert.All(parameters, static parameter =>
            Assert.False(string.IsNullOrWhiteSpace((string?)parameter.Value!["metadata"]?["description"]), parameter.Key));
    }

    [Fact]
    public void StateOfOldRuns_IsDeleted_AndNothingElse()
    {
        var policy = Assert.Single(Deployment.Of("Microsoft.Storage/storageAccounts/managementPolicies"));
        Assert.Equal("stateStorage", policy.Module);
        var rule = Assert.Single(policy.Properties["policy"]!["rules"]!.AsArray())!["definition"]!;
        Assert.Equal([$"{Workflow.Running.RunPaths.Runs}/"], rule["filters"]!["prefixMatch"]!.AsArray().Select(static prefix => (string)prefix!));
        Assert.Equal("[parameters('runStateDays')]", (string)rule["actions"]!["baseBlob"]!["delete"]!["daysAfterModificationGreaterThan"]!);
    }

    [Fact]
    public void ParametersFile_NamesParametersThatAreThere()
    {
        var given = JsonNode.Parse(Repository.Read("infra/main.parameters.json"))!["parameters"]!.AsObject().Select(static pair => pair.Key).ToList();
        var taken = Deployment.Parameters;
        Assert.All(given, name => Assert.True(taken.ContainsKey(name), name));
        Assert.All(taken.Where(static parameter => parameter.Value!["defaultValue"] is null), required => Assert.Contains(required.Key, given));
    }
}
