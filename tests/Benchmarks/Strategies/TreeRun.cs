using System.Diagnostics;
using System.Globalization;
using Fanfold.Benchmarks.SinglePass;
using Fanfold.Worker;

namespace Fanfold.Benchmarks.Strategies;

/// <summary>A process and all that it started.</summary>
/// <param name="PeakBytes">The most that they had resident together at one look; pages that they share count in each.</param>
sealed record TreeRun(double WallSeconds, double CpuSeconds, long PeakBytes, string Output)
{
    static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(25);

    public static async Task<TreeRun> StartAsync(string file, string folder, params string[] arguments)
    {
        var before = ProcessRun.ChildrenSeconds();
        var clock = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        long peak = 0;
        var wall = 0.0;
        for (var end = process.WaitForExitAsync(); !end.IsCompleted; await Task.WhenAny(end, Task.Delay(LookInterval))) peak = Math.Max(peak, Resident(process.Id));
        wall = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        if (process.ExitCode != 0) throw new InvalidOperationException($"'{file} {string.Join(' ', arguments)}' exited with {process.ExitCode}: {await errors}");
        return new TreeRun(wall, ProcessRun.ChildrenSeconds() - before, peak, await output);
    }

    static long Resident(int process)
    {
        var all = ProcessMemory.Read(process.ToString(CultureInfo.InvariantCulture)).Resident;
        try
        {
            foreach (var thread in Directory.EnumerateDirectories($"/proc/{process}/task"))
                foreach (var child in File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)) all += Resident(int.Parse(child, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // It ended between two looks.
        }
        return all;
    }
}
