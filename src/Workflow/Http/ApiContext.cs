using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Http;

/// <summary>What the handlers need of the host that serves them.</summary>
/// <param name="Isolation">Runs what a dry run has to look for.</param>
/// <param name="Worker">What runs its tasks, as health shows it: native, dotnet or in process.</param>
public sealed record ApiContext(IObjectStore Data, IObjectStore State, StoreLocation DataLocation, StoreLocation StateLocation, ITaskIsolation Isolation, IRunHost Host, TimeProvider Time, string Worker)
{
    /// <summary>The turns of results that are converted.</summary>
    internal SemaphoreSlim Conversions { get; } = new(Conversion.AtOnce);

    /// <summary>Those of dry runs, each of which may start a worker that looks for the partitions.</summary>
    internal SemaphoreSlim DryRuns { get; } = new(PlanHandlers.AtOnce);
}

/// <summary>Drives runs where the API is served.</summary>
public interface IRunHost
{
    /// <summary>Sees to it that the run goes on to its end, or, once it is cancelled, to that. Its record is in the store before. Again is harmless.</summary>
    ValueTask DriveAsync(string runId, CancellationToken cancellationToken);
}
