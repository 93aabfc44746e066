using System.Globalization;
using System.Text.Json.Nodes;
using Fanfold.Storage;

namespace Fanfold.EndToEnd.Tests;

/// <summary>
/// Sources that change while a run reads them: its result is that of the version it planned with, or it fails and names the file; never a mix. Set
/// <c>FANFOLD_SOAK=1</c> for twenty times the trials, <c>FANFOLD_SEED</c> for the same ones.
/// </summary>
public sealed class InputChangeTests : IDisposable
{
    const string Result = "results/trips.parquet";
    const int Partitions = 6, Files = 4;

    static readonly int Trials = Environment.GetEnvironmentVariable("FANFOLD_SOAK") == "1" ? 240 : 12;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    enum Change { Overwritten, Deleted, Appended, Touched }

    /// <summary>What a listing that comes after the change may find wrong with the file; one in the middle of it, too.</summary>
    static readonly string[] Broken = ["not-parquet", "truncated", "corrupt"];

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Run_SourceChangesMeanwhile_IsExactOrNamesTheFile(StoreKind kind)
    {
        var seed = Environment.GetEnvironmentVariable("FANFOLD_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1 << 30);
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"FANFOLD_SEED={seed}");
        var random = new Random(seed);
        await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        var (old, newer) = (Make("old", 0), Make("newer", 1));
        var planned = await UndisturbedAsync(store, old);
        var objects = (await store.ListAsync($"fanfold/runs/{(string?)planned.Run.Json["runId"]}")).Count;

        int exact = 0, noticed = 0;
        for (var trial = 0; trial < Trials; trial++)
        {
            var (change, file, runId) = ((Change)random.Next(4), random.Next(Files), $"trial-{trial}");
            await PutAsync(store, old);
            // Every second change comes when the fan-out has just begun.
            var early = trial % 2 == 0;
            var wait = random.Next(objects + Partitions / 2);
            using var run = await _fanfold.StartAsync("run", "spec.json", "--store", store.Name, "--run-id", runId, "--json");
            while (!run.HasExited && (early ? !await IsPlannedAsync(store, runId) : (await store.ListAsync($"fanfold/runs/{runId}")).Count < wait)) await Task.Delay(2, Cancellation);
            var wasPlanned = await IsPlannedAsync(store, runId);
            await ChangeAsync(store, change, file, old[file], newer[file], random);
            var outcome = await run.EndAsync();
            var result = await TakeResultAsync(store);
            output.WriteLine($"{trial}: {change} {PathOf(file)} {(wasPlanned ? "after" : "before")} the plan: exit code {outcome.ExitCode}");

            if (outcome.ExitCode == 0)
            {
                exact++;
                if (result != planned.Result && !wasPlanned) planned.Others.Add((change, file, result!));
                else Assert.Equal(planned.Result, result);
                continue;
            }
            outcome.Exits(1);
            Assert.Null(result);
            Assert.NotEmpty(outcome.Errors);
            Assert.All(outcome.Errors, error => Assert.Equal(PathOf(file), (string?)error["file"]));
            Assert.All(outcome.Errors, error => Assert.Contains((string?)error["code"], wasPlanned ? ["input-changed"] : (string[])["input-changed", .. Broken]));
            noticed += outcome.Errors.Any(error => (string?)error["code"] == "input-changed") ? 1 : 0;
        }
        Assert.True(noticed > 0, "no change was noticed");
        // Those that planned with the changed source, against a run of that source alone.
        foreach (var (change, file, result) in planned.Others)
        {
            await PutAsync(store, old);
            await ChangeAsync(store, change, file, old[file], newer[file], random);
            Assert.Equal((await RunAsync(store)).Result, result);
        }
    }

    sealed record Undisturbed(Outcome Run, string? Result)
    {
        public HashSet<(Change, int, string)> Others { get; } = [];
    }

    async Task<Undisturbed> UndisturbedAsync(StoreUnderTest store, byte[][] files)
    {
        JsonObject spec = Fanfold.Spec("lake/trips", "ff", """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)" } }""", Result,
            """{ "limits": { "parallel": 2, "retries": 1 } }""");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString(), Cancellation);
        await PutAsync(store, files);
        return await RunAsync(store);
    }

    async Task<Undisturbed> RunAsync(StoreUnderTest store) =>
        new((await _fanfold.CallAsync("run", "spec.json", "--store", store.Name, "--json")).Exits(0), await TakeResultAsync(store));

    static string PathOf(int file) => $"lake/trips/{file}.parquet";

    /// <summary>Source files that have the same rows but for other amounts in each version.</summary>
    byte[][] Make(string folder, int version)
    {
        var made = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, folder)).FullName;
        for (var file = 0; file < Files; file++)
        {
            Duck.Execute($"""
                copy (select (i % {Partitions})::int as ff, 'c' || (i % 5) as category, ((i * 7919) % 100003) / 8.0 + {version} as amount from range(20000) t(i))
                to '{made}/{file}.parquet' (format parquet, row_group_size 4096, compression uncompressed)
                """);
        }
        return [.. Enumerable.Range(0, Files).Select(file => File.ReadAllBytes(Path.Combine(made, $"{file}.parquet")))];
    }

    static async Task PutAsync(StoreUnderTest store, byte[][] files)
    {
        foreach (var (file, content) in files.Index()) await store.Objects.PutAsync(PathOf(file), content, PutCondition.None, Cancellation);
    }

    static async Task<bool> IsPlannedAsync(StoreUnderTest store, string runId) => (await store.ListAsync(new Workflow.Running.RunPaths(runId).PlanHeader)).Count > 0;

    async Task ChangeAsync(StoreUnderTest store, Change change, int file, byte[] old, byte[] newer, Random random)
    {
        var path = PathOf(file);
        // In a directory also as programs do it that know no store: in place.
        var inPlace = Directory.Exists(_fanfold.Store) && random.Next(2) == 0 ? _fanfold.PathOf(path) : null;
        byte[] content = change switch
        {
            Change.Overwritten => newer,
            Change.Appended => [.. old, .. newer],
            _ => old,
        };
        if (change == Change.Deleted) await store.Objects.DeleteAsync(path, Cancellation);
        else if (inPlace is null) await store.Objects.PutAsync(path, content, PutCondition.None, Cancellation);
        else if (change == Change.Touched) File.SetLastWriteTimeUtc(inPlace, DateTime.UtcNow);
        else if (change == Change.Appended) await File.AppendAllBytesAsync(inPlace, newer, Cancellation);
        else await File.WriteAllBytesAsync(inPlace, content, Cancellation);
    }

    /// <summary>The hash of the result, which is removed together with its manifest; null when there is neither.</summary>
    static async Task<string?> TakeResultAsync(StoreUnderTest store)
    {
        var (result, manifest) = (await store.ListAsync(Result), await store.ListAsync(Result + ".manifest.json"));
        Assert.Equal(result.Count, manifest.Count);
        if (result.Count == 0) return null;
        var hash = await store.HashAsync(Result);
        await store.Objects.DeleteAsync(Result, Cancellation);
        await store.Objects.DeleteAsync(Result + ".manifest.json", Cancellation);
        return hash;
    }
}
