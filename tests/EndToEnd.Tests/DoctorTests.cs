namespace Fanfold.EndToEnd.Tests;

/// <summary>Whether what is there can run something.</summary>
public sealed class DoctorTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Doctor_WhereAllIsWell_SaysSoAndLeavesNothing(StoreKind kind)
    {
        await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);

        var outcome = (await _fanfold.CallAsync("doctor", "--store", store.Name, "--json")).Exits(0);

        Assert.True((bool)outcome.Json["ok"]!);
        Assert.Equal(["data store", "state store", "worker", "machine"], outcome.Json["checks"]!.AsArray().Select(check => (string)check!["name"]!));
        Assert.Empty(await store.ListAsync("fanfold"));
    }

    [Fact]
    public async Task Doctor_FolderThatIsNotThere_IsNotMade()
    {
        var folder = Path.Combine(_fanfold.Folder, "nowhere");
        Assert.Contains("store-not-found", (await _fanfold.CallAsync("doctor", "--store", folder)).Exits(4).Stdout, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Doctor_WorkerThatIsNone_IsNamed()
    {
        Directory.CreateDirectory(_fanfold.Store);
        Assert.Contains("worker-not-usable", (await _fanfold.CallAsync("doctor", "--store", _fanfold.Store, "--worker", "/bin/true")).Exits(1).Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_StoreThatIsNotThere_SaysWhichAndWhatToDo()
    {
        var outcome = (await _fanfold.CallAsync("doctor", "--store", "http://127.0.0.1:9/devstoreaccount1", "--json")).Exits(6);

        var check = outcome.Json["checks"]!.AsArray()[0]!;
        Assert.Equal(("data store", "storage-unreachable"), ((string)check["name"]!, (string)check["error"]!["code"]!));
    }
}
