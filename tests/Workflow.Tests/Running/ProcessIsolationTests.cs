using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Workers of every kind of misbehaviour, played by shell scripts.</summary>
public sealed class ProcessIsolationTests : IDisposable
{
    static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    const string Receipt = """{"receipt":{"taskId":"00000-x","outcome":"Done"}}""";

    readonly string _folder = Directory.CreateTempSubdirectory("fanfold-isolation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static WorkerTask Task(int metadata = 0) => new()
    {
        RunId = "r", TaskId = "00000-x", Data = new StoreLocation("/"), State = new StoreLocation("/"), Output = "part", Memory = 64 << 20,
        Metadata = new SortedDictionary<string, string> { ["padding"] = new string('x', metadata) },
    };

    /// <summary>Runs a script as the worker; <c>$0</c> is a file of the test's own.</summary>
    Task<TaskReceipt> RunAsync(string script, TimeSpan deadline, WorkerTask? task = null, CancellationToken? cancellation = null) =>
        new ProcessIsolation(new WorkerCommand("/bin/sh", ["-c", script, PidFile], IsNative: true)).RunAsync(task ?? Task(), deadline, _ => { }, cancellation ?? Cancellation);

    string PidFile => Path.Combine(_folder, "pid");

    void AssertGone()
    {
        if (File.Exists(PidFile)) Assert.False(Directory.Exists("/proc/" + File.ReadAllText(PidFile).Trim()), "the worker is still there");
    }

    [Theory]
    [InlineData("echo $$ > $0; exec sleep 600", 0)]
    [InlineData("echo $$ > $0; while :; do :; done", 0)]
    [InlineData("echo $$ > $0; sleep 600; echo never", 0)]
    [InlineData("echo $$ > $0; exec sleep 600", 1 << 20)] // more than a pipe holds, to a worker that never reads
    public async Task Run_WorkerThatHangs_EndsAtTheDeadlineWithItsProcess(string script, int metadata)
    {
        var receipt = await RunAsync(script, Short, Task(metadata));

        Assert.Equal((TaskOutcome.Deadline, "deadline"), (receipt.Outcome, receipt.Failure!.Code));
        AssertGone();
    }

    [Fact]
    public async Task Run_Cancelled_EndsTheProcess()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        cancel.CancelAfter(Short);

        var receipt = await RunAsync("echo $$ > $0; exec sleep 600", Long, cancellation: cancel.Token);

        Assert.Equal(TaskOutcome.Cancelled, receipt.Outcome);
        AssertGone();
    }

