using System.CommandLine;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold status RUN</c></summary>
static class StatusVerb
{
    public static Command Create()
    {
        var run = CommonOptions.Run();
        var store = CommonOptions.Store();
        var endpoint = EndpointOption.Create();
        var json = CommonOptions.Json();
        var command = new Command("status", "Show where a run stands.") { run, store, endpoint, json };
        EndpointOption.Exclude(command, endpoint, store);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, asJson) = (parsed.GetValue(run)!, parsed.GetValue(json));
            if (parsed.GetValue(endpoint) is { } host) return await RemoteRun.AskAsync(host, id, asJson, async there => Show(there.Seen(await there.Client.GetAsync(id, cancellationToken)), asJson), cancellationToken);
            var stores = new Stores(parsed.GetValue(store), null);
            var record = RunPaths.IsRunId(id) ? await RunStarter.ReadRecordAsync(stores.State, id, TimeProvider.System, cancellationToken) : null;
            return record is null ? SpecFile.Refuse([stores.NotFound(id)], asJson) : Show(record, asJson);
        });
        return command;
    }

    static int Show(RunRecord record, bool json)
    {
        if (json) CommandJson.Write(record, CommandJson.Default.RunRecord);
        else if (record.Summary is { } summary)
        {
            SpecFile.PrintErrors(summary.Errors ?? []);
            SummaryView.Print(summary);
        }
        else Console.WriteLine(TerminalText.Safe($"run {record.RunId}: {System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(record.Status.ToString())} since {record.StartedAt:u}{Progress(record.Progress)}{SignOfLife(record)}"));
        return ExitCode.Succeeded;
    }

    static string Progress(RunProgress? progress) => progress switch
    {
        null => "",
        { TasksTotal: 0 } => $"; {progress.Phase}",
        _ => $"; {progress.Phase}: {progress.TasksDone} of {progress.TasksTotal} tasks, {progress.TasksFailed} failed, {TerminalText.Bytes(progress.BytesRead)} read, {TerminalText.Count(progress.RowsDecoded)} rows decoded",
    };

    static string SignOfLife(RunRecord record)
    {
        if (record.Stalled) return "; nothing has driven it for a while: go on with `fanfold run` of the same spec and id, or `fanfold redrive`";
        var silence = TimeProvider.System.GetUtcNow() - record.HeartbeatAt;
        return silence > 2 * RunRecord.HeartbeatInterval ? $"; no sign of life for {silence.Value.TotalSeconds:0} s" : "";
    }
}
