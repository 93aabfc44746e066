using System.Globalization;

namespace Fanfold.EndToEnd.Tests.Memory;

/// <summary>The resident memory of a command while it runs, in bytes.</summary>
sealed class ResidentMemory
{
    readonly List<long> _samples = [];

    public async Task WatchAsync(RunningCommand run)
    {
        while (!run.HasExited)
        {
            if (ResidentBytes(run.Id) is > 0 and var resident) _samples.Add(resident);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Late in the run, before the parts are combined, it needs no more than when it was half done; it has planned by then.</summary>
    public void AssertFlat()
    {
        Assert.True(_samples.Count >= 30, $"only {_samples.Count} samples");
        AssertFlat("command", _samples, (0.5, 0.65), (0.8, 0.9));
    }

    /// <summary>The last tenth of a short run, in which the host's own heap still finds its size, may not need much more than the time from its second tenth to its third.</summary>
    public void AssertBounded()
    {
        Assert.True(_samples.Count >= 30, $"only {_samples.Count} samples");
        var (early, late) = (Median(_samples, (0.1, 0.3)), Median(_samples, (0.9, 1)));
        Assert.True(late < 1.5 * early + (32 << 20), $"resident memory grew from {early:N0} to {late:N0} bytes");
    }

    /// <summary>The median of the later window, a part of the whole, is at most 10 % and 10 MiB above that of the earlier.</summary>
    public static void AssertFlat(string what, IReadOnlyList<long> bytes, (double From, double To) earlier, (double From, double To) later)
    {
        var (early, late) = (Median(bytes, earlier), Median(bytes, later));
        TestContext.Current.TestOutputHelper!.WriteLine($"{what}: {early / 1048576.0:0.0} MiB early, {late / 1048576.0:0.0} MiB late, at most {bytes.Max() / 1048576.0:0.0} MiB");
        Assert.True(late <= early + early / 10 && late <= early + (10 << 20), $"{what}: resident memory grew from {early:N0} to {late:N0} bytes");
    }

    static long Median(IReadOnlyList<long> bytes, (double From, double To) part)
    {
        var window = bytes.Skip((int)(part.From * bytes.Count)).Take(Math.Max(1, (int)((part.To - part.From) * bytes.Count))).Order().ToList();
        return window[window.Count / 2];
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
