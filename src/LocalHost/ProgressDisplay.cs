using System.Diagnostics;
using System.Threading.Channels;
using Fanfold.Workflow.Running;
using Spectre.Console;

namespace Fanfold.LocalHost;

/// <summary>Shows a run's progress on stderr: a live bar on a terminal, otherwise a line at each phase and each tenth of the tasks.</summary>
sealed class ProgressDisplay : IAsyncDisposable
{
    readonly Channel<RunProgress> _reports = Channel.CreateUnbounded<RunProgress>(new UnboundedChannelOptions { SingleReader = true });
    readonly Task _display;

    // Of the tasks; where a run was when it was first seen, which is not where it began.
    RunProgress? _first;
    long _firstAt;

    public ProgressDisplay()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        _display = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb" && console.Profile.Capabilities.Interactive ? ShowBarAsync(console) : ShowLinesAsync();
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
        // One line on 80 columns, too: the description says how far it is.
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn { Width = console.Profile.Width < 100 ? 10 : 40 }, new RemainingTimeColumn(), new SpinnerColumn())
        .StartAsync(async display =>
        {
            var bar = display.AddTask("planning", maxValue: 1);
            await foreach (var progress in _reports.Reader.ReadAllAsync())
            {
                bar.MaxValue = Math.Max(1, progress.TasksTotal);
                bar.Value = progress.TasksDone;
                bar.Description = Describe(progress, isLine: false);
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
            await Console.Error.WriteLineAsync(Describe(progress, isLine: true));
        }
    }

    /// <param name="isLine">Whether it stands by itself: the bar has little room, and tells what is left.</param>
    string Describe(RunProgress progress, bool isLine)
    {
        if (progress.TasksTotal == 0) return progress.Phase;
        var (speed, left) = Pace(progress);
        var (tasks, failed) = ($"{progress.TasksDone}/{progress.TasksTotal} tasks", progress.TasksFailed > 0 ? $", {progress.TasksFailed} failed" : "");
        if (isLine) return $"{progress.Phase}: {tasks}, {TerminalText.Bytes(progress.BytesRead)} read{speed}, {progress.RowsDecoded:N0} rows{failed}{left}";
        return progress.Phase == "running" ? $"{tasks}, {TerminalText.Bytes(progress.BytesRead)}{speed}, {TerminalText.Count(progress.RowsDecoded)} rows{failed}" : $"{progress.Phase}: {tasks}{failed}";
    }

    /// <summary>Bytes a second since the run was first seen, and the time that the rest takes at that pace; empty until they can be told.</summary>
    (string Speed, string Left) Pace(RunProgress progress)
    {
        if (_first is not { } first || progress.TasksDone < first.TasksDone)
        {
            (_first, _firstAt) = (progress, Stopwatch.GetTimestamp());
            return ("", "");
        }
        var (seconds, done) = (Stopwatch.GetElapsedTime(_firstAt).TotalSeconds, progress.TasksDone - first.TasksDone);
        if (done == 0 || seconds < 0.5) return ("", "");
        var rest = seconds * (progress.TasksTotal - progress.TasksDone) / done;
        return ($" at {TerminalText.Bytes((long)((progress.BytesRead - first.BytesRead) / seconds))}/s", rest < 1 ? "" : $", about {TimeSpan.FromSeconds(Math.Ceiling(rest)):c} left");
    }
}
