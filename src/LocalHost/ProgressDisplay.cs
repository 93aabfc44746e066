using System.Threading.Channels;
using Fanfold.Workflow.Running;
using Spectre.Console;

namespace Fanfold.LocalHost;

/// <summary>Shows a run's progress on stderr: a live bar on a terminal, otherwise a line at each phase and each tenth of the tasks.</summary>
sealed class ProgressDisplay : IAsyncDisposable
{
    readonly Channel<RunProgress> _reports = Channel.CreateUnbounded<RunProgress>(new UnboundedChannelOptions { SingleReader = true });
    readonly Task _display;

    public ProgressDisplay()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        _display = !Console.IsErrorRedirected && console.Profile.Capabilities.Interactive ? ShowBarAsync(console) : ShowLinesAsync();
    }

    public void Report(RunProgress progress) => _reports.Writer.TryWrite(progress);

    public async ValueTask DisposeAsync()
    {
        _reports.Writer.TryComplete();
        await _display;
    }

    // The bar is not thread safe; only this reader touches it.
    Task ShowBarAsync(IAnsiConsole console) => console.Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
        .StartAsync(async display =>
        {
            var bar = display.AddTask("planning", maxValue: 1);
            await foreach (var progress in _reports.Reader.ReadAllAsync())
            {
                bar.MaxValue = Math.Max(1, progress.TasksTotal);
                bar.Value = progress.TasksDone;
                bar.Description = Describe(progress);
            }
        });

    async Task ShowLinesAsync()
    {
        var (phase, tenth) = ("", 0);
        await foreach (var progress in _reports.Reader.ReadAllAsync())
        {
            var now = progress.TasksTotal == 0 ? 0 : progress.TasksDone * 10 / progress.TasksTotal;
            if (progress.Phase == phase && now == tenth) continue;
            (phase, tenth) = (progress.Phase, now);
            await Console.Error.WriteLineAsync(Describe(progress));
        }
    }

    static string Describe(RunProgress progress) => progress.TasksTotal == 0
        ? progress.Phase
        : $"{progress.Phase}: {progress.TasksDone}/{progress.TasksTotal} tasks, {TerminalText.Bytes(progress.BytesRead)} read, {progress.RowsDecoded:N0} rows"
            + (progress.TasksFailed > 0 ? $", {progress.TasksFailed} failed" : "");
}
