using System.CommandLine;
using Fanfold.LocalHost.Serving;
using Fanfold.Storage;
using Fanfold.Workflow.Triggers;

namespace Fanfold.LocalHost.Verbs;

/// <summary>Options that say which objects <c>serve</c> takes for requests to run something.</summary>
sealed class WatchOptions
{
    const int MaxSeconds = 86_400;

    public Option<bool> Off { get; } = new("--no-watch") { Description = "Start no runs for objects that arrive." };

    public Option<string> Interval { get; } = new("--watch-interval")
    {
        Description = "How often to look for requests/*.run.json in the state store and for _SUCCESS in the data. What was the same in two looks is taken.", HelpName = "TIME", DefaultValueFactory = _ => "2s",
    };

    public Option<string[]> Folders { get; } = new("--watch-data")
    {
        Description = "A folder of the data store where _SUCCESS beside a _run.json starts a run; may be repeated. Default: the whole of a directory, nothing of a blob service.", HelpName = "FOLDER",
    };

    public WatchOptions()
    {
        Interval.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && DurationText.Parse(text) is not { TotalSeconds: >= 1 and <= MaxSeconds })
                result.AddError($"--watch-interval '{TerminalText.Safe(text)}': write a time from 1s to 24h, such as 2s.");
        });
        Folders.Validators.Add(result =>
        {
            foreach (var folder in result.GetValueOrDefault<string[]>() ?? [])
            {
                if (!IsFolder(folder)) result.AddError($"--watch-data '{TerminalText.Safe(Secrets.Hide(folder))}': write the path of a folder in the data store, such as lake/trips.");
            }
        });
    }

    /// <summary>Watches until it is stopped.</summary>
    public Task WatchAsync(ParseResult parsed, Stores stores, RunTriggers triggers, Action<string> log, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Off)) return Task.CompletedTask;
        var interval = DurationText.Parse(parsed.GetValue(Interval)!)!.Value;
        string[] folders = parsed.GetValue(Folders) is { Length: > 0 } named ? named : stores.DataLocation.IsBlob ? [] : [""];
        TriggerWatch[] watches =
        [
            new(stores.State, RunTrigger.Requests, RunTrigger.OfState, triggers.OnStateAsync, TimeProvider.System, log),
            .. folders.Select(folder => new TriggerWatch(stores.Data, folder, RunTrigger.OfData, triggers.OnDataAsync, TimeProvider.System, log)),
        ];
        return Task.WhenAll(watches.Select(watch => watch.WatchAsync(interval, cancellationToken)));
    }

    static bool IsFolder(string folder)
    {
        try
        {
            return folder.Length > 0 && !folder.Contains("://", StringComparison.Ordinal) && ObjectPath.Validate(folder) == folder;
        }
        catch (StorageException)
        {
            return false;
        }
    }
}
