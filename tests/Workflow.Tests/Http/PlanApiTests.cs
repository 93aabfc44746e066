using System.Net;
using Fanfold.Storage;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

public sealed class PlanApiTests
{
    static readonly string Spec = RunHarness.Spec().ToJson();

    static async Task<ServedApi> StartAsync()
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(3);
        return await ServedApi.StartAsync(harness);
    }

    [Fact]
    public async Task Post_Spec_GivesThePlanAndLeavesNothing()
    {
        await using var api = await StartAsync();
        var reply = await api.PostAsync("/api/plans", Spec);
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal(3, reply.Json.GetProperty("tasks").GetInt32());
        Assert.Equal(30, reply.Json.GetProperty("rowsIn").GetInt64());
        Assert.Equal(["lake/a.parquet"], await api.Harness.PathsAsync(""));
    }

    [Fact]
    public async Task Post_WhatTheSourceRefuses_NamesIt()
    {
        await using var api = await StartAsync();
        var unknown = await api.PostAsync("/api/plans", RunHarness.Spec(aggregate: "sum(amuont)").ToJson());
        Assert.Equal("spec-refused", unknown.Refusal(HttpStatusCode.BadRequest));
        Assert.StartsWith("/reduce/aggregates/total", unknown.Json.GetProperty("errors")[0].GetProperty("pointer").GetString(), StringComparison.Ordinal);
        var missing = await api.PostAsync("/api/plans", Spec.Replace("\"lake\"", "\"none\"", StringComparison.Ordinal));
        Assert.Equal("spec-refused", missing.Refusal(HttpStatusCode.BadRequest));
        Assert.Equal("source-not-found", missing.Json.GetProperty("errors")[0].GetProperty("code").GetString());

        await api.Harness.Store.PutAsync("lake/broken.parquet", "PAR1 and no more"u8.ToArray(), PutCondition.None, TestContext.Current.CancellationToken);
        var broken = await api.PostAsync("/api/plans", Spec);
        Assert.Equal("source-refused", broken.Refusal(HttpStatusCode.UnprocessableEntity));
        Assert.Equal("lake/broken.parquet", broken.Json.GetProperty("errors")[0].GetProperty("file").GetString());
    }

    [Fact]
    public async Task Get_PlannedRun_GivesItsPlan()
    {
        await using var api = await StartAsync();
        await api.Harness.StartAsync("new", RunHarness.Spec());
        var unplanned = await api.GetAsync("/api/runs/new/plan");
        Assert.Equal(("not-planned", "1"), (unplanned.Refusal(HttpStatusCode.NotFound), unplanned.Header("Retry-After")));
        await api.PutAsync("/api/runs/new", Spec);
        await api.EndAsync("new");
        var plan = await api.GetAsync("/api/runs/new/plan");
        Assert.Equal((await api.PostAsync("/api/plans", Spec)).Json.GetRawText(), plan.Json.GetRawText());
        Assert.Equal(HttpStatusCode.NotModified, (await api.GetAsync("/api/runs/new/plan", ("If-None-Match", plan.Header("ETag")!))).Status);
        Assert.Equal("run-not-found", (await api.GetAsync("/api/runs/none/plan")).Refusal(HttpStatusCode.NotFound));
    }
}
