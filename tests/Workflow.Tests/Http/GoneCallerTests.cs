using System.Text;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>A caller that goes away while its wish is put on record leaves no run behind that nobody drives.</summary>
public sealed class GoneCallerTests : IRunHost
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly RunHarness _harness = new();
    readonly List<string> _driven = [];

    public ValueTask DriveAsync(string runId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _driven.Add(runId);
        return ValueTask.CompletedTask;
    }

    /// <summary>Asks, and goes away once something was put.</summary>
    async Task AskAsync(string method, RouteHandler handler, string body = "")
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var http = new DefaultHttpContext { RequestAborted = gone.Token };
        http.Request.Method = method;
        http.Request.ContentType = "application/json";
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        var store = new StoreOfAGoneCaller(_harness.Store, gone);
        var api = new ApiContext(store, store, new StoreLocation("/data"), new StoreLocation("/state"), _harness.Isolation, this, TimeProvider.System, "in process");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await (await handler("one", http, api)).ExecuteAsync(http));
        Assert.True(gone.IsCancellationRequested);
    }

    [Fact]
    public async Task Start_OfACallerThatHasGone_IsDriven()
    {
        await AskAsync("PUT", RunHandlers.PutAsync, RunHarness.Spec().ToJson());
        Assert.Equal(["one"], _driven);
    }

    [Fact]
    public async Task CancelAndRedrive_OfACallerThatHasGone_AreDriven()
    {
        await _harness.StartAsync("one", RunHarness.Spec());
        await AskAsync("POST", RunHandlers.CancelAsync);
        Assert.Equal(["one"], _driven);
        Assert.Equal(RunStatus.Cancelled, (await _harness.GoOnAsync("one", redrives: false))!.Status);
        await AskAsync("POST", RunHandlers.RedriveAsync);
        Assert.Equal(["one", "one"], _driven);
    }

    /// <summary>Its callers go away with each put, which takes effect all the same.</summary>
    sealed class StoreOfAGoneCaller(IObjectStore store, CancellationTokenSource gone) : IObjectStore
    {
        public async Task<ObjectProperties> PutAsync(string path, Stream content, PutCondition condition, CancellationToken cancellationToken = default)
        {
            var put = await store.PutAsync(path, content, condition, cancellationToken);
            await gone.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            return put;
        }

        public IAsyncEnumerable<ObjectProperties> ListAsync(string folder, CancellationToken cancellationToken = default) => store.ListAsync(folder, cancellationToken);

        public Task<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) => store.OpenAsync(path, cancellationToken);

        public Task<IObjectReader> OpenAsync(ObjectProperties version, CancellationToken cancellationToken = default) => store.OpenAsync(version, cancellationToken);

        public void CheckPath(string path) => store.CheckPath(path);

        public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => store.DeleteAsync(path, cancellationToken);

        public Task DeleteVersionAsync(string path, string etag, CancellationToken cancellationToken = default) => store.DeleteVersionAsync(path, etag, cancellationToken);

        public Task<IObjectLease?> TryLeaseAsync(string path, CancellationToken cancellationToken = default) => store.TryLeaseAsync(path, cancellationToken);
    }
}
