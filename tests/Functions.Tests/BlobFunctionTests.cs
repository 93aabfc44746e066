using System.Text;
using Azure.Storage.Blobs;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanfold.Functions.Tests;

/// <summary>Blobs that ask for runs, told of in every way that the host tells.</summary>
public class BlobFunctionTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Nothing is asked of it: the app has stores of its own.
    static BlobClient Blob(string path) => new(new Uri($"http://127.0.0.1:1/devstoreaccount1/{path}"));

    static async Task PutAsync(World world, string path, string content) => await world.Store.PutAsync(path, Encoding.UTF8.GetBytes(content), PutCondition.None, Cancellation);

    [Fact]
    public async Task Request_ToldOfFiveTimes_StartsOneRun_ThatGoesToItsEnd()
    {
        var world = new World();
        await world.WriteDataAsync(3);
        await PutAsync(world, "requests/daily.run.json", World.Spec().ToJson());
        var functions = new BlobFunctions(world.App, NullLogger<BlobFunctions>.Instance);
        for (var time = 0; time < 3; time++) await functions.StartByRequest(Blob("requests/daily.run.json"), world.Durable, Cancellation);
        for (var time = 0; time < 2; time++) await functions.StartByRequestEvent(Blob("requests/daily.run.json"), world.Durable, Cancellation);
        var run = Assert.Single(world.Durable.Scheduled);
        await world.Durable.RunAsync(run);
        await functions.StartByRequest(Blob("requests/daily.run.json"), world.Durable, Cancellation);
        Assert.Single(world.Durable.Scheduled);
        Assert.Equal(RunStatus.Succeeded, (await world.RecordAsync(run)).Status);
    }

    [Fact]
    public async Task FolderThatLanded_StartsOneRun()
    {
        var world = new World();
        await world.WriteDataAsync(3);
        await PutAsync(world, "lake/_run.json", World.Spec().ToJson());
        await PutAsync(world, "lake/_SUCCESS", "");
        var functions = new BlobFunctions(world.App, NullLogger<BlobFunctions>.Instance);
        await functions.StartBySuccess(Blob("lake/_SUCCESS"), world.Durable, Cancellation);
        await functions.StartBySuccessEvent(Blob("lake/_SUCCESS"), world.Durable, Cancellation);
        await world.Durable.RunAsync(Assert.Single(world.Durable.Scheduled));
        Assert.NotNull(await world.ReadAsync(World.Output));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"version\": 1, \"source\": { \"pa")]
    public async Task RequestThatIsNotWhole_IsRefusedBesideIt_AndNoFailure(string content)
    {
        var world = new World();
        await PutAsync(world, "requests/daily.run.json", content);
        await new BlobFunctions(world.App, NullLogger<BlobFunctions>.Instance).StartByRequest(Blob("requests/daily.run.json"), world.Durable, Cancellation);
        Assert.Empty(world.Durable.Scheduled);
        Assert.Contains("\"errors\"", Encoding.UTF8.GetString((await world.ReadAsync("requests/daily.error.json"))!), StringComparison.Ordinal);
    }
}
