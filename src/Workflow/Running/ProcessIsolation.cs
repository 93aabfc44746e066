using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure.Core;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>How to start a worker.</summary>
/// <param name="IsNative">Whether it is the ahead-of-time compiled one, whose runtime needs far less memory.</param>
public sealed record WorkerCommand(string File, IReadOnlyList<string> Arguments, bool IsNative)
{
    /// <summary>A worker of the user's own: an executable, or a <c>.dll</c> that <c>dotnet</c> runs.</summary>
    public static WorkerCommand At(string path) => path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
        ? new WorkerCommand(DotNet, ["exec", path], false)
        // What starts a managed program has the program beside it.
        : new WorkerCommand(path, [], !System.IO.File.Exists(Path.ChangeExtension(path, ".dll")) && !System.IO.File.Exists(path + ".dll"));

    /// <summary>The native worker beside this assembly where one is, else <c>dotnet Worker.dll</c>.</summary>
    public static WorkerCommand Find()
    {
        var native = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Worker.exe" : "Worker");
        return System.IO.File.Exists(native) ? new WorkerCommand(native, [], true) : Managed(AppContext.BaseDirectory);
    }

    /// <summary>The worker under <c>dotnet</c>.</summary>
    public static WorkerCommand Managed(string folder) => new(DotNet, ["exec", Path.Combine(folder, "Worker.dll")], false);

    // The one that runs this process needs not be on the path.
    static string DotNet =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
        : Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path
        : "dotnet";
}

/// <summary>
/// Runs each task in a process of its own, whose end gives all memory back to the operating system. The parent watches deadline
/// and peak memory; a worker whose stdin closes ends by itself.
/// </summary>
/// <param name="identity">Gives the tokens of stores that need one; it stays in this process.</param>
public sealed class ProcessIsolation(WorkerCommand command, TokenCredential? identity = null) : ITaskIsolation
{
    static readonly TimeSpan MemoryWatchInterval = TimeSpan.FromMilliseconds(50);
    const string StorageScope = "https://storage.azure.com/.default";
    static readonly TimeSpan TokenMargin = TimeSpan.FromMinutes(6);
    static readonly TimeSpan MinTokenInterval = TimeSpan.FromSeconds(30);
    static readonly TimeSpan ExitGrace = TimeSpan.FromSeconds(5);
    static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(1);

    // The longest that is legal describes all plug-ins of a worker.
    const int MaxLine = 4 << 20;

    public long MinMemory => WorkerMemory.MinCap(command.IsNative);

    public long IdleMemory => command.IsNative ? 15L << 20 : 52L << 20;

