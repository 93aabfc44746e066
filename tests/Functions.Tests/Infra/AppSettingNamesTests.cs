using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanfold.Engine.Tests;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>The settings that are deployed, against those that the app and its host read.</summary>
public partial class AppSettingNamesTests
{
    const string Client = "11111111-1111-1111-1111-111111111111";

    /// <summary>The settings with an instance's memory, values that are known only in Azure made up.</summary>
    static Dictionary<string, string> Deployed(string memory) =>
        Deployment.Settings.ToDictionary(static setting => setting.Key, setting => Value((string)setting.Value!, memory));

    static string Value(string written, string memory) => written switch
    {
        "[parameters('identityClientId')]" => Client,
        "[parameters('dataContainer')]" => "lake",
        "[parameters('taskHubName')]" => (string)Deployment.Parameters["taskHubName"]!["defaultValue"]!,
        "[string(parameters('parallel'))]" => "36",
        "[variables('largestWorker')[string(parameters('instanceMemoryMB'))]]" => (string)Deployment.LargestWorker[memory]!,
        var uri when ServiceUri().Match(uri) is { Success: true } found => $"https://{found.Groups[2]}.{found.Groups[1]}.core.windows.net",
        var text => text,
    };

    [Theory]
    [InlineData("512", 128)]
    [InlineData("2048", 1280)]
    [InlineData("4096", 3072)]
    public void App_TakesThem_ForEverySizeOfInstance(string memory, long largest)
    {
        var settings = AppSettings.Read(new ReadKeys(Deployed(memory)), out var faults);
        Assert.Empty(faults);
        Assert.Equal("https://datastoragename.blob.core.windows.net", settings!.Data.Address);
        Assert.Equal(("https://statestoragename.blob.core.windows.net", Client), (settings.State.Address, settings.ClientId));
        Assert.Equal((36, largest << 20), (settings.Host.Parallel, settings.Host.LargestMemory));
        var sizes = Deployment.Parameters["instanceMemoryMB"]!["allowedValues"]!.AsArray().Select(static size => size!.ToString());
        Assert.Equal(sizes, Deployment.LargestWorker.Select(static size => size.Key));
    }

    [Fact]
    public void Names_AreThoseThatAreRead()
    {
        var keys = new ReadKeys(Deployed("2048"));
        Assert.NotNull(AppSettings.Read(keys, out _));
        // The extensions read credential and queueServiceUri; the app's own identity is named once.
        var ours = Deployed("2048").Keys.Where(static name => Ours().IsMatch(name)).ToList();
        Assert.Equal(7, ours.Count);
        Assert.All(ours, name => Assert.Contains(name, keys.Asked));
        // Where workers spill to is the system's choice unless somebody says otherwise.
        Assert.Equal(["Fanfold__Scratch", "Fanfold__ScratchSize"], keys.Asked.Except(Deployed("2048").Keys).Order());
    }

    [Fact]
    public void Connections_SayWhoAndWhere()
    {
        var settings = Deployed("2048");
        foreach (var connection in new[] { "AzureWebJobsStorage", "DataStorage", "StateStorage" })
        {
            Assert.Equal("managedidentity", settings[connection + "__credential"]);
            Assert.Equal(Client, settings[connection + "__clientId"]);
            Assert.EndsWith(".queue.core.windows.net", settings[connection + "__queueServiceUri"], StringComparison.Ordinal);
            Assert.DoesNotContain(connection, settings.Keys);
        }
        Assert.All(settings.Values, static value => Assert.DoesNotMatch("AccountKey|sig=", value));
    }

    [Theory]
    [InlineData("host.json")]
    [InlineData("host.scheduler.json")]
    public void Host_FindsWhatItsFileNames(string file)
    {
        var host = Repository.Read(file);
        var names = SettingName().Matches(host).Select(static match => match.Groups[1].Value).ToList();
        Assert.Equal(["TASKHUB_NAME"], names);
        Assert.All(names, static name => Assert.Contains(name, Deployed("2048").Keys));
        var provider = JsonNode.Parse(host)!["extensions"]!["durableTask"]!["storageProvider"]!;
        var connection = (string)(provider["connectionName"] ?? provider["connectionStringName"])!;
        if (file == "host.json") Assert.Contains(connection + "__credential", Deployed("2048").Keys);
        else Assert.Contains($"'{connection}'", Deployment.SettingsExpression, StringComparison.Ordinal);
    }

    [Fact]
    public void TriggersThatPoll_AreOff_AndTheirTwinsGetEvents()
    {
        var off = Deployed("2048").Where(static setting => setting.Key.StartsWith("AzureWebJobs.", StringComparison.Ordinal)).ToList();
        Assert.All(off, static setting => Assert.Equal("true", setting.Value));
        var destinations = Resource.In(Bicep.Events).Select(static resource => resource.Properties["destination"]!["properties"]!);
        var subscribed = destinations.Select(static to => FunctionName().Match((string)to["endpointUrl"]!).Groups[1].Value);
        Assert.Equal(off.Select(static setting => setting.Key.Split('.')[1] + "Event").Order(), subscribed.Order());
        Assert.Equal(["StartByRequestEvent", "StartBySuccessEvent"], subscribed.Order());
    }

    [Fact]
    public void Subscriptions_TakeOnlyWhatAsksForARun()
    {
        var filters = Resource.In(Bicep.Events).Select(static resource => resource.Properties["filter"]!).ToList();
        Assert.All(filters, static filter => Assert.Equal("""["Microsoft.Storage.BlobCreated"]""", filter["includedEventTypes"]!.ToJsonString()));
        Assert.All(filters, static filter => Assert.True((bool)filter["isSubjectCaseSensitive"]!));
        Assert.Equal([
            ($"/blobServices/default/containers/{Workflow.Triggers.RunTrigger.Requests}/blobs/", ".run.json"),
            ("[format('/blobServices/default/containers/{0}/blobs/', parameters('dataContainer'))]", "/_SUCCESS"),
        ], filters.Select(static filter => ((string)filter["subjectBeginsWith"]!, (string)filter["subjectEndsWith"]!)));
    }

    [GeneratedRegex(@"^\[format\('https://\{0\}\.(\w+)\.\{1\}', parameters\('(\w+)'\), variables\('suffix'\)\)\]$")]
    private static partial Regex ServiceUri();

    [GeneratedRegex("^((Data|State)Storage__(blobServiceUri|clientId)|DataContainer|Fanfold__.*)$")]
    private static partial Regex Ours();

    [GeneratedRegex("%([^%\"]+)%")]
    private static partial Regex SettingName();

    [GeneratedRegex(@"functionName=Host\.Functions\.(\w+)&")]
    private static partial Regex FunctionName();
}
