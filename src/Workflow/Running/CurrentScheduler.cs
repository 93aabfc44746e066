namespace Fanfold.Workflow.Running;

/// <summary>What the library does on the thread pool, on the caller's scheduler. In a process that is the pool; a simulation brings its own, which nothing may leave.</summary>
public static class CurrentScheduler
{
    public static Task RunAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();

    public static Task CancelAsync(CancellationTokenSource source) => Task.Factory.StartNew(source.Cancel, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current);
}
