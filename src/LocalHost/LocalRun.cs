using System.Security.Cryptography;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost;

/// <param name="Worker">Runs the tasks; null for this process.</param>
sealed record RunOptions(Stores Stores, string RunId, WorkerCommand? Worker, HostCapacity Host, bool Fresh);

/// <summary>Starts, continues or follows a run here and waits for its end.</summary>
static class LocalRun
{
    public static async Task<RunOutcome> RunAsync(RunSpec spec, RunOptions options, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync($"run {options.RunId}");
        await using var display = new ProgressDisplay();
        var driver = new RunDriver(options.Stores.State, TimeProvider.System, (request, onProgress, token) => DriveAsync(request, options, onProgress, token));
        try
        {
            return await driver.RunAsync(options.RunId, spec, options.Fresh, () => Console.Error.WriteLine("another process drives this run; following it, and taking over should it die"), display.Report, cancellationToken) switch
            {
                RunStart.Finished finished => new RunOutcome(finished.Summary, finished.Summary.Errors ?? []),
                RunStart.Conflict conflict => new RunOutcome(null, [conflict.Error]),
                var other => throw new InvalidOperationException($"a run can't stay {other}"),
            };
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

        RunOutcome Stopped(string code, params RunError[] causes) => new(null,
            [.. causes, new RunError(code, $"The run '{options.RunId}' was stopped before its end. What is done is kept: the same spec with --run-id {options.RunId} goes on from there.")],
            new StoppedRun(options.RunId, driver.Status!.Value));
    }

    static Task<RunEnd> DriveAsync(RunRequest request, RunOptions options, Action<RunProgress> onProgress, CancellationToken cancellationToken)
    {
        var stores = options.Stores;
        ITaskIsolation isolation = options.Worker is { } worker ? new ProcessIsolation(worker, stores.Identity) : new InProcessIsolation(stores.Data, stores.State);
        var activities = new RunActivities(
            stores.Data, stores.State, stores.DataLocation, stores.StateLocation, isolation, TimeProvider.System, options.Host, driver: RandomNumberGenerator.GetHexString(16, lowercase: true));
        return new LocalEngine(stores.State, request, activities.InvokeAsync, TimeProvider.System, onProgress).RunAsync(cancellationToken);
    }
}

/// <param name="Summary">Null when the run did not come to an end here.</param>
/// <param name="Stopped">Null when no run is left that can go on.</param>
sealed record RunOutcome(RunSummary? Summary, IReadOnlyList<RunError> Errors, StoppedRun? Stopped = null)
{
    /// <summary>Prints errors to stderr and the outcome to stdout; returns the exit code.</summary>
    public int Print(bool json)
    {
        var exitCode = Summary is null ? ExitCode.Of(Errors) : ExitCode.Of(Summary);
        // What only the source could tell is still a refused spec, in its own form.
        if (Summary is null || exitCode == ExitCode.Usage) return Verbs.SpecFile.Refuse(Errors, json, Stopped);
        Verbs.SpecFile.PrintErrors(Errors);
        if (json) CommandJson.Write(Summary, CommandJson.Default.RunSummary);
        else SummaryView.Print(Summary);
        return exitCode;
    }
}

/// <summary>A run that was stopped and goes on when it is run again.</summary>
/// <param name="Status">As its record has it.</param>
sealed record StoppedRun(string RunId, RunStatus Status);
