using System.Net;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Tests.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Tests.Http;

public sealed class HealthApiTests
{
    [Fact]
    public async Task Health_ReachableStores_IsHealthy()
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        var reply = await api.GetAsync("/api/health");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal("healthy", reply.Json.GetProperty("status").GetString());
        Assert.Equal("in process", reply.Json.GetProperty("worker").GetString());
        Assert.True(reply.Json.GetProperty("state").GetProperty("reachable").GetBoolean());
        Assert.Null(reply.Header("Retry-After"));
    }

    [Theory]
    [InlineData(StorageFailure.AccessDenied, "access-denied")]
    [InlineData(StorageFailure.Unreachable, "storage-unreachable")]
    [InlineData(StorageFailure.NotFound, "store-not-found")]
    public async Task Health_StoreThatDoesNotAnswer_IsUnhealthy(StorageFailure failure, string code)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        api.Harness.Store.Hook = call => throw new StorageException(failure, call.Path, "it said no");
        var reply = await api.GetAsync("/api/health");
        api.Harness.Store.Hook = null;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.Status);
        Assert.Equal("unhealthy", reply.Json.GetProperty("status").GetString());
        Assert.Equal(code, reply.Json.GetProperty("state").GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("5", reply.Header("Retry-After"));
    }

    /// <summary>A directory that is not there is told, whichever store it is.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Health_MissingDirectory_IsUnhealthy(bool isState)
    {
        var harness = new RunHarness();
        var missing = new DirectoryObjectStore(Path.Combine(Path.GetTempPath(), "fanfold-none-" + Guid.NewGuid().ToString("N")));
        var api = new ApiContext(isState ? harness.Store : missing, isState ? missing : harness.Store, new StoreLocation("/data"), new StoreLocation("/state"), harness.Isolation, new Idle(), TimeProvider.System, "in process");
        var http = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        await (await HealthHandlers.GetAsync(http, api)).ExecuteAsync(http);
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, http.Response.StatusCode);
        http.Response.Body.Position = 0;
        var health = JsonDocument.Parse(http.Response.Body).RootElement;
        Assert.Equal("store-not-found", health.GetProperty(isState ? "state" : "data").GetProperty("error").GetProperty("code").GetString());
        Assert.True(health.GetProperty(isState ? "data" : "state").GetProperty("reachable").GetBoolean());
    }

    sealed class Idle : IRunHost
    {
        public ValueTask DriveAsync(string runId, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
