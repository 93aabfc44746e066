using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Fanfold.EndToEnd.Tests;

/// <summary>A call of the command that is under way, the leader of a process group that its workers belong to.</summary>
sealed partial class RunningCommand : IDisposable
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Stop = 19;

    /// <summary>As .NET gives it; a command that ended by itself has another.</summary>
    public const int KilledExitCode = 128 + Kill;

    static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    readonly Process _process;
    readonly Task<string> _stdout;
    readonly Task<string> _stderr;
    readonly StringBuilder _said = new();
    TaskCompletionSource _saidMore = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly string _call;

    RunningCommand(Process process, string call)
    {
        (_process, _call) = (process, call);
        _stdout = process.StandardOutput.ReadToEndAsync();
        _stderr = ReadErrorsAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What stderr has held so far.</summary>
    public string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }

    public static RunningCommand Start(Executable executable, string folder, string[] args, IReadOnlyDictionary<string, string> environment)
    {
        // Tests that run in the background of a shell are started with interrupts ignored, and a child of theirs would ignore them too. It leads no group
        // yet, so setsid makes it the leader of one without another fork.
        var start = new ProcessStartInfo("env") { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in (string[])["--default-signal=INT,HUP,TERM", "setsid", executable.File, .. executable.Prefix, .. args]) start.ArgumentList.Add(arg);
        foreach (var (name, value) in executable.Environment.Concat(environment)) start.Environment[name] = value;
        return new RunningCommand(Process.Start(start)!, string.Join(' ', args));
    }

    public async Task WriteAsync(string stdin)
    {
        try
        {
            await _process.StandardInput.WriteAsync(stdin.AsMemory(), TestContext.Current.CancellationToken);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A call that is refused need not read its input.
        }
    }

    /// <summary>Waits until stderr holds a text, or the command ended.</summary>
    public async Task SaysAsync(string text)
    {
        while (!_stderr.IsCompleted)
        {
            Task more;
            lock (_said)
            {
                if (_said.ToString().Contains(text, StringComparison.Ordinal)) return;
                more = _saidMore.Task;
            }
            await Task.WhenAny(more, _stderr).WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    async Task<string> ReadErrorsAsync()
    {
        var buffer = new char[4096];
        int read;
        while ((read = await _process.StandardError.ReadAsync(buffer)) > 0)
        {
            TaskCompletionSource said;
            lock (_said)
            {
                _said.Append(buffer, 0, read);
                (said, _saidMore) = (_saidMore, new(TaskCreationOptions.RunContinuationsAsynchronously));
            }
            said.SetResult();
        }
        return _said.ToString();
    }

    /// <summary>False when the process has ended already.</summary>
    public bool Signal(int signal) => SendSignal(_process.Id, signal) == 0;

    /// <summary>Signals the command and its workers at once, as a terminal or a system that goes down does.</summary>
    public bool SignalGroup(int signal) => SendSignal(-_process.Id, signal) == 0;

    /// <summary>The living processes of its group: the command, its workers, and what is about to become one.</summary>
    public IReadOnlyList<string> Group =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(folder => Path.GetFileName(folder)).Where(name => char.IsAsciiDigit(name[0]) && StatOf(name) is [not "Z", _, var group, ..] && group == $"{Id}"),
    ];

    /// <summary>State, parent, group and the rest of what the system tells of a process; null when it is gone.</summary>
    static string[]? StatOf(string process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Kills a process; one that is gone stays so.</summary>
    public static void KillProcess(string process) => _ = SendSignal(int.Parse(process, System.Globalization.CultureInfo.InvariantCulture), Kill);

    /// <summary>Null when the process is gone.</summary>
    public static int? ParentOf(string process) => StatOf(process) is [_, var parent, ..] ? int.Parse(parent, System.Globalization.CultureInfo.InvariantCulture) : null;

    public async Task<Outcome> EndAsync()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ending.CancelAfter(Limit);
        try
        {
            await _process.WaitForExitAsync(ending.Token);
            return new Outcome(_process.ExitCode, await _stdout.WaitAsync(ending.Token), await _stderr.WaitAsync(ending.Token));
        }
        catch (OperationCanceledException)
        {
            SignalGroup(Kill);
            throw new TimeoutException($"`fanfold {_call}` did not end within {Limit}: {await _stderr}");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited) SignalGroup(Kill);
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
