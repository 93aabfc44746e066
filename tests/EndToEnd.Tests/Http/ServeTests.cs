using System.Text;
using System.Text.Json.Nodes;
using Fanfold.Client;
using Fanfold.Storage;

namespace Fanfold.EndToEnd.Tests.Http;

/// <summary><c>fanfold serve</c> as a process: killed, stopped, and fed with files.</summary>
public sealed class ServeTests : IDisposable
{
    const string Result = "results/trips.parquet";
    const int Partitions = 12;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    const string Reduce = """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)" } }""";

    static string Spec(string result = Result) => Fanfold.Spec("lake/trips", "ff", Reduce, result, """{ "limits": { "parallel": 2 } }""").ToJsonString();

    /// <summary>A task after the other, so many that a signal comes before the end.</summary>
    static string Long(int tasks) => Fanfold.Spec("lake/trips", "ff", Reduce, Result,
        $$"""{ "partitionBy": { "column": "ff", "values": [{{string.Join(", ", Enumerable.Range(0, tasks))}}] }, "limits": { "parallel": 1 } }""").ToJsonString();

    async Task<StoreUnderTest> CreateAsync(StoreKind kind)
    {
        var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        var folder = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "made", "lake", "trips")).FullName;
        Duck.Execute($"""
            copy (select (i % {Partitions})::int as ff, 'c' || (i % 5) as category, (i % 1000) / 8.0 as amount from range(20000) t(i)) to '{folder}/a.parquet' (format parquet, row_group_size 4096)
            """);
        await store.FillAsync(Path.Combine(_fanfold.Folder, "made"), "lake");
        return store;
    }

    async Task<List<string>> RowsAsync(StoreUnderTest store, string path)
    {
        var file = Path.Combine(_fanfold.Folder, "got.parquet");
        await File.WriteAllBytesAsync(file, await store.ReadAsync(path), Cancellation);
        return Duck.ReadResult(file);
    }

    static Task PutAsync(StoreUnderTest store, string path, string content) => store.Objects.PutAsync(path, Encoding.UTF8.GetBytes(content), PutCondition.None, Cancellation);

    /// <summary>Waits until an object is there.</summary>
    static async Task<JsonNode> AppearsAsync(StoreUnderTest store, string path)
    {
        byte[]? content;
        while ((content = await store.Objects.ReadAllAsync(path, 1 << 20, Cancellation)) is null) await Task.Yield();
        return JsonNode.Parse(content)!;
    }

    static async Task DisappearsAsync(StoreUnderTest store, string path)
    {
        while (await store.Objects.ReadAllAsync(path, 1 << 20, Cancellation) is not null) await Task.Yield();
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Serve_KilledInTheMiddle_GoesOnToTheSameBytes(StoreKind kind)
    {
        await using var store = await CreateAsync(kind);
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Long(100), Cancellation);
        (await _fanfold.CallAsync("run", "spec.json", "--store", store.Name, "--isolation", "none", "--json")).Exits(0);
        var undisturbed = await store.HashAsync(Result);
        await store.Objects.DeleteAsync(Result, Cancellation);
        await store.Objects.DeleteAsync(Result + ".manifest.json", Cancellation);

        using (var first = await Served.StartAsync(_fanfold, store))
        {
            await first.Client.StartAsync("r", Long(100), Cancellation);
            while ((await store.ListAsync("fanfold/runs/r/receipts")).Count < 2) await Task.Yield();
            Assert.Equal(RunningCommand.KilledExitCode, (await first.StopAsync(RunningCommand.Kill)).ExitCode);
        }
        Assert.Empty(await store.ListAsync(Result));
        using var second = await Served.StartAsync(_fanfold, store);
        var ended = await second.Client.WaitAsync("r", cancellationToken: Cancellation);

        Assert.Equal(RunStatus.Succeeded, ended.Status);
        Assert.Equal(undisturbed, await store.HashAsync(Result));
    }

    [Fact]
    public async Task Serve_AskedToStop_EndsItsStreamsAndLeavesRunsResumable()
    {
        await using var store = await CreateAsync(StoreKind.Directory);
        int done;
        using (var served = await Served.StartAsync(_fanfold, store))
        {
            await served.Client.StartAsync("r", Long(1000), Cancellation);
            await using var stream = await served.Http.GetStreamAsync(new Uri(served.Endpoint, "/api/runs/r/events"), Cancellation);
            while ((await store.ListAsync("fanfold/runs/r/receipts")).Count < 1) await Task.Yield();
            (await served.StopAsync()).Exits(0);
            Assert.Equal("running", (string?)JsonNode.Parse(await store.ReadAsync("fanfold/runs/r/status.json"))!["status"]);
            done = (await store.ListAsync("fanfold/runs/r/receipts")).Count;
        }
        using var again = await Served.StartAsync(_fanfold, store);
        while ((await store.ListAsync("fanfold/runs/r/receipts")).Count <= done) await Task.Yield();
        (await again.StopAsync(RunningCommand.Interrupt)).Exits(0);
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Serve_FilesThatAskForRuns_AreRunOrRefused(StoreKind kind)
    {
        await using var store = await CreateAsync(kind);
        await PutAsync(store, "requests/bad.run.json", "{ \"version\": 1, \"sour");
        await PutAsync(store, "requests/good.run.json", Spec());
        await PutAsync(store, "lake/trips/_run.json", Spec("results/landed.parquet"));
        await PutAsync(store, "lake/trips/_SUCCESS", "");
        await PutAsync(store, "lake/wrong/_run.json", "[]");
        await PutAsync(store, "lake/wrong/_SUCCESS", "");
        string[] folders = ["--watch-data", "lake/trips", "--watch-data", "lake/wrong"];
        string run;
        using (var served = await Served.StartAsync(_fanfold, store, folders))
        {
            run = (string)(await AppearsAsync(store, "requests/good.started.json"))["runId"]!;
            Assert.Equal(RunStatus.Succeeded, (await served.Client.WaitAsync(run, cancellationToken: Cancellation)).Status);
            var refusal = await AppearsAsync(store, "requests/bad.error.json");
            Assert.Equal("invalid-json", (string?)refusal["errors"]![0]!["code"]);

            await PutAsync(store, "requests/bad.run.json", Spec("results/mended.parquet"));
            var mended = (string)(await AppearsAsync(store, "requests/bad.started.json"))["runId"]!;
            await DisappearsAsync(store, "requests/bad.error.json");
            Assert.Equal(RunStatus.Succeeded, (await served.Client.WaitAsync(mended, cancellationToken: Cancellation)).Status);
            while ((await store.ListAsync("requests")).Count(entry => entry.Path.Contains("lake-", StringComparison.Ordinal)) < 2) await Task.Yield();
            var landed = await served.Client.ListAsync(cancellationToken: Cancellation).SingleAsync(item => item.RunId.StartsWith("lake-trips-", StringComparison.Ordinal), Cancellation);
            Assert.Equal(RunStatus.Succeeded, (await served.Client.WaitAsync(landed.RunId, cancellationToken: Cancellation)).Status);
            (await served.StopAsync()).Exits(0);
        }
        Assert.Equal(await RowsAsync(store, Result), await RowsAsync(store, "results/landed.parquet"));
        Assert.Contains(await store.ListAsync("requests"), entry => entry.Path.StartsWith("requests/lake-wrong-", StringComparison.Ordinal) && entry.Path.EndsWith(".error.json", StringComparison.Ordinal));

        using var again = await Served.StartAsync(_fanfold, store, folders);
        await PutAsync(store, "requests/last.run.json", "");
        await AppearsAsync(store, "requests/last.error.json");
        Assert.Equal(3, await again.Client.ListAsync(cancellationToken: Cancellation).CountAsync(Cancellation));
    }
}
