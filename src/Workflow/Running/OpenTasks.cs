using Fanfold.Storage;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>The tasks of a plan that a redrive has to run, since earlier drives left no receipt of them.</summary>
static class OpenTasks
{
    /// <summary>As many as a history event has room for.</summary>
    const int MostRanges = 100;

    public static async Task<IReadOnlyList<TaskRange>> FindAsync(IObjectStore state, RunPaths paths, IReadOnlyList<TaskSlice> slices, CancellationToken cancellationToken)
    {
        var receipts = new HashSet<string>();
        await foreach (var receipt in state.ListAsync(paths.Receipts, cancellationToken)) receipts.Add(receipt.Path);
        return TaskRange.Of([.. slices.Where(slice => !receipts.Contains(paths.Receipt(slice.TaskId))).Select(slice => slice.Index)], MostRanges);
    }
}
