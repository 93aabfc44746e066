using System.Net;
using System.Text;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

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

    [Theory]
    [InlineData("0", null)]
    [InlineData("2", 2L)]
    [InlineData("7", 3L)]
    [InlineData("50%", 1L)]
    [InlineData("1%", 0L)]
    public async Task Post_SpecThatToleratesFailures_SaysHowMany(string tolerated, long? allowed)
    {
        await using var api = await StartAsync();
        var plan = (await api.PostAsync("/api/plans", RunHarness.Spec($$"""{ "toleratedFailures": "{{tolerated}}" }""").ToJson())).Json;
        Assert.Equal(allowed, plan.TryGetProperty("toleratedFailures", out var said) ? said.GetInt64() : null);
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

    /// <summary>The scan for the partitions is through, and then the caller goes away, or the worker is said to have failed.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DryRun_ThatDoesNotComeToItsEnd_LeavesNothing(bool isCancelled)
    {
        using var leaving = new CancellationTokenSource();
        var harness = new RunHarness(inner => new EndedAfterwards(inner, isCancelled ? leaving : null));
        await harness.WriteDataAsync(3);
        var written = 0;
        harness.Store.Hook = call =>
        {
            if (call is { Operation: StoreOperation.Put, TookEffect: true }) written++;
            return Task.CompletedTask;
        };
        var planning = DryRun.PlanAsync(RunHarness.Spec(), harness.Store, harness.Store, new StoreLocation("/data"), new StoreLocation("/state"), harness.Isolation, DryRun.Id("x"), leaving.Token);
        if (isCancelled) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => planning);
        else Assert.Equal("corrupt", Assert.Single((await planning).Errors).Code);
        Assert.InRange(written, 1, int.MaxValue);
        Assert.Equal(["lake/a.parquet"], await harness.PathsAsync(""));
    }

    [Fact]
    public async Task Post_WhenTooManyArePlanned_IsRefusedForNow()
    {
        await using var api = await StartAsync();
        var time = new FakeTimeProvider();
        var context = new ApiContext(api.Harness.Store, api.Harness.Store, new StoreLocation("/data"), new StoreLocation("/state"), api.Harness.Isolation, null!, time, "in process");
        for (var i = 0; i < PlanHandlers.AtOnce; i++) Assert.True(await context.DryRuns.TryTakeAsync(time, TestContext.Current.CancellationToken));
        var refused = PostAsync(context);
        while (!refused.IsCompleted)
        {
            time.Advance(Turns.Patience);
            await Task.Yield();
        }
        Assert.Equal((503, "busy"), await refused);
        context.DryRuns.Release();
        Assert.Equal((200, ""), await PostAsync(context));
        Assert.Equal(1, context.DryRuns.CurrentCount);
    }

    static async Task<(int Status, string Code)> PostAsync(ApiContext context)
    {
        var http = new DefaultHttpContext { Request = { Body = new MemoryStream(Encoding.UTF8.GetBytes(Spec)), ContentType = "application/json" } };
        await (await PlanHandlers.PostAsync(http, context)).ExecuteAsync(http);
        return (http.Response.StatusCode, http.Response.Headers["x-ms-error-code"].ToString());
    }

    /// <summary>Does the work, and then ends otherwise.</summary>
    sealed class EndedAfterwards(ITaskIsolation inner, CancellationTokenSource? caller) : ITaskIsolation
    {
        public async Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken)
        {
            await inner.RunAsync(task, deadline, onHeartbeat, cancellationToken);
            if (caller is null) return TaskRunner.Failed(task.TaskId, TaskOutcome.Transient, TaskFailure.Of("corrupt", "it is said to have failed"));
            await caller.CancelAsync();
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
