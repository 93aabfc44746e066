using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>The worker process: one task in on stdin, heartbeats and one receipt out on stdout, a line of JSON each.</summary>
public static class WorkerHost
{
    /// <summary>The exit code when the parent is gone and no one waits for a receipt.</summary>
    const int ParentGone = 75;

    static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(5);

    /// <summary>Runs the process; returns its exit code: 0 when a receipt was written, whatever it says.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--version"])
        {
            Console.WriteLine(Version);
            return 0;
        }
        if (args.Length > 0)
        {
            Console.Error.WriteLine("This is fanfold's worker: the host starts it and writes one task to its stdin. To start a run, use `fanfold run`.");
            return 2;
        }
        // Ctrl-C reaches the whole process group; when to end, and what to say of it, is the parent's to decide.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static signal => signal.Cancel = true);
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        if (await ReadLineAsync(input) is not { } line) return ParentGone;
        var task = JsonSerializer.Deserialize(line.Span, WorkerJson.Default.WorkerTask)!;
        _ = ExitWithParentAsync(input);
        var receipt = await RunWithHeartbeatsAsync(task, output);
        Send(output, new WorkerMessage(receipt with { PeakMemory = ProcessMemory.Peak() }));
        return 0;
    }

    /// <summary>What <c>Worker --version</c> prints: the version and how it was compiled.</summary>
    public static string Version => $"fanfold-worker {typeof(WorkerHost).Assembly.GetName().Version!.ToString(3)} {(RuntimeFeature.IsDynamicCodeSupported ? "jit" : "native")}";

    static async Task<TaskReceipt> RunWithHeartbeatsAsync(WorkerTask task, Stream output)
    {
        long rows = 0;
        var running = TaskRunner.RunAsync(task, Open(task.Data), Open(task.State), decoded => Volatile.Write(ref rows, decoded), CancellationToken.None);
        using var timer = new PeriodicTimer(HeartbeatInterval);
        while (await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask()) != running) Send(output, new WorkerMessage(HeartbeatRows: Volatile.Read(ref rows)));
        return await running;
    }

    static DirectoryObjectStore Open(StoreLocation location) => new(location.Directory);

    static void Send(Stream output, WorkerMessage message)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, WorkerJson.Default.WorkerMessage);
        output.Write([.. bytes, (byte)'\n']);
        output.Flush();
    }

    static async Task<ReadOnlyMemory<byte>?> ReadLineAsync(Stream input)
    {
        var line = new ArrayBufferWriter<byte>(16 * 1024);
        while (true)
        {
            var read = await input.ReadAsync(line.GetMemory(16 * 1024));
            if (read == 0) return null;
            var end = line.GetSpan(read)[..read].IndexOf((byte)'\n');
            line.Advance(end < 0 ? read : end);
            if (end >= 0) return line.WrittenMemory;
        }
    }

    // The parent holds the other end of stdin for as long as it wants the task.
    static async Task ExitWithParentAsync(Stream input)
    {
        var rest = new byte[4096];
        while (await input.ReadAsync(rest) > 0)
        {
        }
        Environment.Exit(ParentGone);
    }
}
