using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Benchmarks.SinglePass;

namespace Fanfold.Benchmarks;

/// <summary>One whole process of the command.</summary>
/// <param name="Resident">Samples of its resident memory in bytes, over its life.</param>
/// <param name="CpuSeconds">User and system time of it and its workers.</param>
sealed record MeasuredRun(JsonNode Summary, IReadOnlyList<long> Resident, double CpuSeconds)
{
    static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(20);

    public double ElapsedMs => (double)Summary["elapsedMs"]!;

    /// <summary>Mean resident memory between two fractions of the run, in MiB.</summary>
    public double ResidentMiB(double from, double to) => Resident.Count == 0 ? 0 : Resident.Skip((int)(from * Resident.Count)).Take(Math.Max(1, (int)((to - from) * Resident.Count))).Average() / (1 << 20);

    public static async Task<MeasuredRun> StartAsync(Published command, string folder, params string[] args)
    {
        var before = ProcessRun.ChildrenSeconds();
        using var process = Process.Start(new ProcessStartInfo(command.File, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (stdout, stderr) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var resident = new List<long>();
        while (!process.HasExited)
        {
            if (ResidentBytes(process.Id) is > 0 and var bytes) resident.Add(bytes);
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(SampleInterval));
        }
        if (process.ExitCode != 0) throw new InvalidOperationException($"`fanfold {string.Join(' ', args)}` exited with {process.ExitCode}: {await stderr}");
        return new MeasuredRun(JsonNode.Parse(await stdout)!, resident, ProcessRun.ChildrenSeconds() - before);
    }

    static long ResidentBytes(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["VmRSS:".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            // It ended between two looks.
            return 0;
        }
    }
}
