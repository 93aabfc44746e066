using System.Collections.Concurrent;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Triggers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Fanfold.Functions;

/// <summary>What the functions of this process share.</summary>
/// <param name="worker">What runs its tasks, as health shows it: native or dotnet.</param>
public sealed class App(AppSettings settings, IObjectStore data, IObjectStore state, ITaskIsolation isolation, string worker, TimeProvider time, ILogger<App> log)
{
    const int RunsKept = 16;

    readonly ConcurrentDictionary<RunPaths, RunActivities> _runs = [];
    readonly ProcessTries _tries = new();

    public TimeProvider Time => time;

    /// <summary>Runs an activity of a run.</summary>
    public Task<JsonElement> RunAsync(string activity, JsonElement input, CancellationToken cancellationToken)
    {
        var paths = RunPayload.PathsOf(input);
        // What was kept of a run that was purged since is not that of the one that has its id now.
        if (activity == nameof(RunActivities.BeginDrive)) _runs.TryRemove(paths, out _);
        return ActivitiesOf(paths).InvokeAsync(activity, input, paths, cancellationToken);
    }

    /// <summary>Answers a request by a handler of the API.</summary>
    /// <param name="ending">Ends an answer that takes its time: a host that goes down does not wait for it.</param>
    public async Task<IActionResult> AnswerAsync(HttpRequest request, DurableTaskClient client, Func<ApiContext, Task<IResult>> handle, CancellationToken ending = default)
    {
        var http = request.HttpContext;
        var caller = http.RequestAborted;
        using var aborted = CancellationTokenSource.CreateLinkedTokenSource(caller, ending);
        http.RequestAborted = aborted.Token;
        try
        {
            await (await handle(Api(client))).ExecuteAsync(http);
        }
        // Nobody is left to hear it.
        catch (OperationCanceledException) when (caller.IsCancellationRequested) { }
        catch (OperationCanceledException) when (ending.IsCancellationRequested && !http.Response.HasStarted)
        {
            http.Response.Headers.RetryAfter = "10";
            return new StatusCodeResult(StatusCodes.Status503ServiceUnavailable);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // What was begun must not look whole.
            http.Abort();
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            var problem = Problem.Of(failure);
            if (problem.Status == StatusCodes.Status500InternalServerError) Log.Bug(log, Secrets.Hide(failure.ToString()));
            http.Response.Clear();
            await problem.ExecuteAsync(http);
        }
        finally
        {
            // The token of this method ends with it; the request does not.
            http.RequestAborted = caller;
        }
        // The answer is written.
        return new EmptyResult();
    }

    /// <summary>What objects ask for when they arrive.</summary>
    public RunTriggers Triggers(DurableTaskClient client) => new(data, state, Host(client), time);

    public ApiContext Api(DurableTaskClient client) =>
        new(data, state, settings.Data, settings.State, isolation, Host(client), time, worker);

    DurableRunHost Host(DurableTaskClient client) => new(client, state, time);

    // Kept from task to task for the plan that they all read.
    RunActivities ActivitiesOf(RunPaths paths)
    {
        if (_runs.Count > RunsKept) _runs.Clear();
        return _runs.GetOrAdd(paths, _ => new RunActivities(data, state, settings.Data, settings.State, isolation, time, settings.Host, driver: DurableRunHost.InstanceId(paths), _tries));
    }
}
