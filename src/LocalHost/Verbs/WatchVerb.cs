using System.CommandLine;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold watch RUN</c></summary>
static class WatchVerb
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var run = CommonOptions.Run();
        var store = CommonOptions.Store();
        var timeout = new Option<string?>("--timeout") { Description = "Stop waiting after so long, with exit code 7; the run goes on. Default: never.", HelpName = "TIME" };
        var endpoint = EndpointOption.Create();
        var json = CommonOptions.Json();
        DurationText.Check(timeout);
        var command = new Command("watch", "Show a run's progress until it has ended, and then its summary; drives nothing.") { run, store, timeout, endpoint, json };
        EndpointOption.Exclude(command, endpoint, store);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, asJson) = (parsed.GetValue(run)!, parsed.GetValue(json));
            var within = parsed.GetValue(timeout) is { } text ? DurationText.Parse(text) : null;
            if (parsed.GetValue(endpoint) is { } host)
                return await RemoteRun.AskAsync(host, id, asJson, async there => await there.WaitAsync(within, cancellationToken) is { } ended ? there.Show(ended) : Late(id, asJson), cancellationToken);
            return await WatchHereAsync(new Stores(parsed.GetValue(store), null), id, within, asJson, cancellationToken);
        });
        return command;
    }

    static async Task<int> WatchHereAsync(Stores stores, string id, TimeSpan? timeout, bool json, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout is { } time) waiting.CancelAfter(time);
        try
        {
            if (!RunPaths.IsRunId(id) || await EndAsync(stores, id, waiting.Token) is not { Summary: { } summary }) return SpecFile.Refuse([stores.NotFound(id)], json);
            return new RunOutcome(summary, summary.Errors ?? []).Print(json);
        }
        catch (OperationCanceledException)
        {
            return cancellationToken.IsCancellationRequested ? SpecFile.Refuse([new RunError("interrupted", "Nothing waits any more; the run is as it was.")], json) : Late(id, json);
        }
    }

    /// <summary>The record once it has a summary; null when there is no such run, or none any more.</summary>
    static async Task<RunRecord?> EndAsync(Stores stores, string id, CancellationToken cancellationToken)
    {
        await using var display = new ProgressDisplay();
        var isStalled = false;
        while (await RunStarter.ReadRecordAsync(stores.State, id, TimeProvider.System, cancellationToken) is { } record)
        {
            if (record.Summary is not null) return record;
            if (record.Progress is { } progress) display.Report(progress);
            if (record.Stalled && !isStalled) await Console.Error.WriteLineAsync($"nothing drives run {id}: `fanfold redrive {id}` goes on with it");
            isStalled = record.Stalled;
            await Task.Delay(Interval, cancellationToken);
        }
        return null;
    }

    static int Late(string id, bool json) => SpecFile.Refuse([new RunError("wait-timed-out", $"The run '{id}' had not ended in time; it is not stopped.")], json);
}
