using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>What a host has for a run.</summary>
/// <param name="Parallel">Lanes of a run whose spec does not say.</param>
/// <param name="LargestMemory">The most resident memory that one worker gets when no other runs, in bytes. A spec's own limit holds where it is larger.</param>
/// <param name="Scratch">What all workers have together; null for the system's folder for temporary files without a budget.</param>
public sealed record HostCapacity(int Parallel, long LargestMemory = 0, TaskScratch? Scratch = null)
{
    /// <summary>Where one process at a time drives a run: how long the workers of another may outlive it. Null where others drive at the same time.</summary>
    public TimeSpan? WorkersOutlive { get; init; }

    /// <summary>What each of so many workers at once has.</summary>
    public TaskScratch? ScratchOf(int lanes) => Scratch is { } all ? all with { Bytes = all.Bytes / lanes } : null;
}
