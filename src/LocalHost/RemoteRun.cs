using Fanfold.Client;
using Fanfold.LocalHost.Verbs;
using Fanfold.Workflow.Running;
using RunError = Fanfold.Workflow.Running.RunError;

namespace Fanfold.LocalHost;

/// <summary>A run of another host: what is said there is shown, and ends the command, as if it were here.</summary>
/// <param name="json">Whether stdout gets documents.</param>
sealed class RemoteRun(RunsClient client, string runId, bool json)
{
    RunRecord? _last;

    public RunsClient Client => client;

    /// <summary>Does something with a run of the host at <paramref name="endpoint"/>; returns the exit code, also of what the host refuses.</summary>
    public static async Task<int> AskAsync(string endpoint, string runId, bool json, Func<RemoteRun, Task<int>> ask, CancellationToken cancellationToken)
    {
        if (!RunPaths.IsRunId(runId)) return SpecFile.Refuse([Stores.NoId(runId)], json);
        var run = new RemoteRun(EndpointOption.Client(endpoint), runId, json);
        try
        {
            return await ask(run);
        }
        catch (RunsApiException refused)
        {
            return SpecFile.Refuse(RemoteRecord.Errors(refused), json, run.Stopped);
        }
        catch (Exception gone) when (gone is HttpRequestException or HttpIOException || gone is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return SpecFile.Refuse([new RunError(RemoteRecord.Unreachable, $"The host can't be reached ({gone.Message.TrimEnd('.')}). Is `fanfold serve` running there, or the app started?{run.Left}")], json, run.Stopped);
        }
        catch (OperationCanceledException) when (run._last is not null)
        {
            return SpecFile.Refuse([new RunError("interrupted", $"Nothing waits any more.{run.Left}")], json, run.Stopped);
        }
    }

    /// <summary>Shows progress until the run has ended.</summary>
    /// <param name="timeout">Null to wait for ever.</param>
    /// <returns>Null when the time was up before.</returns>
    public async Task<RunRecord?> WaitAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout is { } time) waiting.CancelAfter(time);
        await using var display = new ProgressDisplay();
        try
        {
            return Seen(await client.WaitAsync(runId, run =>
            {
                Seen(run);
                if (RemoteRecord.Progress(run) is { } progress) display.Report(progress);
            }, waiting.Token));
        }
        catch (OperationCanceledException) when (timeout is not null && waiting.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Waits for the end and shows it; returns the exit code.</summary>
    public async Task<int> EndAsync(Run run, CancellationToken cancellationToken) => Show((Seen(run).Summary is null ? await WaitAsync(null, cancellationToken) : Seen(run))!);

    public int Show(RunRecord ended) => new RunOutcome(ended.Summary, ended.Summary?.Errors ?? []).Print(json);

    public RunRecord Seen(Run run) => _last = RemoteRecord.Of(run);

    StoppedRun? Stopped => _last is { Summary: null } last ? new StoppedRun(last.RunId, last.Status) : null;

    string Left => Stopped is null ? "" : $" The run '{runId}' goes on there: `fanfold watch {runId}` with the same --endpoint follows it.";
}
