using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>The last word on a task that needs more memory than it can have.</summary>
static class MemoryFailure
{
    public const string Code = "memory";

    /// <summary>The worker's failure, with what the run did about it and what a user can do.</summary>
    /// <param name="alone">Whether the task had the largest cap already.</param>
    /// <param name="largest">The cap that a task gets alone, in bytes.</param>
    public static TaskReceipt Final(TaskReceipt failed, TaskReduction reduction, bool alone, long largest)
    {
        // A full scratch space has words of its own.
        if (failed.Failure is not { Code: Code } failure) return failed;
        var needed = failed.NeededMemory;
        var split = reduction.Plugin is not null ? "a task with a plug-in can't be split" : "splitting the task does not help";
        var tried = alone ? $"alone it had {Size(largest)}, the most that this host gives a worker" : $"this host gives a worker no more than {Size(largest)}";
        var advice = needed > largest ? $"raise \"limits.memory\" to {Size(needed)}" : $"raise \"limits.memory\" above {Size(largest)}, or narrow the partition with \"where\"";
        return failed with { Failure = TaskFailure.Of(Code, $"{failure.Message}; {split}; {tried}; {advice}", failure.File) };
    }

    /// <summary>The failure's words for a task that is neither split nor run again with more, with what a user can do.</summary>
    public static string Advised(TaskFailure failure) => failure.Code == Code ? $"{failure.Message}; raise \"limits.memory\"" : failure.Message;

    // Rounded up: a cap of what is written here must do.
    static string Size(long bytes) => $"{(bytes + (1L << 20) - 1) >> 20} MiB";
}
