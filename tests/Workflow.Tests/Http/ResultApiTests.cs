using System.Net;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

public sealed class ResultApiTests
{
    static async Task<ServedApi> StartAsync(string output = RunHarness.Output)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/one", RunHarness.Spec(output: $$"""{ "path": "{{output}}" }""").ToJson());
        await api.EndAsync("one");
        return api;
    }

    [Fact]
    public async Task Result_OfASucceededRun_IsItsFile()
    {
        await using var api = await StartAsync();
        var reply = await api.GetAsync("/api/runs/one/result?format=parquet");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal(await api.Harness.ReadAsync(RunHarness.Output), reply.Body);
        Assert.Equal("application/vnd.apache.parquet", reply.Header("Content-Type"));
        Assert.Equal(HttpStatusCode.NotModified, (await api.GetAsync("/api/runs/one/result", ("If-None-Match", reply.Header("ETag")!))).Status);
    }

    [Fact]
    public async Task Result_AsCsv_IsText()
    {
        await using var api = await StartAsync("results/out.csv");
        var reply = await api.GetAsync("/api/runs/one/result");
        Assert.Equal("text/csv; charset=utf-8", reply.Header("Content-Type"));
        Assert.Equal(await api.Harness.ReadAsync("results/out.csv"), reply.Body);
    }

    [Theory]
    [InlineData("perPartition")]
    [InlineData("sharedScan")]
    public async Task Manifest_OfASucceededRun_HasItsPartitions_WhateverTheStrategy(string strategy)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await using var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/one", RunHarness.SpecOf("""{ "aggregates": { "n": "len()" } }""", strategy: strategy).ToJson());
        await api.EndAsync("one");
        var reply = await api.GetAsync("/api/runs/one/manifest");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal(["0 succeeded 10", "1 succeeded 10", "2 succeeded 10"], reply.Json.GetProperty("partitions").EnumerateArray().Select(partition => $"{partition.GetProperty("value")} {partition.GetProperty("status")} {partition.GetProperty("rowsIn")}"));
        Assert.Equal(await harness.ReadAsync(RunPaths.Manifest(RunHarness.Output)), reply.Body);
        Assert.Equal(HttpStatusCode.NotModified, (await api.GetAsync("/api/runs/one/manifest", ("If-None-Match", reply.Header("ETag")!))).Status);
    }

    [Theory]
    [InlineData("bytes=0-3", 0, 4)]
    [InlineData("bytes=4-", 4, int.MaxValue)]
    [InlineData("bytes=-4", -4, int.MaxValue)]
    [InlineData("bytes=2-9999999999", 2, int.MaxValue)]
    [InlineData("bytes=-9999999999", 0, int.MaxValue)]
    [InlineData("bytes=0-1,3-4", 0, int.MaxValue)]
    [InlineData("lines=0-1", 0, int.MaxValue)]
    [InlineData("bytes=9-1", 0, int.MaxValue)]
    public async Task Result_Range_IsThatPart(string range, int start, int end)
    {
        await using var api = await StartAsync();
        var file = (await api.Harness.ReadAsync(RunHarness.Output))!;
        var reply = await api.GetAsync("/api/runs/one/result", ("Range", range));
        start = start < 0 ? file.Length + start : start;
        end = Math.Min(end, file.Length);
        Assert.Equal(file[start..end], reply.Body);
        var isPart = end - start < file.Length;
        Assert.Equal(isPart ? HttpStatusCode.PartialContent : HttpStatusCode.OK, reply.Status);
        Assert.Equal(isPart ? $"bytes {start}-{end - 1}/{file.Length}" : null, reply.Header("Content-Range"));
    }

    [Theory]
    [InlineData("bytes=999999999-")]
    [InlineData("bytes=-0")]
    public async Task Result_RangeOutside_IsRefused(string range)
    {
        await using var api = await StartAsync();
        Assert.Equal("range-not-satisfiable", (await api.GetAsync("/api/runs/one/result", ("Range", range))).Refusal(HttpStatusCode.RequestedRangeNotSatisfiable));
    }

    [Fact]
    public async Task Result_ThatIsNot_IsRefused()
    {
        await using var api = await StartAsync();
        await api.Harness.StartAsync("open", RunHarness.Spec(aggregate: "max(amount)"));
        foreach (var asked in (string[])["result", "manifest"])
        {
            var open = await api.GetAsync($"/api/runs/open/{asked}");
            Assert.Equal(("no-result", "1"), (open.Refusal(HttpStatusCode.Conflict), open.Header("Retry-After")));
            Assert.Equal("run-not-found", (await api.GetAsync($"/api/runs/none/{asked}")).Refusal(HttpStatusCode.NotFound));
        }
        await api.Harness.Store.PutAsync(RunHarness.Output, "another"u8.ToArray(), PutCondition.None, TestContext.Current.CancellationToken);
        Assert.Equal("result-replaced", (await api.GetAsync("/api/runs/one/result")).Refusal(HttpStatusCode.Gone));
    }

    /// <summary>Another run of the same spec wrote there: what it made is the first one's result only as long as it is the same.</summary>
    [Theory]
    [InlineData("parquet")]
    [InlineData("hive")]
    public async Task Result_OfAnotherRunOfTheSpec_IsTheOwnOnlyWhenEqual(string layout)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        await using var api = await ServedApi.StartAsync(harness);
        var spec = RunHarness.Spec(output: layout == "hive" ? """{ "path": "results/out", "layout": "hive" }""" : """{ "path": "results/out.parquet" }""").ToJson();
        await RunAsync("one");
        var own = (await api.GetAsync("/api/runs/one/result?format=csv")).Body;
        await RunAsync("same");
        Assert.Equal(own, (await api.GetAsync("/api/runs/one/result?format=csv")).Body);

        await harness.WriteDataAsync(4);
        await RunAsync("other");
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/api/runs/other/result?format=csv")).Status);
        foreach (var id in (string[])["one", "same"])
        {
            var gone = await api.GetAsync($"/api/runs/{id}/result?format=csv");
            Assert.Equal("result-replaced", gone.Refusal(HttpStatusCode.Gone));
            Assert.Equal("result-replaced", (await api.GetAsync($"/api/runs/{id}/manifest")).Refusal(HttpStatusCode.Gone));
            Assert.Contains($"'{id}'", gone.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        // As an older build left it, which kept no hash.
        await harness.Store.DeleteAsync(new RunPaths("one").Committed, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/api/runs/one/result?format=csv")).Status);

        async Task RunAsync(string id)
        {
            await api.PutAsync($"/api/runs/{id}", spec);
            Assert.Equal("succeeded", (await api.EndAsync(id)).GetProperty("status").GetString());
        }
    }
}
