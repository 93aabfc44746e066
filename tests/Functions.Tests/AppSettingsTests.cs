using Microsoft.Extensions.Configuration;

namespace Fanfold.Functions.Tests;

public class AppSettingsTests
{
    const string Azurite = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=x;BlobEndpoint=http://127.0.0.1:21000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:21001/devstoreaccount1;";

    static AppSettings? Read(out IReadOnlyList<string> faults, params (string Name, string Value)[] settings) =>
        // As the environment gives them.
        AppSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create(setting.Name.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value))).Build(), out faults);

    [Fact]
    public void Identity_IsThatOfTheSettings()
    {
        var settings = Read(out _, ("DataStorage__blobServiceUri", "https://lake.blob.core.windows.net/"), ("DataStorage__clientId", "11"), ("StateStorage__blobServiceUri", "https://state.blob.core.windows.net"),
            ("StateStorage__clientId", "11"), ("DataContainer", "lake"), ("Fanfold__Parallel", "100"), ("Fanfold__MaxMemory", "1536MiB"))!;
        Assert.Equal(("https://lake.blob.core.windows.net", "https://state.blob.core.windows.net", "11"), (settings.Data.Address, settings.State.Address, settings.ClientId));
        Assert.Equal((100, 1536L << 20, 1), (settings.Host.Parallel, settings.Host.LargestMemory, settings.Host.WorkersHere));
        Assert.True(settings.Data.NeedsToken);
    }

    [Theory]
    [InlineData("UseDevelopmentStorage=true", "http://127.0.0.1:10000/devstoreaccount1")]
    [InlineData(Azurite, "http://127.0.0.1:21000/devstoreaccount1")]
    public void Azurite_IsFoundWhereItIs(string connection, string address)
    {
        var settings = Read(out _, ("DataStorage", connection), ("StateStorage", connection), ("DataContainer", "lake"))!;
        Assert.Equal((address, address, null), (settings.Data.Address, settings.State.Address, settings.ClientId));
        Assert.False(settings.Data.NeedsToken);
    }

    [Fact]
    public void Faults_AreToldAllAtOnce_WithoutSecrets()
    {
        Assert.Null(Read(out var faults, ("DataStorage", "DefaultEndpointsProtocol=https;AccountName=lake;AccountKey=c2VjcmV0a2V5;EndpointSuffix=core.windows.net"),
            ("StateStorage__blobServiceUri", "https://state.blob.core.windows.net/?sv=1&sig=c2VjcmV0a2V5"), ("Fanfold__Parallel", "0"), ("Fanfold__MaxMemory", "much"), ("Fanfold__Scratch", "/nowhere/at/all")));
        Assert.Equal(["DataStorage", "StateStorage__blobServiceUri", "DataContainer", "Fanfold__Parallel", "Fanfold__MaxMemory", "Fanfold__Scratch"], faults.Select(static fault => fault.Split([' ', ':'])[0]));
        Assert.DoesNotContain(faults, static fault => fault.Contains("c2VjcmV0a2V5", StringComparison.Ordinal));
    }

    [Fact]
    public void AccountOnAnotherMachine_IsNoAzurite()
    {
        Assert.Null(Read(out var faults, ("DataStorage", Azurite.Replace("127.0.0.1", "10.0.0.1", StringComparison.Ordinal)), ("StateStorage", ""), ("DataContainer", "lake")));
        Assert.Equal(2, faults.Count);
    }
}