    [Theory]
    [InlineData("kill -9 $$", "exit code 137")]
    [InlineData("read task; kill -9 $$", "exit code 137")]
    [InlineData("exit 3", "exit code 3")]
    [InlineData("echo the last words >&2; exit 134", "exit code 134): the last words")]
    [InlineData("read task; echo garbage; echo '[1]'", "exit code 0")]
    [InlineData("exec 0<&-; exit 7", "exit code 7")]
    public async Task Run_WorkerThatDies_IsTransientWithItsExit(string script, string exit)
    {
        var receipt = await RunAsync(script, Long);

        Assert.Equal((TaskOutcome.Transient, "worker-died"), (receipt.Outcome, receipt.Failure!.Code));
        Assert.Contains(exit, receipt.Failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ not json")]
    [InlineData("""{"receipt":{"outcome":"Done"}}""")]
    [InlineData("""{"receipt":{"taskId":"x","outcome":"Splendid"}}""")]
    public async Task Run_AnswerThatCannotBeRead_IsTransient(string answer)
    {
        var receipt = await RunAsync($"read task; echo '{answer}'; exec sleep 600", Long);

        Assert.Equal((TaskOutcome.Transient, "worker-unreadable"), (receipt.Outcome, receipt.Failure!.Code));
    }

    /// <summary>The process that the worker leaves behind holds its pipes until the test ends it.</summary>
    [Theory]
    [InlineData("sleep 600 & echo $! > $0; echo the last words >&2; exit 3")]
    [InlineData("sleep 600 >/dev/null & echo $! > $0; echo the last words >&2; exit 3")]
    public async Task Run_WorkerLeavesAProcessBehind_IsNotWaitedFor(string script)
    {
        var receipt = await RunAsync(script, TimeSpan.FromSeconds(30));
        using (var left = Process.GetProcessById(int.Parse(File.ReadAllText(PidFile), CultureInfo.InvariantCulture))) left.Kill();

        Assert.Equal((TaskOutcome.Transient, "worker-died"), (receipt.Outcome, receipt.Failure!.Code));
        Assert.EndsWith("exit code 3: the last words", receipt.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WorkerWritesALineWithoutEnd_IsUnreadable()
    {
        var receipt = await RunAsync("read task; exec cat /dev/zero", TimeSpan.FromSeconds(30));

        Assert.Equal((TaskOutcome.Transient, "worker-unreadable"), (receipt.Outcome, receipt.Failure!.Code));
        Assert.EndsWith("a line of more than 4 MiB.", receipt.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FailureWithALongText_IsCut()
    {
        var receipt = await RunAsync("""read task; printf '{"receipt":{"taskId":"x","outcome":"Bug","failure":{"code":"bug","message":"'; head -c 100000 /dev/zero | tr '\0' 'e'; echo '"}}}'""", Long);

        Assert.Equal((TaskOutcome.Bug, 8 << 10), (receipt.Outcome, receipt.Failure!.Message.Length));
    }

    [Fact]
    public async Task Run_WorkerClosesStdinEarly_ItsReceiptCounts()
    {
        var receipt = await RunAsync($"exec 0<&-; echo '{Receipt}'", Long, Task(metadata: 1 << 20));

        Assert.Equal(TaskOutcome.Done, receipt.Outcome);
    }

    [Fact]
    public async Task Run_WorkerFloodsStderr_ItsReceiptCounts()
    {
        var receipt = await RunAsync($"read task; head -c 5000000 /dev/zero | tr '\\0' 'e' >&2; echo '{Receipt}'", Long);

        Assert.Equal(TaskOutcome.Done, receipt.Outcome);
    }

    [Fact]
    public async Task Run_WorkerCrashesWithManyFrames_KeepsTheReason()
    {
        var receipt = await RunAsync("echo Stack overflow. >&2; yes '   at Reducer.Finish(System.Object)' 2>/dev/null | head -n 100000 >&2; exit 134", Long);

        Assert.EndsWith(": Stack overflow.", receipt.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WorkerFloodsStderrAndDies_KeepsOnlyTheEnd()
    {
        var receipt = await RunAsync("head -c 5000000 /dev/zero | tr '\\0' 'e' >&2; echo the end >&2; exit 1", Long);

        Assert.EndsWith("the end", receipt.Failure!.Message, StringComparison.Ordinal);
        Assert.InRange(receipt.Failure.Message.Length, 100, 4096);
    }

    [Fact]
    public async Task Run_WorkerBeyondItsCap_IsMemory()
    {
        // The shell keeps the whole text in memory.
        var receipt = await RunAsync("read task; text=$(head -c 200000000 /dev/zero | tr '\\0' 'm'); exec sleep 600", Long);

        Assert.Equal((TaskOutcome.Memory, "memory"), (receipt.Outcome, receipt.Failure!.Code));
        Assert.True(receipt.PeakMemory > 64 << 20);
    }

    [Theory]
    [InlineData(true, 63, 64, "a worker needs; raise \"limits.memory\"")]
    [InlineData(false, 127, 128, "a worker under `dotnet` needs; raise \"limits.memory\", or use the published command, whose worker is compiled ahead of time")]
    public async Task Run_CapThatNoWorkerCanKeep_IsRefusedBeforeAProcessStarts(bool native, long cap, long least, string advice)
    {
        var isolation = new ProcessIsolation(new WorkerCommand("/no/such/worker", [], native));

        var receipt = await isolation.RunAsync(Task() with { Memory = cap << 20 }, Long, _ => { }, Cancellation);

        Assert.Equal((TaskOutcome.Memory, "cap-too-small", least << 20), (receipt.Outcome, receipt.Failure!.Code, receipt.NeededMemory));
        Assert.Equal($"the cap of {cap} MiB is less than the {least} MiB that {advice}", receipt.Failure.Message);
        Assert.Equal(least << 20, isolation.MinMemory);
    }

    /// <summary>What a native worker ignores without a word, and what a script between may forget.</summary>
    [Theory]
    [InlineData("export DOTNET_GCHeapHardLimit=0x$DOTNET_GCHeapHardLimit", "DOTNET_GCHeapHardLimit=0x3000000")]
    [InlineData("unset DOTNET_GCHeapHardLimit", "DOTNET_GCHeapHardLimit=,")]
    [InlineData("export FANFOLD_WORKER_MEMORY=128MiB", "FANFOLD_WORKER_MEMORY=128MiB")]
    public async Task Run_WorkerWhoseHeapIsNotLimited_RefusesTheTask(string before, string message)
    {
        var worker = WorkerCommand.Find();
        var isolation = new ProcessIsolation(new WorkerCommand("/bin/sh", ["-c", $"{before}; exec \"$0\" \"$@\"", worker.File, .. worker.Arguments], IsNative: false));

        var receipt = await isolation.RunAsync(Task() with { Memory = 128 << 20 }, Long, _ => { }, Cancellation);

        Assert.Equal((TaskOutcome.Bug, "memory-limit-ignored"), (receipt.Outcome, receipt.Failure!.Code));
        Assert.Contains(message, receipt.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WorkerThatHasLimitedItself_CanTakeNoMoreThanItsCap()
    {
        // The pipe as its source keeps the worker where it is; the limit is there before it knows its task.
        var worker = WorkerCommand.Find();
        var isolation = new ProcessIsolation(new WorkerCommand("/bin/sh", ["-c", "echo $$ > $0; exec \"$@\"", PidFile, worker.File, .. worker.Arguments], IsNative: false));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = isolation.RunAsync(BlockedTask() with { Memory = 128 << 20 }, Long, _ => { }, ending.Token);
        long? limit = null;
        while (limit is null && !running.IsCompleted)
        {
            await System.Threading.Tasks.Task.Yield();
            if (File.Exists(PidFile) && File.ReadAllText(PidFile).Trim() is { Length: > 0 } id) limit = DataLimit(id);
        }
        await ending.CancelAsync();

        Assert.Equal(TaskOutcome.Cancelled, (await running).Outcome);
        Assert.InRange(limit!.Value, 64 << 20, 128 << 20);
    }

    /// <summary>Null while there is none.</summary>
    static long? DataLimit(string process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/limits").Single(line => line.StartsWith("Max data size", StringComparison.Ordinal));
            return long.TryParse(line["Max data size".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
        }
        catch (IOException)
        {
            // It is not there yet.
            return null;
        }
    }

    [Fact]
    public async Task Run_Heartbeats_ArePassedOn()
    {
        var rows = new List<long>();
        var isolation = new ProcessIsolation(new WorkerCommand("/bin/sh", ["-c", $$"""read task; echo '{"heartbeatRows":5}'; echo '{"heartbeatRows":9}'; echo '{{Receipt}}'"""], IsNative: true));

        await isolation.RunAsync(Task(), Long, rows.Add, Cancellation);

        Assert.Equal([5, 9], rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Worker_StdinCloses_EndsByItself(bool afterTask)
    {
        var command = WorkerCommand.Find();
        var start = new ProcessStartInfo(command.File) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in command.Arguments) start.ArgumentList.Add(argument);
        using var worker = Process.Start(start)!;
        if (afterTask) await worker.StandardInput.WriteLineAsync(JsonSerializer.Serialize(BlockedTask(), WorkerJson.Default.WorkerTask));
        worker.StandardInput.Close();

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            await worker.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!worker.HasExited) worker.Kill();
        }
        Assert.Equal(75, worker.ExitCode);
        Assert.Empty(await worker.StandardOutput.ReadToEndAsync(Cancellation));
    }

    /// <summary>A task that takes for ever: its source is a pipe that no one writes.</summary>
    WorkerTask BlockedTask()
    {
        using var made = Process.Start("mkfifo", Path.Combine(_folder, "pipe"))!;
        made.WaitForExit();
        return Task() with { State = new StoreLocation(_folder), Combine = new CombineWork([], [new PartReference("pipe", "e", "", 1, 1)]) };
    }
}
