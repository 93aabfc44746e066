using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fanfold.Engine;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>The worker process: one task and then access tokens in on stdin, heartbeats and one receipt out on stdout, a line of JSON each.</summary>
public static class WorkerHost
{
    /// <summary>The exit code when the parent is gone and no one waits for a receipt.</summary>
    const int ParentGone = 75;

    static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(5);

    static readonly TimeSpan TimeToTakeBack = TimeSpan.FromSeconds(2);

    /// <summary>Runs the process; returns its exit code: 0 when a receipt was written, whatever it says.</summary>
    /// <param name="reducers">The plug-ins that specs may name; none for the stock worker.</param>
    public static async Task<int> RunAsync(string[] args, ReducerSet? reducers = null)
    {
        reducers ??= ReducerSet.None;
        if (args is ["--version"])
        {
            Console.WriteLine(Version);
            return 0;
        }
        if (args is ["--kernels"])
        {
            var check = KernelCheck.Run();
            Console.WriteLine(JsonSerializer.Serialize(check, WorkerJson.Default.KernelCheck));
            return check.Failed.Count == 0 ? 0 : 1;
        }
        if (args is ["--reducers"])
        {
            Console.WriteLine(JsonSerializer.Serialize(ReducerDescription.All(reducers), WorkerJson.Default.IReadOnlyListReducerDescription));
            return 0;
        }
        if (args.Length > 0)
        {
            Console.Error.WriteLine("This is fanfold's worker: the host starts it and writes one task to its stdin. To start a run, use `fanfold run`.");
            return 2;
        }
        // Ctrl-C reaches the whole process group; when to end, and what to say of it, is the parent's to decide.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static signal => signal.Cancel = true);
        using var stdin = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        // Both belong to the protocol; what a plug-in prints is for people.
        Console.SetOut(Console.Error);
        Console.SetIn(TextReader.Null);
        // After the threads above are there, whose stacks the system sizes.
        var unlimited = SelfLimit.Set();
        var input = PipeReader.Create(stdin);
        if (await ReadLineAsync(input, WorkerJson.Default.WorkerTask) is not { } task) return ParentGone;
        // Requests to the stores carry it on.
        using var span = task.TraceParent is { } parent ? new Activity("worker").SetParentId(parent).Start() : null;
        var tokens = new PassedTokens();
        var state = task.State.Open(tokens);
        var attempt = TaskAttempt.Of(task, state);
        _ = TakeTokensAsync(input, attempt, tokens);
        var receipt = unlimited is null ? await RunWithHeartbeatsAsync(task, state, tokens, reducers, attempt, output) : TaskRunner.Failed(task.TaskId, TaskOutcome.Bug, unlimited);
        Send(output, new WorkerMessage(receipt with { PeakMemory = ProcessMemory.Read().Peak, CpuMs = (long)Environment.CpuUsage.TotalTime.TotalMilliseconds }));
        return 0;
    }

    /// <summary>What <c>Worker --version</c> prints: the version and how it was compiled.</summary>
    public static string Version => IsNative ? NativeVersion : $"fanfold-worker {BuildVersion} jit";

    /// <summary>What it prints when it was compiled ahead of time.</summary>
    public static string NativeVersion => $"fanfold-worker {BuildVersion} native";

    /// <summary>Whether this process was compiled ahead of time.</summary>
    public static bool IsNative => !RuntimeFeature.IsDynamicCodeSupported;

    /// <summary>The version of the fanfold that the worker is built with.</summary>
    public static string BuildVersion => typeof(WorkerHost).Assembly.GetName().Version!.ToString(3);

    static async Task<TaskReceipt> RunWithHeartbeatsAsync(WorkerTask task, IObjectStore state, PassedTokens tokens, ReducerSet reducers, TaskAttempt? attempt, Stream output)
    {
        long rows = 0;
        var running = TaskRunner.RunAsync(task, task.Data.Open(tokens), state, reducers, attempt, decoded => Volatile.Write(ref rows, decoded), CancellationToken.None);
        using var timer = new PeriodicTimer(HeartbeatInterval);
        while (await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask()) != running) Send(output, new WorkerMessage(HeartbeatRows: Volatile.Read(ref rows)));
        return await running;
    }

    static void Send(Stream output, WorkerMessage message)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, WorkerJson.Default.WorkerMessage);
        output.Write([.. bytes, (byte)'\n']);
        output.Flush();
    }

    // The parent holds the other end of stdin for as long as it wants the task.
    static async Task TakeTokensAsync(PipeReader input, TaskAttempt? attempt, PassedTokens tokens)
    {
        try
        {
            while (await ReadLineAsync(input, WorkerJson.Default.PassedToken) is { } token) tokens.Add(token);
            if (attempt is not null) await TakeBackAsync(attempt);
        }
        finally
        {
            // Also when what was passed can't be read: there is no telling what the parent wants then.
            Environment.Exit(ParentGone);
        }
    }

    /// <summary>This worker lives and its host does not, so the task is not what killed it.</summary>
    static async Task TakeBackAsync(TaskAttempt attempt)
    {
        using var end = new CancellationTokenSource(TimeToTakeBack);
        try
        {
            await attempt.TakeBackAsync(end.Token);
        }
        catch (Exception failure) when (failure is StorageException or OperationCanceledException)
        {
            // Then it counts, and no one is left to be told.
        }
    }

    /// <summary>The next line of stdin; null at its end.</summary>
    static async Task<T?> ReadLineAsync<T>(PipeReader input, JsonTypeInfo<T> type) where T : class
    {
        while (true)
        {
            var read = await input.ReadAsync();
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var value = Parse(read.Buffer.Slice(0, end), type);
                input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return value;
            }
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) return null;
        }
    }

    static T Parse<T>(ReadOnlySequence<byte> line, JsonTypeInfo<T> type)
    {
        var reader = new Utf8JsonReader(line);
        return JsonSerializer.Deserialize(ref reader, type)!;
    }
}
