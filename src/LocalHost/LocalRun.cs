using System.Security.Cryptography;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost;

/// <param name="Worker">Runs the tasks; null for this process.</param>
sealed record RunOptions(Stores Stores, string RunId, WorkerCommand? Worker, HostCapacity Host, bool Fresh);

/// <summary>Starts, continues, redrives or follows a run here and waits for its end.</summary>
static class LocalRun
{
    public static Task<RunOutcome> RunAsync(RunSpec spec, RunOptions options, CancellationToken cancellationToken) => SeeToEndAsync(options, async (driver, onFollow, onProgress) =>
        await driver.RunAsync(options.RunId, spec, options.Fresh, onFollow, onProgress, cancellationToken) switch
        {
            RunStart.Finished finished => Ended(finished.Summary),
            RunStart.Conflict conflict => new RunOutcome(null, [conflict.Error]),
            var other => throw new InvalidOperationException($"a run can't stay {other}"),
        }, cancellationToken);

    /// <summary>Goes on with a run that is there, under another drive of its own or not.</summary>
    public static Task<RunOutcome> GoOnAsync(RunOptions options, bool redrives, CancellationToken cancellationToken) => SeeToEndAsync(options, async (driver, onFollow, onProgress) =>
        await driver.GoOnAsync(options.RunId, redrives, onFollow, onProgress, cancellationToken) is { } summary ? Ended(summary) : new RunOutcome(null, [options.Stores.NotFound(options.RunId)]), cancellationToken);

    // A process that loses its lease and gets it back goes on with a drive that was its own before.
    static readonly string Process = RandomNumberGenerator.GetHexString(16, lowercase: true);

    static readonly ProcessTries Tries = new();

    // A worker whose host is gone ends within moments, and takes its try back.
    static readonly TimeSpan WorkersOutlive = TimeSpan.FromSeconds(5);

    static RunOutcome Ended(RunSummary summary) => new(summary, summary.Errors ?? []);

    static async Task<RunOutcome> SeeToEndAsync(RunOptions options, Func<RunDriver, Action, Action<RunProgress>, Task<RunOutcome>> see, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync($"run {options.RunId}");
        await using var display = new ProgressDisplay();
        var driver = new RunDriver(options.Stores.State, TimeProvider.System, (request, onProgress, token) => DriveAsync(request, options.Stores, options.Worker, options.Host, onProgress, token));
        try
        {
            var outcome = await see(driver, static () => Console.Error.WriteLine("another process drives this run; following it, and taking over should it die"), display.Report);
            return outcome with { Next = Next(outcome.Summary) };
        }
        catch (RunStoppedException stopped)
        {
            return Stopped("stopped", stopped.Error);
        }
        catch (StorageException failure) when (driver.Status is not null)
        {
            return Stopped("stopped", RunActivities.StorageError(failure));
        }
        catch (OperationCanceledException) when (driver.Status is not null && cancellationToken.IsCancellationRequested)
        {
            return Stopped("interrupted");
        }

        string? Next(RunSummary? summary) => summary switch
        {
            null => null,
            _ when driver.Status is null or RunStatus.Succeeded => "the run had ended before: nothing was run, and this is what it came to",
            { Status: not RunStatus.Succeeded, Tasks.Total: > 0 } => $"what is done is kept, and the rest is done again by: fanfold redrive {options.RunId}{options.Stores.Arguments}",
            _ => null,
        };

        RunOutcome Stopped(string code, params RunError[] causes) => new(null,
            [.. causes, new RunError(code, $"The run '{options.RunId}' was stopped before its end. What is done is kept: the same spec with --run-id {options.RunId}{options.Stores.Arguments} goes on from there.")],
            new StoppedRun(options.RunId, driver.Status!.Value));
    }

    /// <param name="worker">As <see cref="RunOptions"/> has it.</param>
    public static Task<RunEnd> DriveAsync(RunRequest request, Stores stores, WorkerCommand? worker, HostCapacity host, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        ITaskIsolation isolation = worker is not null ? new ProcessIsolation(worker, stores.Identity) : new InProcessIsolation(stores.Data, stores.State);
        var activities = new RunActivities(
            stores.Data, stores.State, stores.DataLocation, stores.StateLocation, isolation, TimeProvider.System, host with { WorkersOutlive = WorkersOutlive }, driver: $"{Process}-{request.Redrive}", Tries);
        return LocalEngine.RunAsync(new Drive(stores.State, activities.InvokeAsync, token => activities.IsCancelledAsync(request.Paths, token), TimeProvider.System, onProgress), request, cancellationToken);
    }
}

/// <param name="Summary">Null when the run did not come to an end here.</param>
/// <param name="Stopped">Null when no run is left that can go on.</param>
/// <param name="Next">What is to be known or done about the summary; null for nothing.</param>
sealed record RunOutcome(RunSummary? Summary, IReadOnlyList<RunError> Errors, StoppedRun? Stopped = null, string? Next = null)
{
    /// <summary>Prints errors to stderr and the outcome to stdout; returns the exit code.</summary>
    public int Print(bool json)
    {
        var exitCode = Summary is null ? ExitCode.Of(Errors) : ExitCode.Of(Summary);
        // What only the source could tell is still a refused spec, in its own form.
        if (Summary is null || exitCode == ExitCode.Usage) return Verbs.SpecFile.Refuse(Errors, json, Stopped);
        Verbs.SpecFile.PrintErrors(Errors);
        if (Next is not null) Console.Error.WriteLine(TerminalText.Safe(Next));
        if (json) CommandJson.Write(Summary, CommandJson.Default.RunSummary);
        else SummaryView.Print(Summary);
        return exitCode;
    }
}

/// <summary>A run that was stopped and goes on when it is run again.</summary>
/// <param name="Status">As its record has it.</param>
sealed record StoppedRun(string RunId, RunStatus Status);
