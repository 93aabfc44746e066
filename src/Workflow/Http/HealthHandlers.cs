using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /api/health</c>: 200 when both stores answer, 503 when one does not.</summary>
public static class HealthHandlers
{
    // Nothing is there; a store that says so is well.
    const string Probe = "fanfold/health";

    public static async Task<IResult> GetAsync(HttpContext http, ApiContext api)
    {
        var state = await LookAsync(api.State, http.RequestAborted);
        var data = ReferenceEquals(api.Data, api.State) ? state : await LookAsync(api.Data, http.RequestAborted);
        var healthy = data.Reachable && state.Reachable;
        var version = typeof(HealthHandlers).Assembly.GetName().Version!.ToString(3);
        return Answer.Of(new HealthDocument(healthy ? "healthy" : "unhealthy", version, api.Worker, data, state), ApiJson.Default.HealthDocument, healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    static async Task<StoreHealth> LookAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.OpenAsync(Probe, cancellationToken) is { } reader) await reader.DisposeAsync();
            return new StoreHealth(true, null);
        }
        // The first put makes what is missing.
        catch (StorageException missing) when (missing.Failure == StorageFailure.NotFound)
        {
            return new StoreHealth(true, null);
        }
        catch (StorageException failure)
        {
            var error = RunActivities.StorageError(failure);
            return new StoreHealth(false, error with { Message = Secrets.Hide(error.Message) });
        }
    }
}
