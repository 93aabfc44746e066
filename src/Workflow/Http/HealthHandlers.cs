using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /api/health</c>: 200 when both stores answer, 503 when one does not.</summary>
public static class HealthHandlers
{
    // Nothing is there; a store that says so is well. A blob store's containers are named by specs and by the first put; a missing directory is no store.
    const string Probe = "fanfold/health";

    const string RetryAfterSeconds = "5";

    public static async Task<IResult> GetAsync(HttpContext http, ApiContext api)
    {
        var state = await LookAsync(api.State, http.RequestAborted);
        var data = ReferenceEquals(api.Data, api.State) ? state : await LookAsync(api.Data, http.RequestAborted);
        var healthy = data.Reachable && state.Reachable;
        if (!healthy) http.Response.Headers.RetryAfter = RetryAfterSeconds;
        var version = typeof(HealthHandlers).Assembly.GetName().Version!.ToString(3);
        return Answer.Of(new HealthDocument(healthy ? "healthy" : "unhealthy", version, api.Worker, data, state), ApiJson.Default.HealthDocument, healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    static async Task<StoreHealth> LookAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in store.ListAsync(Probe, cancellationToken)) break;
            return new StoreHealth(true, null);
        }
        catch (StorageException failure)
        {
            return new StoreHealth(false, Problem.Hidden(RunActivities.StorageError(failure)));
        }
    }
}
