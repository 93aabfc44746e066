using System.Globalization;

namespace Fanfold.EndToEnd.Tests.Faults;

/// <summary>
/// Runs over an Azurite whose connections fail: host and workers reach it only through a proxy. A run gives the bytes of an undisturbed one, or fails with a
/// reason and goes on later. Set <c>FANFOLD_SOAK=1</c> for twenty times the runs, <c>FANFOLD_SEED</c> for the same ones.
/// </summary>
public sealed class FaultTests : IDisposable
{
    const string Result = "results/trips.parquet";
    const int Partitions = 12;
    const int LeastFaults = 20, MaxGap = 16;

    static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    static readonly int Runs = Environment.GetEnvironmentVariable("FANFOLD_SOAK") == "1" ? 80 : 4;

    /// <summary>What a store that fails may make of a run.</summary>
    static readonly HashSet<string?> Reasons = ["storage-unreachable", "throttled", "stopped"];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static readonly string[] Reductions =
    [
        """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)" } }""",
        """{ "select": ["category", "amount"] }""",
    ];

    [Fact]
    public async Task Run_UnderFaults_IsExactOrFailsTypedAndGoesOn()
    {
        var seed = Environment.GetEnvironmentVariable("FANFOLD_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1 << 30);
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"FANFOLD_SEED={seed}");
        await using var store = await CreateStoreAsync();
        await using var proxy = new FaultyProxy(new Uri(store.Name));
        var expected = new List<string>();
        foreach (var (i, _) in Reductions.Index())
        {
            (await RunAsync(new Uri(store.Name), i, $"undisturbed-{i}")).Exits(0);
            expected.Add(await TakeResultAsync(store));
        }

        int flips = 0, refused = 0, silent = 0;
        for (var run = 0; run < Runs; run++)
        {
            var random = new Random(unchecked(seed + run));
            var (reduction, runId) = (run % Reductions.Length, $"run-{run}");
            // One that refuses, and one that says nothing any more.
            (int, Fault)? outage = (run % 4) switch { 1 => (random.Next(1, 150), random.Next(2) == 0 ? Fault.Busy : Fault.Reset), 3 => (random.Next(1, 150), Fault.Hang), _ => null };
            proxy.Schedule = new FaultSchedule(random.Next(), MaxGap, hangs: run % 4 == 0 ? 1 : 0, outage);
            var outcome = await RunAsync(proxy.Endpoint, reduction, runId);
            var schedule = proxy.Schedule;
            proxy.Schedule = null;
            output.WriteLine($"run {run}: exit code {outcome.ExitCode}, {schedule}");
            Assert.True(outcome.ExitCode != 0 || schedule.Faults >= LeastFaults, $"only {schedule}");
            flips += schedule.Count(Fault.FlippedReply) + schedule.Count(Fault.FlippedRequest);

            if (outcome.ExitCode != 0)
            {
                if (schedule.Count(Fault.Hang) > 1) silent++;
                else refused++;
                outcome = await GoOnAsync(outcome, reduction, runId, proxy.Endpoint);
            }
            Assert.Equal("succeeded", (string?)outcome.Json["status"]);
            Assert.Equal(expected[reduction], await TakeResultAsync(store));
            Assert.Empty(await store.ListAsync($"fanfold/runs/{(string?)outcome.Json["runId"]}/parts"));
        }
        Assert.True(flips > 0, "no bit was flipped");
        Assert.True(refused > 0, "no outage stopped a run");
        Assert.True(silent > 0, "no silence stopped a run");
    }

    /// <summary>What the same command gives once the store is well again: of a run that has ended its outcome, so that only a new one can succeed.</summary>
    async Task<Outcome> GoOnAsync(Outcome stopped, int reduction, string runId, Uri store)
    {
        Assert.Contains(stopped.ExitCode, (int[])[1, 6]);
        Assert.NotEmpty(stopped.Errors);
        Assert.All(stopped.Errors, error => Assert.True(Reasons.Contains((string?)error["code"]), $"{error}"));
        var again = await RunAsync(store, reduction, runId);
        if ((string?)stopped.Json["status"] != "failed") return again.Exits(0);
        Assert.Equal(stopped.Stdout, again.Exits(stopped.ExitCode).Stdout);
        return (await RunAsync(store, reduction, runId + "-anew")).Exits(0);
    }

    async Task<StoreUnderTest> CreateStoreAsync()
    {
        var store = await StoreUnderTest.CreateAsync(StoreKind.Azurite, _fanfold);
        var folder = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "made", "lake", "trips")).FullName;
        // Neither compressed nor from a dictionary: each flipped bit of a page is another value.
        Duck.Execute($"""
            copy (select (i % {Partitions})::int as ff, 'c' || (i % 5) as category, ((i * 7919) % 100003) / 8.0 as amount from range(40000) t(i))
            to '{folder}/a.parquet' (format parquet, row_group_size 4096, compression uncompressed)
            """);
        await store.FillAsync(Path.Combine(_fanfold.Folder, "made"), "lake");
        return store;
    }

    async Task<Outcome> RunAsync(Uri store, int reduction, string runId)
    {
        var spec = Fanfold.Spec("lake/trips", "ff", Reductions[reduction], Result, """{ "limits": { "parallel": 3 } }""");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString(), Cancellation);
        using var run = await _fanfold.StartAsync("run", "spec.json", "--store", store.AbsoluteUri, "--run-id", runId, "--json");
        return await run.EndAsync().WaitAsync(Longest, Cancellation);
    }

    /// <summary>The hash of the result, which is removed together with its manifest.</summary>
    static async Task<string> TakeResultAsync(StoreUnderTest store)
    {
        var hash = await store.HashAsync(Result);
        await store.Objects.DeleteAsync(Result, Cancellation);
        await store.Objects.DeleteAsync(Result + ".manifest.json", Cancellation);
        return hash;
    }
}
