using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanfold.Engine.Tests;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Spec;
using Microsoft.Azure.Functions.Worker;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>What docs/azure.md and requests.http say, against what is there.</summary>
public partial class AzurePageTests
{
    static string Page { get; } = Repository.Read("docs/azure.md");

    static string Requests { get; } = Repository.Read("src/Functions/requests.http");

    [Fact]
    public void Settings_AreAllInTheTable()
    {
        var keys = new ReadKeys([]);
        Assert.Null(AppSettings.Read(keys, out _));
        var deployed = Deployment.Settings.Select(static setting => setting.Key);
        var local = JsonNode.Parse(Repository.Read("local.settings.sample.json"))!["Values"]!.AsObject().Select(static setting => setting.Key);
        var written = Page.Replace("`…__", "`AzureWebJobsStorage__", StringComparison.Ordinal);
        // DataStorage:blobServiceUri and DataStorage are both asked for.
        Assert.All(keys.Asked.Concat(deployed).Concat(local), name => Assert.Contains($"`{name}`", written, StringComparison.Ordinal));
    }

    [Fact]
    public void Parameters_AreThoseOfBicep()
    {
        var file = JsonNode.Parse(Repository.Read("infra/main.parameters.json"))!["parameters"]!.AsObject();
        foreach (var (name, value) in file)
        {
            var text = (string)value!["value"]!;
            if (text.StartsWith("${AZURE_", StringComparison.Ordinal)) continue;
            var given = Given().Match(text);
            Assert.True(given.Success, name);
            Assert.Matches($@"\| `{given.Groups[1]}` \| {given.Groups[2]} \| `{name}`", Page);
            Assert.Equal(given.Groups[2].Value, Deployment.Parameters[name]!["defaultValue"]!.ToString());
        }
    }

    [Fact]
    public void Memory_IsDividedAsWorkersDivideIt()
    {
        Assert.Equal(3, Deployment.LargestWorker.Count);
        foreach (var (instance, size) in Deployment.LargestWorker)
        {
            Assert.True(ByteSize.TryParse((string)size!, out var cap));
            var (native, managed) = (WorkerMemory.AccountLimit(cap.Bytes, native: true), WorkerMemory.AccountLimit(cap.Bytes, native: false));
            Assert.Contains($"| {instance} | {MiB(cap.Bytes)} | {MiB(native)} | {MiB(managed)} |", Page, StringComparison.Ordinal);
        }
        Assert.Contains($"is 512 MiB ({MiB(WorkerMemory.AccountLimit(512 << 20, native: true))} for data)", Page, StringComparison.Ordinal);
    }

    static string MiB(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20:N0} MiB");

    [Fact]
    public void Requests_AreRoutesOfTheApi_EachAtLeastOnce()
    {
        var requests = Request().Matches(Requests.Replace("{{run}}", "{id}", StringComparison.Ordinal));
        var sent = requests.Select(static match => $"{match.Groups[1]} {match.Groups[2]}").ToHashSet();
        Assert.Equal(Routes.All.Select(static route => $"{route.Method} {route.Template}").Order(), sent.Order());
    }

    [Fact]
    public void Requests_HaveSpecsThatAreTaken()
    {
        var specs = Spec().Matches(Requests).Select(static match => match.Value).ToList();
        Assert.Equal(3, specs.Count);
        Assert.All(specs, static spec => Assert.Empty(SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes(spec)).Errors));
    }

    [Fact]
    public void Events_AreForTheFunctionsThatTakeThem_AndTheOthersAreOff()
    {
        var methods = typeof(App).Assembly.GetTypes().SelectMany(static type => type.GetMethods());
        var parameters = methods.SelectMany(static method => method.GetParameters());
        var triggers = parameters.Select(static parameter => (parameter.Member.Name, Trigger: parameter.GetCustomAttribute<BlobTriggerAttribute>()))
            .Where(static one => one.Trigger is not null).ToLookup(static one => one.Trigger!.Source, static one => one.Name);
        string[] told = [.. triggers[BlobTriggerSource.EventGrid].Order()];
        Assert.NotEmpty(told);
        Assert.Equal(told, EventFunction().Matches(Requests).Select(static match => match.Groups[1].Value).Order());
        Assert.Equal(told, EventFunction().Matches(Bicep.Events["resources"]!.ToJsonString()).Select(static match => match.Groups[1].Value).Order());
        var names = Deployment.Settings.Select(static setting => setting.Key);
        var off = names.Where(static name => name.EndsWith(".Disabled", StringComparison.Ordinal));
        Assert.Equal(triggers[BlobTriggerSource.LogsAndContainerScan].Select(static name => $"AzureWebJobs.{name}.Disabled").Order(), off.Order());
    }

    [GeneratedRegex(@"^\$\{(\w+)=(\w+)\}$")]
    private static partial Regex Given();

    [GeneratedRegex(@"(?m)^(GET|PUT|POST) \{\{host\}\}(/(?:(?:api|runs)/[^?\n]*)?)(?=[?\n])")]
    private static partial Regex Request();

    [GeneratedRegex(@"(?ms)^\{\n.*?^\}$")]
    private static partial Regex Spec();

    [GeneratedRegex(@"functionName=Host\.Functions\.(\w+)")]
    private static partial Regex EventFunction();
}
