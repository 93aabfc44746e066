using System.CommandLine;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold cancel RUN</c></summary>
static class CancelVerb
{
    public static Command Create()
    {
        var run = CommonOptions.Run();
        var store = CommonOptions.Store();
        var endpoint = EndpointOption.Create();
        var json = CommonOptions.Json();
        var command = new Command("cancel", "Cancel a run and wait until it has ended; what is done is kept for a redrive.") { run, store, endpoint, json };
        EndpointOption.Exclude(command, endpoint, store);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, asJson) = (parsed.GetValue(run)!, parsed.GetValue(json));
            if (parsed.GetValue(endpoint) is { } host) return await CancelThereAsync(host, id, asJson, cancellationToken);
            var stores = new Stores(parsed.GetValue(store), null);
            var record = RunPaths.IsRunId(id) ? await RunStarter.ReadRecordAsync(stores.State, id, TimeProvider.System, cancellationToken) : null;
            if (record is null) return SpecFile.Refuse([stores.NotFound(id)], asJson);
            if (record.Summary is null) await CancelSignal.SetAsync(stores.State, new RunPaths(id, record.Redrive), TimeProvider.System, cancellationToken);
            // Ends it here where nothing else drives it.
            var outcome = await LocalRun.GoOnAsync(new RunOptions(stores, id, CommonOptions.Worker(null), MachineOptions.Default, Fresh: false), redrives: false, cancellationToken);
            return Show(id, outcome, asJson);
        });
        return command;
    }

    static Task<int> CancelThereAsync(string endpoint, string id, bool json, CancellationToken cancellationToken) => RemoteRun.AskAsync(endpoint, id, json, async run =>
    {
        run.Seen(await run.Client.CancelAsync(id, cancellationToken));
        var ended = await run.WaitAsync(null, cancellationToken);
        return Show(id, new RunOutcome(ended!.Summary, ended.Summary!.Errors ?? []), json);
    }, cancellationToken);

    static int Show(string id, RunOutcome outcome, bool json)
    {
        if (outcome.Summary is null) return outcome.Print(json);
        if (outcome.Summary.Status != RunStatus.Cancelled) return SpecFile.Refuse([new RunError("run-finished", $"The run '{id}' had ended before it could be cancelled; `fanfold status {id}` shows how.")], json);
        // That it is cancelled is no error here.
        (outcome with { Errors = [] }).Print(json);
        return ExitCode.Succeeded;
    }
}
