using System.CommandLine;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold purge</c></summary>
static class PurgeVerb
{
    public static Command Create()
    {
        var age = new Option<string>("--older-than") { Description = "Purge runs that ended, or were last driven, so long ago: 30d, 12h, 45m or 0s.", HelpName = "AGE", Required = true };
        var within = new Option<string>("--within") { Description = "Begin no further run after so long; another call goes on.", HelpName = "TIME", DefaultValueFactory = _ => "5m" };
        var store = CommonOptions.Store();
        var json = CommonOptions.Json();
        foreach (var option in (Option<string>[])[age, within]) DurationText.Check(option);
        var command = new Command("purge", "Remove the state of old runs, and what shared scans kept for later ones. Results and manifests stay, and so does whatever is being driven.") { age, within, store, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var purge = await RunPurge.RunAsync(new Stores(parsed.GetValue(store), null).State, TimeProvider.System, DurationText.Parse(parsed.GetValue(age)!)!.Value, DurationText.Parse(parsed.GetValue(within)!)!.Value, cancellationToken);
            if (parsed.GetValue(json)) CommandJson.Write(new PurgeDocument(purge.Purged, purge.Kept, purge.IsComplete, purge.Slices), CommandJson.Default.PurgeDocument);
            else Console.WriteLine($"{purge.Purged.Count} runs purged, {purge.Kept} kept, {purge.Slices} kept states of shared scans removed{(purge.IsComplete ? "" : "; the time was up before all were looked at: call again")}");
            return ExitCode.Succeeded;
        });
        return command;
    }
}
