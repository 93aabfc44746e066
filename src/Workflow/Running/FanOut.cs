using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// Tasks of a plan over <c>parallel</c> lanes, each taking the next one. A task that needs more memory than its cap is done by its lane in pieces; what no
/// split helps runs again when all lanes of the run are done, one at a time.
/// </summary>
/// <param name="run">The run and the drive of it that the tasks belong to.</param>
/// <param name="progress">Where the run stands before them.</param>
sealed class FanOut(WorkflowContext context, RunPayload run, PlanReference plan, RunProgress progress)
{
    // With more of them the cause is hardly that of single tasks.
    const int MostBeyondTolerance = 16;

    readonly SortedSet<int> _alone = [];

    public RunProgress Progress { get; private set; } = progress;

    public int Failed => Progress.TasksFailed;

    /// <summary>What keeps tasks from beginning that have not begun.</summary>
    public RunStop Stop { get; set; }

    /// <summary>Tasks that may succeed when nothing else runs.</summary>
    public IReadOnlyCollection<int> Alone => _alone;

    /// <summary>Whether further tasks may begin. A few failures too many do not keep the others from being done, which a redrive then need not do.</summary>
    public bool GoesOn => Stop == RunStop.None && Failed <= plan.ToleratedFailures + MostBeyondTolerance;

    /// <summary>Whether the tasks make a result, now that they are through.</summary>
    public bool Combines => Stop == RunStop.None && Failed <= plan.ToleratedFailures;

    public async Task RunAsync(IReadOnlyList<int> tasks)
    {
        context.ReportProgress(Progress);
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(plan.Parallel, tasks.Count)).Select(_ => RunLaneAsync(() => next < tasks.Count ? tasks[next++] : null)));
    }

    public async Task RunAloneAsync()
    {
        while (GoesOn && _alone.Count > 0)
        {
            var index = _alone.Min;
            _alone.Remove(index);
            Count(await TryAsync(Request(index) with { Alone = true }));
        }
    }

    public Task RunAgainAsync(IReadOnlyList<int> tasks)
    {
        Progress = Progress with { TasksDone = Progress.TasksDone - tasks.Count };
        return RunAsync(tasks);
    }

    /// <summary>Takes over what a workflow of some of the tasks came to.</summary>
    public void Add(ChunkResult chunk)
    {
        Progress = chunk.Progress;
        Stop = chunk.Stop;
        _alone.UnionWith(chunk.Alone);
        context.ReportProgress(Progress);
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
        if (result.Stop != RunStop.None)
        {
            // What was stopped is neither done nor failed.
            Stop = result.Stop;
            return;
        }
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
        var result = await TryAsync(Request(index));
        // Once, unless the store loses what pieces made.
        for (var round = 0; result.Pieces is { } pieces && round <= plan.Retries; round++)
        {
            if (await RunPiecesAsync(index, pieces) is { } failed) return failed;
            result = await Retries.RunAsync(context,
                attempt => context.CallActivityAsync(RunActivities.MergePieces, new MergeRequest(run.RunId, index, attempt) { Redrive = run.Redrive, Deadline = run.Deadline }), Tell);
        }
        return result;
    }

    /// <summary>Runs the pieces and theirs, one after another in plan order. The result that ends the task before its merge; null when all are done.</summary>
    async Task<TaskResult?> RunPiecesAsync(int index, IReadOnlyList<TaskPiece> pieces)
    {
        var open = new Stack<TaskPiece>(pieces.Reverse());
        while (open.TryPop(out var piece))
        {
            var result = await TryAsync(Request(index) with { Piece = piece });
            foreach (var smaller in result.Pieces?.Reverse() ?? []) open.Push(smaller);
            if (result.Pieces is null && result.Outcome != TaskOutcome.Done) return result;
        }
        return null;
    }

    TaskRequest Request(int index) => new(run.RunId, index, 1) { Redrive = run.Redrive, Deadline = run.Deadline };

    Task<TaskResult> TryAsync(TaskRequest request) =>
        Retries.RunAsync(context, attempt => context.CallActivityAsync(RunActivities.ReduceTask, request with { Attempt = attempt }), Tell);

    Tried Tell(TaskResult result) => new(result.Outcome, plan.Retries, result.Stop, result.RetryAfterSeconds) { Deadline = run.Deadline };
}
