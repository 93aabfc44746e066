using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost;

sealed record RunOptions(Stores Stores, string RunId, bool InProcesses, bool Fresh);

/// <summary>Starts or continues a run here and waits for its end.</summary>
static class LocalRun
{
    public static async Task<RunOutcome> RunAsync(RunSpec spec, RunOptions options, CancellationToken cancellationToken)
    {
        var stores = options.Stores;
        await Console.Error.WriteLineAsync($"run {options.RunId}");
        var start = await RunStarter.StartAsync(stores.State, options.RunId, spec, options.Fresh, TimeProvider.System, cancellationToken);
        switch (start)
        {
            case RunStart.Conflict conflict: return new RunOutcome(null, [conflict.Error]);
            case RunStart.Finished finished: return new RunOutcome(finished.Summary, finished.Summary.Errors ?? []);
        }
        ITaskIsolation isolation = options.InProcesses ? new ProcessIsolation(WorkerCommand.Find()) : new InProcessIsolation(stores.Data, stores.State);
        var activities = new RunActivities(stores.Data, stores.State, stores.DataLocation, stores.StateLocation, isolation, TimeProvider.System, Environment.ProcessorCount);
        await using var display = new ProgressDisplay();
        var engine = new LocalEngine(activities, TimeProvider.System, display.Report);
        var summary = await engine.RunAsync(((RunStart.Ready)start).Request, cancellationToken);
        return new RunOutcome(summary, summary.Errors ?? []);
    }
}

/// <param name="Summary">Null when the run could not be started.</param>
sealed record RunOutcome(RunSummary? Summary, IReadOnlyList<RunError> Errors)
{
    /// <summary>Prints errors to stderr and the outcome to stdout; returns the exit code.</summary>
    public int Print(bool json)
    {
        var exitCode = Summary is null ? ExitCode.Of(Errors) : ExitCode.Of(Summary);
        // What only the source could tell is still a refused spec, in its own form.
        if (Summary is null || exitCode == ExitCode.Usage) return Verbs.SpecFile.Refuse(Errors, json);
        Verbs.SpecFile.PrintErrors(Errors);
        if (json) CommandJson.Write(Summary, CommandJson.Default.RunSummary);
        else SummaryView.Print(Summary);
        return exitCode;
    }
}