    public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        if (task.Memory < MinMemory) return CapTooSmall(task);
        Process process;
        try
        {
            process = Start(task);
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            return TaskRunner.Failed(task.TaskId, TaskOutcome.Bug, TaskFailure.Of("worker-not-started", $"the worker '{command.File}' can't be started: {failure.Message}"));
        }
        using (process) return await RunAsync(process, task, deadline, onHeartbeat, cancellationToken);
    }

    async Task<TaskReceipt> RunAsync(Process process, WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(deadline);
        var watch = WatchMemoryAsync(process, task.Memory, ending);
        using var silence = new CancellationTokenSource();
        var exit = SilenceAsync(process, silence);
        var errors = ReadErrorsAsync(process.StandardError, silence.Token);
        try
        {
            if (await ConverseAsync(process, task, onHeartbeat, silence.Token, ending.Token) is { } receipt)
            {
                process.StandardInput.BaseStream.Close();
                // Whatever keeps the worker from its end now can't change what it did.
                using var grace = new CancellationTokenSource(ExitGrace);
                await process.WaitForExitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return receipt;
            }
            await process.WaitForExitAsync(ending.Token);
            return Died(task, process.ExitCode, await EndWatchAsync(), await errors);
        }
        catch (NoIdentityException nobody)
        {
            return TaskRunner.Failed(task.TaskId, TaskOutcome.Access, TaskFailure.Of("access-denied", $"no access token for the stores could be got: {nobody.Message}. Sign in, or give this machine an identity with access."));
        }
        catch (JsonException unreadable)
        {
            return TaskRunner.Failed(task.TaskId, TaskOutcome.Transient, TaskFailure.Of("worker-unreadable", $"the worker's answer can't be read; are host and worker of one build? {unreadable.Message}"));
        }
        catch (OperationCanceledException)
        {
            if (cancellationToken.IsCancellationRequested) return TaskRunner.Failed(task.TaskId, TaskOutcome.Cancelled, TaskFailure.Of("cancelled", "the task was cancelled"));
            if (await watch is var peak && peak > task.Memory) return BeyondMemory(task, peak, $"the worker's resident memory reached {peak >> 20} MiB");
            return InProcessIsolation.DeadlinePassed(task, deadline);
        }
        finally
        {
            await ending.CancelAsync();
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await exit;
            await watch;
            // Its own disposal leaves the pipes to the finalizers: a thousand workers, three thousand handles.
            process.StandardInput.BaseStream.Close();
            process.StandardOutput.Close();
            process.StandardError.Close();
        }

        async Task<long> EndWatchAsync()
        {
            await ending.CancelAsync();
            return await watch;
        }
    }

    /// <summary>Ends the reading of a worker's pipes soon after the worker: a process that it left behind may hold them open.</summary>
    static async Task SilenceAsync(Process process, CancellationTokenSource silence)
    {
        await process.WaitForExitAsync(CancellationToken.None);
        silence.CancelAfter(PipeGrace);
    }

    /// <summary>A runtime that can't even report that its memory ran out crashes, or is killed by the system. What it had mapped and not touched does not show in its peak.</summary>
    static TaskReceipt Died(WorkerTask task, int exitCode, long peak, string errors)
    {
        var how = $"the worker ended without a receipt, {Exit(exitCode)}{(errors.Length > 0 ? ": " + errors : "")}";
        var ranOut = errors.Contains("out of memory", StringComparison.OrdinalIgnoreCase) || errors.Contains(nameof(OutOfMemoryException), StringComparison.Ordinal);
        return exitCode is 134 or 137 or 139 && (ranOut || peak > task.Memory / 3)
            ? BeyondMemory(task, peak, $"{how}; its resident memory had reached {peak >> 20} MiB")
            : TaskRunner.Failed(task.TaskId, TaskOutcome.Transient, TaskFailure.Of("worker-died", how)) with { PeakMemory = peak };
    }

    static TaskReceipt BeyondMemory(WorkerTask task, long peak, string how) => TaskRunner.Failed(task.TaskId, TaskOutcome.Memory, TaskFailure.Of("memory",
        $"{how}, and its cap is {task.Memory >> 20} MiB")) with { PeakMemory = peak };

    TaskReceipt CapTooSmall(WorkerTask task) => TaskRunner.Failed(task.TaskId, TaskOutcome.Memory, TaskFailure.Of("cap-too-small",
        $"the cap of {task.Memory >> 20} MiB is less than the {MinMemory >> 20} MiB that a worker {(command.IsNative ? "" : "under `dotnet` ")}needs; raise \"limits.memory\"{(command.IsNative ? "" : ", or use the published command, whose worker is compiled ahead of time")}")) with { NeededMemory = MinMemory };

    Process Start(WorkerTask task)
    {
        var start = new ProcessStartInfo(command.File)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in command.Arguments) start.ArgumentList.Add(argument);
        WorkerEnvironment.Restrict(start.Environment);
        foreach (var (name, value) in SelfLimit.EnvironmentOf(task.Memory, command.IsNative)) start.Environment[name] = value;
        start.Environment["DOTNET_TieredPGO"] = "0";
        // A runtime that is killed would leave its pipes in the folder for temporary files.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return Process.Start(start) ?? throw new InvalidOperationException($"'{command.File}' did not start");
    }

    async Task<TaskReceipt?> ConverseAsync(Process process, WorkerTask task, Action<long> onHeartbeat, CancellationToken silence, CancellationToken cancellationToken)
    {
        // Got before the task is sent, so that a worker never waits for an identity that can't be used.
        var first = task.Data.NeedsToken || task.State.NeedsToken ? await GetTokenAsync(cancellationToken) : (AccessToken?)null;
        var stdin = process.StandardInput.BaseStream;
        await TellAsync(stdin, task, WorkerJson.Default.WorkerTask, cancellationToken);
        if (first is not { } token) return await ListenAsync(process, onHeartbeat, silence, cancellationToken);
        using var refreshing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var refresh = PassTokensAsync(stdin, token, refreshing.Token);
        try
        {
            return await ListenAsync(process, onHeartbeat, silence, cancellationToken);
        }
        finally
        {
            await refreshing.CancelAsync();
            await refresh.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static async Task TellAsync<T>(Stream stdin, T line, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            await JsonSerializer.SerializeAsync(stdin, line, type, cancellationToken);
            await stdin.WriteAsync("\n"u8.ToArray(), cancellationToken);
            await stdin.FlushAsync(cancellationToken);
        }
        catch (IOException)
        {
            // The worker died before it read this; how it ended tells more than a broken pipe.
        }
    }

    async Task PassTokensAsync(Stream stdin, AccessToken token, CancellationToken cancellationToken)
    {
        while (true)
        {
            await TellAsync(stdin, new PassedToken(token.Token, token.ExpiresOn), WorkerJson.Default.PassedToken, cancellationToken);
            var untilRefresh = token.ExpiresOn - TimeProvider.System.GetUtcNow() - TokenMargin;
            await Task.Delay(untilRefresh > MinTokenInterval ? untilRefresh : MinTokenInterval, cancellationToken);
            token = await GetTokenAsync(cancellationToken);
        }
    }

    async Task<AccessToken> GetTokenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await (identity ?? throw new InvalidOperationException("this host has no identity for stores that need one")).GetTokenAsync(new TokenRequestContext([StorageScope]), cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new NoIdentityException(failure);
        }
    }

    static async Task<TaskReceipt?> ListenAsync(Process process, Action<long> onHeartbeat, CancellationToken silence, CancellationToken cancellationToken)
    {
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(silence, cancellationToken);
        var output = PipeReader.Create(process.StandardOutput.BaseStream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (await ReadLineAsync(output, listening.Token) is { } line)
            {
                if (Parse(line) is not { } message) continue;
                if (message.Receipt is { } receipt) return receipt.Failure is { } failure ? receipt with { Failure = TaskFailure.Of(failure.Code, failure.Message, failure.File) } : receipt;
                if (message.HeartbeatRows is { } rows) onHeartbeat(rows);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The worker is gone, and said all it had to say.
        }
        finally
        {
            await output.CompleteAsync();
        }
        return null;
    }

    /// <summary>The next line of stdout; null at its end.</summary>
    /// <exception cref="JsonException">It is longer than any message.</exception>
    static async Task<string?> ReadLineAsync(PipeReader output, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await output.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(buffer.Slice(0, end));
                output.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }
            if (buffer.Length > MaxLine) throw new JsonException($"It wrote a line of more than {MaxLine >> 20} MiB.");
            if (read.IsCompleted)
            {
                var last = buffer.IsEmpty ? null : Encoding.UTF8.GetString(buffer);
                output.AdvanceTo(buffer.End);
                return last;
            }
            output.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    // Anything else on stdout, such as a runtime's last words, is not the protocol's.
    static WorkerMessage? Parse(string line) => line.StartsWith('{') ? JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerMessage) : null;

    /// <summary>The last peak seen, in bytes; one beyond the cap ends the conversation.</summary>
    static async Task<long> WatchMemoryAsync(Process process, long cap, CancellationTokenSource ending)
    {
        var id = process.Id.ToString(CultureInfo.InvariantCulture);
        long peak = 0;
        using var timer = new PeriodicTimer(MemoryWatchInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                peak = Math.Max(peak, ProcessMemory.Read(id).Peak);
                if (peak <= cap) continue;
                await ending.CancelAsync();
                break;
            }
        }
        catch (OperationCanceledException)
        {
            // The task is over.
        }
        return peak;
    }

    /// <summary>What a worker wrote on stderr, without stack frames. A crash gives its reason before them, one after a long log at the end; so both ends are kept.</summary>
    static async Task<string> ReadErrorsAsync(StreamReader errors, CancellationToken silence)
    {
        const int kept = 4096, shown = 2048;
        var buffer = new char[kept];
        var (head, tail) = ("", "");
        try
        {
            int read;
            while ((read = await errors.ReadAsync(buffer, silence)) > 0)
            {
                if (head.Length < kept) head += new string(buffer, 0, read);
                else tail += new string(buffer, 0, read);
                if (tail.Length > kept) tail = tail[^kept..];
            }
        }
        catch (OperationCanceledException)
        {
            // What another process writes there is not the worker's.
        }
        // The first line of a tail that was cut may be the rest of a frame.
        if (tail.Length == kept) tail = tail[(tail.TrimEnd().IndexOf('\n') + 1)..];
        var text = string.Join('\n', (head + tail).Split('\n').Where(line => !line.StartsWith("   at ", StringComparison.Ordinal))).Trim();
        return text.Length > shown ? text[^shown..] : text;
    }

    sealed class NoIdentityException(Exception inner) : Exception(inner.Message.Split('\n')[0].Trim().TrimEnd('.'), inner);

    static string Exit(int code) => code switch
    {
        137 => "killed (exit code 137, perhaps by the system for lack of memory)",
        139 => "crashed (exit code 139)",
        134 => "aborted (exit code 134)",
        _ => $"exit code {code}",
    };
}
