using System.Text.Json.Nodes;
using Fanfold.Storage;

namespace Fanfold.EndToEnd.Tests.Http;

/// <summary>The verbs against a host: the same documents and exit codes as on this machine.</summary>
public sealed class EndpointVerbTests : IDisposable
{
    const string Result = "results/out.parquet";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    async Task<(StoreUnderTest Store, Served Served)> StartAsync()
    {
        var store = await StoreUnderTest.CreateAsync(StoreKind.Directory, _fanfold);
        foreach (var ff in new[] { 0, 1, 2 })
        {
            var folder = Directory.CreateDirectory(_fanfold.PathOf($"lake/ff={ff}")).FullName;
            Duck.Execute($"copy (select (i % 7)::bigint as amount from range(3000) t(i)) to '{folder}/a.parquet' (format parquet)");
        }
        Write("spec.json", Spec("{}"));
        return (store, await Served.StartAsync(_fanfold, store, "--no-watch"));
    }

    static JsonObject Spec(string more) => Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "len()", "total": "sum(amount)" } }""", Result, more);

    void Write(string file, JsonObject spec) => File.WriteAllText(Path.Combine(_fanfold.Folder, file), spec.ToJsonString());

    Task<Outcome> ThereAsync(Served served, params string[] args) => _fanfold.CallAsync([.. args, "--endpoint", served.Endpoint.AbsoluteUri, "--json"]);

    Task<Outcome> HereAsync(StoreUnderTest store, params string[] args) => _fanfold.CallAsync([.. args, "--store", store.Name, "--json"]);

    [Fact]
    public async Task Verbs_OfARunThatSucceeds_SayTheSameThereAndHere()
    {
        var (store, served) = await StartAsync();
        await using var _ = store;
        using var __ = served;
        var run = (await ThereAsync(served, "run", "spec.json", "--run-id", "r")).Exits(0);
        Assert.Equal(("r", "succeeded", 3), ((string?)run.Json["runId"], (string?)run.Json["status"], (int)run.Json["partitions"]!["succeeded"]!));
        Assert.Equal(run.Stdout, (await ThereAsync(served, "run", "spec.json", "--run-id", "r")).Exits(0).Stdout);
        Assert.Equal(run.Stdout, (await HereAsync(store, "run", "spec.json", "--run-id", "r")).Exits(0).Stdout);
        foreach (var verb in (string[])["status", "watch", "redrive"])
            Assert.Equal((await HereAsync(store, verb, "r")).Exits(0).Stdout, (await ThereAsync(served, verb, "r")).Exits(0).Stdout);
        var whole = await store.HashAsync(Result);
        foreach (var source in (string[][])[["--endpoint", served.Endpoint.AbsoluteUri], ["--store", store.Name]])
        {
            (await _fanfold.CallAsync(["result", "r", "--output", "got.parquet", .. source])).Exits(0);
            Assert.Equal(whole, Fanfold.Sha256(Path.Combine(_fanfold.Folder, "got.parquet")));
            (await _fanfold.CallInShellAsync("> piped.parquet", ["result", "r", "--format", "parquet", .. source])).Exits(0);
            Assert.Equal(whole, Fanfold.Sha256(Path.Combine(_fanfold.Folder, "piped.parquet")));
            (await _fanfold.CallAsync(["result", "r", "--out", "got.csv", .. source])).Exits(0);
            Assert.Equal("ff,", (await File.ReadAllTextAsync(Path.Combine(_fanfold.Folder, "got.csv"), Cancellation))[..3]);
            (await _fanfold.CallAsync(["result", "r", "--out", "GOT.CSV", .. source])).Exits(0);
            Assert.Equal("ff,", (await File.ReadAllTextAsync(Path.Combine(_fanfold.Folder, "GOT.CSV"), Cancellation))[..3]);
            var all = (await _fanfold.CallAsync(["result", "r", "--preview", .. source])).Exits(0).Stdout;
            Assert.DoesNotContain("first", all);
            Assert.Equal(3, all.Split('\n').Count(line => line.TrimStart().Length > 0 && char.IsAsciiDigit(line.TrimStart()[0])));
            Assert.StartsWith("The first 1 rows:\n", (await _fanfold.CallAsync(["result", "r", "--preview", "1", .. source])).Exits(0).Stdout);
            (await _fanfold.CallAsync(["result", "none", "--preview", .. source])).Exits(4);
            (await _fanfold.CallAsync(["result", "r", "--preview", "0", .. source])).Exits(2);
            (await _fanfold.CallAsync(["result", "r", "--preview", "--format", "csv", .. source])).Exits(2);
            Assert.Equal("usage", (string?)(await _fanfold.CallAsync(["result", "r", "--json", .. source])).Exits(2).Error["code"]);
            (await _fanfold.CallAsync(["result", "r", "--json", "--output", "-", .. source])).Exits(2);
            Assert.Equal("run-finished", (string?)(await _fanfold.CallAsync(["cancel", "r", "--json", .. source])).Exits(8).Error["code"]);
        }
        Write("other.json", Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "len()" } }""", Result));
        Assert.Equal("run-id-conflict", (string?)(await ThereAsync(served, "run", "other.json", "--run-id", "r")).Exits(8).Error["code"]);
        foreach (var verb in (string[])["status", "watch", "cancel", "redrive"])
        {
            Assert.Equal("run-not-found", (string?)(await ThereAsync(served, verb, "none")).Exits(4).Error["code"]);
            Assert.Equal("run-not-found", (string?)(await ThereAsync(served, verb, "../x")).Exits(4).Error["code"]);
        }
        Assert.Equal("run-not-found", (string?)(await ThereAsync(served, "result", "none", "--output", "none.parquet")).Exits(4).Error["code"]);
        Assert.Equal("run-not-found", (string?)(await HereAsync(store, "result", "none", "--output", "none.parquet")).Exits(4).Error["code"]);
    }

    [Fact]
    public async Task Verbs_OfARunThatFails_ExitAlike()
    {
        var (store, served) = await StartAsync();
        await using var _ = store;
        using var __ = served;
        var good = await File.ReadAllBytesAsync(_fanfold.PathOf("lake/ff=1/a.parquet"), Cancellation);
        var bad = good.ToArray();
        bad.AsSpan(4, 100).Fill(0xff);
        await store.Objects.PutAsync("lake/ff=1/a.parquet", bad, PutCondition.None, Cancellation);

        var failed = (await ThereAsync(served, "run", "spec.json", "--run-id", "r")).Exits(1);
        Assert.Equal("1", (string?)Assert.Single(failed.Errors, error => error["partition"] is not null)["partition"]);
        Assert.Equal((await HereAsync(store, "watch", "r")).Exits(1).Stdout, (await ThereAsync(served, "watch", "r")).Exits(1).Stdout);
        Assert.Equal("no-result", (string?)(await ThereAsync(served, "result", "r", "--output", "x.csv")).Exits(4).Error["code"]);
        Write("lenient.json", Spec("""{ "limits": { "toleratedFailures": 1 } }"""));
        (await ThereAsync(served, "run", "lenient.json", "--run-id", "lenient")).Exits(3);
        await store.Objects.PutAsync("lake/ff=1/a.parquet", good, PutCondition.None, Cancellation);
        Assert.Equal(2, (int?)(await ThereAsync(served, "redrive", "r")).Exits(0).Json["tasks"]!["reused"]);

        Write("refused.json", Fanfold.Spec("lake", "no_such", """{ "aggregates": { "n": "len()" } }""", Result));
        Assert.Equal((await HereAsync(store, "run", "refused.json")).Exits(2).Stdout, (await ThereAsync(served, "run", "refused.json")).Exits(2).Stdout);
        Assert.Equal("usage", (string?)(await _fanfold.CallAsync("run", "spec.json", "--endpoint", "http://127.0.0.1:1", "--store", "x", "--json")).Exits(2).Error["code"]);
        Assert.Equal("endpoint-unreachable", (string?)(await _fanfold.CallAsync("status", "r", "--endpoint", "http://127.0.0.1:1", "--json")).Exits(6).Error["code"]);
    }

    [Fact]
    public async Task Verbs_OfALongRun_WaitAsLongAsTheyAreToldAndCancelIt()
    {
        var (store, served) = await StartAsync();
        await using var _ = store;
        using var __ = served;
        Write("long.json", Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "len()" } }""", Result,
            $$"""{ "partitionBy": { "column": "ff", "values": [{{string.Join(", ", Enumerable.Range(0, 1000))}}] }, "limits": { "parallel": 1 } }"""));
        using var run = await _fanfold.StartAsync("run", "long.json", "--run-id", "long", "--endpoint", served.Endpoint.AbsoluteUri, "--json");
        while ((await store.ListAsync("fanfold/runs/long/receipts")).Count == 0) await Task.Yield();

        Assert.Equal("wait-timed-out", (string?)(await ThereAsync(served, "watch", "long", "--timeout", "1s")).Exits(7).Error["code"]);
        Assert.Equal("wait-timed-out", (string?)(await HereAsync(store, "watch", "long", "--timeout", "0s")).Exits(7).Error["code"]);
        run.Signal(RunningCommand.Interrupt);
        Assert.Equal("interrupted", (string?)(await run.EndAsync()).Exits(130).Error["code"]);
        Assert.Equal("cancelled", (string?)(await ThereAsync(served, "cancel", "long")).Exits(0).Json["status"]);
        Assert.Equal((await HereAsync(store, "watch", "long")).Exits(1).Stdout, (await ThereAsync(served, "watch", "long")).Exits(1).Stdout);
    }

    [Fact]
    public async Task Key_OfAFunctionsApp_IsNeitherTakenFromTheLineNorPrintedNorSentInTheClear()
    {
        var environment = new Dictionary<string, string> { ["FANFOLD_KEY"] = "SECRETKEY" };
        foreach (var (endpoint, exitCode) in new[] { ("http://example.com", 2), ("https://127.0.0.1:1", 6), ("https://127.0.0.1:1/?code=SECRETKEY", 2), ("https://user:SECRETKEY@127.0.0.1:1", 2) })
        {
            using var call = await _fanfold.StartAsync(environment, "status", "r", "--endpoint", endpoint, "--json");
            var outcome = (await call.EndAsync()).Exits(exitCode);
            Assert.DoesNotContain("SECRETKEY", outcome.Stdout + outcome.Stderr, StringComparison.Ordinal);
        }
    }
}
