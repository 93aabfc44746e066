namespace Fanfold.Workflow.Running;

/// <summary>Tasks <paramref name="From"/> to <paramref name="To"/> − 1 by their positions in the plan.</summary>
public sealed record TaskRange(int From, int To)
{
    /// <summary>The ranges that these tasks make up, in ascending order.</summary>
    /// <param name="tasks">In ascending order.</param>
    /// <param name="most">Where there would be more ranges, the smallest gaps between them are closed, so that they hold other tasks too.</param>
    public static IReadOnlyList<TaskRange> Of(IReadOnlyList<int> tasks, int most = int.MaxValue)
    {
        var gaps = Enumerable.Range(1, Math.Max(0, tasks.Count - 1)).Where(i => tasks[i] > tasks[i - 1] + 1).OrderByDescending(i => tasks[i] - tasks[i - 1]).Take(most - 1).Order().ToList();
        return tasks.Count == 0 ? [] : [.. gaps.Prepend(0).Zip(gaps.Append(tasks.Count), (from, to) => new TaskRange(tasks[from], tasks[to - 1] + 1))];
    }
}
