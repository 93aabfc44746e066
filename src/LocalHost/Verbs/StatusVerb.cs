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
        var json = CommonOptions.Json();
        var command = new Command("status", "Show where a run stands.") { run, store, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var id = parsed.GetValue(run)!;
            var record = RunPaths.IsRunId(id) ? await RunStarter.ReadRecordAsync(new Stores(parsed.GetValue(store), null).State, id, TimeProvider.System, cancellationToken) : null;
            if (record is null) return SpecFile.Refuse([LocalRun.NotFound(id)], parsed.GetValue(json));
            if (parsed.GetValue(json)) CommandJson.Write(record, CommandJson.Default.RunRecord);
            else if (record.Summary is { } summary) SummaryView.Print(summary);
            else Console.WriteLine($"run {record.RunId}: {System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(record.Status.ToString())} since {record.StartedAt:u}{(record.Stalled ? "; nothing has driven it for a while: go on with `fanfold run` of the same spec and id, or `fanfold redrive`" : "")}");
            return ExitCode.Succeeded;
        });
        return command;
    }
}
