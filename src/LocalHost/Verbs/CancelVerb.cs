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
        var json = CommonOptions.Json();
        var command = new Command("cancel", "Cancel a run and wait until it has ended; what is done is kept for a redrive.") { run, store, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, asJson) = (parsed.GetValue(run)!, parsed.GetValue(json));
            var stores = new Stores(parsed.GetValue(store), null);
            var record = RunPaths.IsRunId(id) ? await RunStarter.ReadRecordAsync(stores.State, id, TimeProvider.System, cancellationToken) : null;
            if (record is null) return SpecFile.Refuse([LocalRun.NotFound(id)], asJson);
            if (record.Summary is null) await CancelSignal.SetAsync(stores.State, new RunPaths(id, record.Redrive), TimeProvider.System, cancellationToken);
            // Ends it here where nothing else drives it.
            var outcome = await LocalRun.GoOnAsync(new RunOptions(stores, id, CommonOptions.Worker(null), MachineOptions.Default, Fresh: false), redrives: false, cancellationToken);
            if (outcome.Summary is null) return outcome.Print(asJson);
            if (outcome.Summary.Status == RunStatus.Cancelled)
            {
                outcome.Print(asJson);
                return ExitCode.Succeeded;
            }
            return SpecFile.Refuse([new RunError("run-finished", $"The run '{id}' had ended before it could be cancelled; `fanfold status {id}` shows how.")], asJson);
        });
        return command;
    }
}
