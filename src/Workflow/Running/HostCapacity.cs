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

    /// <summary>How many workers this machine has at once, where a run's lanes are spread over many; null where all of them are here.</summary>
    public int? WorkersHere { get; init; }

    /// <summary>What a slice of a shared scan has at least, in decoded bytes, where a process has to be worth its start.</summary>
    public long LeastSlice { get; init; } = 8 << 20;

    /// <summary>What a worker has of the scratch space when so many are at work in all.</summary>
    public TaskScratch? ScratchOf(int lanes) => Scratch is { } all ? all with { Bytes = all.Bytes / Math.Min(lanes, WorkersHere ?? lanes) } : null;

    /// <summary>What this machine has, where nothing else is said.</summary>
    /// <param name="memory">Of one worker, in bytes; null for three quarters of what this process may use.</param>
    /// <param name="scratch">A folder; null for the system's for temporary files.</param>
    /// <param name="scratchSize">Of all workers together, in bytes; null for half of what is free there now.</param>
    public static HostCapacity OfThisMachine(long? memory = null, string? scratch = null, long? scratchSize = null)
    {
        var folder = scratch is null ? null : Path.GetFullPath(scratch);
        var place = folder ?? Path.GetTempPath();
        return new HostCapacity(Environment.ProcessorCount,
            // Respects the limits of containers.
            memory ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3,
            new TaskScratch(folder, scratchSize ?? (Directory.Exists(place) ? new DriveInfo(place).AvailableFreeSpace / 2 : 0)));
    }
}
