using System.Collections.Concurrent;
using System.Diagnostics;
using Fanfold.Engine.Tests;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>Schedules by seed. <c>FANFOLD_SEED=n</c> plays the one that failed and prints what happened in it.</summary>
public class ScheduleTests
{
    [Fact]
    public void Schedules_Disturbed_EndWithTheExactResultOrATypedFailure()
    {
        var seeds = new Seeds(Soak.Cases(10_000));
        var counts = new ConcurrentDictionary<string, int>();
        var started = Stopwatch.GetTimestamp();

        seeds.ForEach(seed =>
        {
            var schedule = new Schedule(seed, Seeds.KeepsLog);
            var summary = schedule.Play();
            Count(summary.Status.ToString());
            foreach (var error in summary.Errors ?? []) Count(error.Code);
            foreach (var what in schedule.Chaos.Happened.Keys) Count(what.ToString());
            if (schedule.Run.Redrives > 0) Count("redriven");
            if (schedule.Run.Redrives > 0 && summary.Status == RunStatus.Succeeded) Count("succeeded after a redrive");
            if (schedule.Run.Drivers > 1) Count("more than one driver");
            if (schedule.Run.Stops > 0) Count("stopped and went on");
            if (schedule.Run.Duplicates > 0) Count("delivered twice");
            if (schedule.Run.Purges > 0) Count("purged and begun anew");
            if (summary.Strategy == "sharedScan") Count($"shared scan {summary.Status}");
            if (summary.Strategy == "sharedScan" && summary.Tasks.Reused > 0) Count("shared scan with kept states");
        });

        foreach (var (what, count) in counts.OrderBy(entry => entry.Key, StringComparer.Ordinal)) TestContext.Current.TestOutputHelper!.WriteLine($"{count,8} {what}");
        TestContext.Current.TestOutputHelper!.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        if (Seeds.KeepsLog) return;
        // Schedules that disturb nothing, or always end alike, would prove little.
        string[] often = [nameof(RunStatus.Succeeded), nameof(RunStatus.SucceededWithFailures), nameof(RunStatus.Failed), nameof(RunStatus.Cancelled), "redriven", "succeeded after a redrive", "more than one driver", "stopped and went on", "delivered twice", "purged and begun anew", "shared scan Succeeded", "shared scan Failed", "shared scan with kept states", "input-changed", .. Enum.GetNames<Disturbance>()];
        Assert.All(often, what => Assert.True(counts.GetValueOrDefault(what) > 20, $"{what}: {counts.GetValueOrDefault(what)} times"));

        void Count(string what) => counts.AddOrUpdate(what, 1, (_, count) => count + 1);
    }

    [Fact]
    public void Schedule_PlayedTwice_IsTheSame() => new Seeds(Soak.Cases(300)).ForEach(seed =>
    {
        var (first, second) = (new Schedule(seed), new Schedule(seed));
        first.Play();
        second.Play();
        Assert.Equal((first.World.Trace, first.World.Steps, first.World.Calls, first.World.Now), (second.World.Trace, second.World.Steps, second.World.Calls, second.World.Now));
    });
}
