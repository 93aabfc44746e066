using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanfold.Engine.Tests;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>The files that the host reads, against what the code needs of it.</summary>
public partial class HostJsonTests
{
    const string Scheduler = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING";

    static JsonNode Host { get; } = JsonNode.Parse(Repository.Read("host.json"))!;

    static JsonNode Durable => Host["extensions"]!["durableTask"]!;

    static Dictionary<string, string> LocalSettings { get; } = JsonNode.Parse(Repository.Read("local.settings.sample.json"))!["Values"]!.AsObject()
        .ToDictionary(static setting => setting.Key, static setting => (string)setting.Value!);

    [Fact]
    public void EachActivity_HasItsInstanceToItself() => Assert.Equal(1, (int)Durable["maxConcurrentActivityFunctions"]!);

    [Fact]
    public void Hub_IsNamedByASetting()
    {
        Assert.Equal("%TASKHUB_NAME%", (string)Durable["hubName"]!);
        // Queues and tables are named by it.
        Assert.Matches(HubName(), LocalSettings["TASKHUB_NAME"]);
        var parameter = Deployment.Parameters["taskHubName"]!;
        Assert.Matches(HubName(), (string)parameter["defaultValue"]!);
        Assert.Equal((3, 45), ((int)parameter["minLength"]!, (int)parameter["maxLength"]!));
    }

    [Fact]
    public void RunsOfOlderVersions_GoOn_AndNewerOnesAreLeftAlone()
    {
        Assert.Matches("^[1-9][0-9]*$", (string)Durable["defaultVersion"]!);
        Assert.Equal(("CurrentOrOlder", "Reject"), ((string)Durable["versionMatchStrategy"]!, (string)Durable["versionFailureStrategy"]!));
    }

    [Fact]
    public void Traces_AreThoseOfOpenTelemetry()
    {
        Assert.Equal("OpenTelemetry", (string)Host["telemetryMode"]!);
        Assert.Equal((true, "V2"), ((bool)Durable["tracing"]!["distributedTracingEnabled"]!, (string)Durable["tracing"]!["version"]!));
    }

    [Fact]
    public void Addresses_AreTheApis_WithoutAPrefix() => Assert.Equal("", (string)Host["extensions"]!["http"]!["routePrefix"]!);

    [Fact]
    public void Tasks_AreEndedByTheirOwnDeadline_NotByTheHost() => Assert.Equal("-1", (string)Host["functionTimeout"]!);

    [Fact]
    public void BlobEvents_AreTriedAFewTimes_AndFewAtOnce()
    {
        var blobs = Host["extensions"]!["blobs"]!;
        Assert.InRange((int)blobs["maxDegreeOfParallelism"]!, 1, 8);
        Assert.InRange((int)blobs["poisonBlobThreshold"]!, 2, 10);
    }

    [Fact]
    public void WorkOfAKilledInstance_IsSeenAgainSoon()
    {
        var provider = Durable["storageProvider"]!;
        Assert.Equal(("AzureStorage", "AzureWebJobsStorage"), ((string)provider["type"]!, (string)provider["connectionName"]!));
        foreach (var name in new[] { "workItemQueueVisibilityTimeout", "controlQueueVisibilityTimeout" })
        {
            var timeout = TimeSpan.Parse((string)provider[name]!, CultureInfo.InvariantCulture);
            Assert.InRange(timeout, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));
        }
    }

    [Fact]
    public void SchedulersFile_DiffersOnlyInWhereDurableKeepsItsState()
    {
        var scheduler = JsonNode.Parse(Repository.Read("host.scheduler.json"))!;
        var provider = scheduler["extensions"]!["durableTask"]!["storageProvider"]!;
        Assert.Equal(("azureManaged", Scheduler), ((string)provider["type"]!, (string)provider["connectionStringName"]!));
        var host = Host.DeepClone();
        foreach (var file in new[] { scheduler, host }) file["extensions"]!["durableTask"]!.AsObject().Remove("storageProvider");
        Assert.True(JsonNode.DeepEquals(host, scheduler), "host.scheduler.json is not host.json with another storageProvider.");
    }

    [Fact]
    public void LocalSample_IsAllThatTheAppNeeds()
    {
        var settings = AppSettings.Read(new ReadKeys(LocalSettings), out var faults);
        Assert.Empty(faults);
        Assert.Equal(("http://127.0.0.1:10000/devstoreaccount1", null), (settings!.State.Address, settings.ClientId));
        foreach (var required in new[] { "StateStorage", "DataStorage", "DataContainer" })
        {
            Assert.Null(AppSettings.Read(new ReadKeys(LocalSettings.Where(setting => setting.Key != required)), out var missing));
            Assert.StartsWith(required, Assert.Single(missing), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LocalSample_NamesTheHostsOwnSettings_AndNoSecret()
    {
        Assert.Equal("dotnet-isolated", LocalSettings["FUNCTIONS_WORKER_RUNTIME"]);
        foreach (var (name, value) in LocalSettings)
            if (name.EndsWith("Storage", StringComparison.Ordinal)) Assert.Equal("UseDevelopmentStorage=true", value);
        Assert.Contains("AzureWebJobsStorage", LocalSettings.Keys);
        Assert.Contains("local.settings.json", Repository.Read(".gitignore").Split('\n'));
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]{2,44}$")]
    private static partial Regex HubName();
}
