using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// The tasks of a plan over <c>parallel</c> lanes, each taking the next one. A task that needs more memory than its cap is done by its lane in pieces; what no
/// split helps runs again when all lanes are done, one at a time.
/// </summary>
sealed class FanOut(WorkflowContext context, string runId, PlanReference plan)
{
    readonly SortedSet<int> _alone = [];

    public RunProgress Progress { get; private set; } = new("running", plan.Tasks, 0, 0, 0, 0);

    public int Failed => Progress.TasksFailed;

    // Once more has failed than the spec tolerates, tasks that have not begun would be wasted.
    bool GoesOn => Failed <= plan.ToleratedFailures;

    public async Task RunAsync(IReadOnlyList<int> tasks)
    {
        context.ReportProgress(Progress);
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(plan.Parallel, tasks.Count)).Select(_ => RunLaneAsync(() => next < tasks.Count ? tasks[next++] : null)));
        while (GoesOn && _alone.Count > 0)
        {
            var index = _alone.Min;
            _alone.Remove(index);
            Count(await TryAsync(new TaskRequest(runId, index, 1, Alone: true)));
        }
    }

    public Task RunAgainAsync(IReadOnlyList<int> tasks)
    {
        Progress = Progress with { TasksDone = Progress.TasksDone - tasks.Count };
        return RunAsync(tasks);
    }

    async Task RunLaneAsync(Func<int?> next)
    {
        while (GoesOn && next() is { } index)
        {
            var result = await RunTaskAsync(index);
            if (result.Alone) _alone.Add(index);
            else Count(result);
        }
    }

    void Count(TaskResult result)
    {
        Progress = Progress with
        {
            TasksDone = Progress.TasksDone + 1,
            TasksFailed = Progress.TasksFailed + (result.Outcome == TaskOutcome.Done ? 0 : 1),
            BytesRead = Progress.BytesRead + result.BytesRead,
            RowsDecoded = Progress.RowsDecoded + result.RowsDecoded,
        };
        context.ReportProgress(Progress);
    }

    async Task<TaskResult> RunTaskAsync(int index)
    {
        var result = await TryAsync(new TaskRequest(runId, index, 1));
        // Once, unless the store loses what pieces made.
        for (var round = 0; result.Pieces is { } pieces && round <= plan.Retries; round++)
        {
            if (await RunPiecesAsync(index, pieces) is { } failed) return failed;
            result = await Retries.RunAsync(context, attempt => context.CallActivityAsync(RunActivities.MergePieces, new MergeRequest(runId, index, attempt)), Tell);
        }
        return result;
    }

    /// <summary>Runs the pieces and theirs, one after another in plan order. The result that ends the task before its merge; null when all are done.</summary>
    async Task<TaskResult?> RunPiecesAsync(int index, IReadOnlyList<TaskPiece> pieces)
    {
        var open = new Stack<TaskPiece>(pieces.Reverse());
        while (open.TryPop(out var piece))
        {
            var result = await TryAsync(new TaskRequest(runId, index, 1, piece));
            foreach (var smaller in result.Pieces?.Reverse() ?? []) open.Push(smaller);
            if (result.Pieces is null && result.Outcome != TaskOutcome.Done) return result;
        }
        return null;
    }

    Task<TaskResult> TryAsync(TaskRequest request) =>
        Retries.RunAsync(context, attempt => context.CallActivityAsync(RunActivities.ReduceTask, request with { Attempt = attempt }), Tell);

    Tried Tell(TaskResult result) => new(result.Outcome, plan.Retries, result.RetryAfterSeconds);
}
