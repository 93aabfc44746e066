using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>One whole process, from its start to its end.</summary>
/// <param name="CpuSeconds">User and system time of exactly this process, to the microsecond.</param>
sealed partial record ProcessRun(double CpuSeconds, double WallSeconds, string Output)
{
    const int OfChildren = -1;

    /// <param name="input">A line for its stdin, which stays open: a worker whose stdin closes ends.</param>
    /// <exception cref="InvalidOperationException">It failed; holds what it wrote to stderr.</exception>
    public static async Task<ProcessRun> StartAsync(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, byte[]? input = null)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;

        // What the system adds up of ended children grows by this one's share, since no other runs meanwhile.
        var before = ChildrenSeconds();
        var clock = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (input is not null) await process.StandardInput.BaseStream.WriteAsync(input);
        await process.StandardInput.BaseStream.FlushAsync();
        await process.WaitForExitAsync();
        var wall = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        var cpu = ChildrenSeconds() - before;
        return process.ExitCode == 0
            ? new ProcessRun(cpu, wall, await output)
            : throw new InvalidOperationException($"{file} exited with {process.ExitCode}: {await errors}{await output}");
    }

    /// <summary>User and system time of all ended children of this process, and of theirs.</summary>
    public static double ChildrenSeconds() => GetUsage(OfChildren, out var usage) == 0
        ? usage.UserSeconds + usage.SystemSeconds + (usage.UserMicroseconds + usage.SystemMicroseconds) / 1e6
        : throw new InvalidOperationException("getrusage failed");

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, out Usage usage);

    // Its peak memory is of no use: a child begins with the peak of the process that started it.
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    readonly struct Usage
    {
        public readonly long UserSeconds;
        public readonly long UserMicroseconds;
        public readonly long SystemSeconds;
        public readonly long SystemMicroseconds;
    }
}
