using System.Net;
using System.Text;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

public sealed class RunApiTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly string Spec = RunHarness.Spec().ToJson();

    static async Task<ServedApi> StartAsync(Func<ITaskIsolation, ITaskIsolation>? isolation = null, int partitions = 3, int atOnce = 4)
    {
        var harness = new RunHarness(isolation);
        await harness.WriteDataAsync(partitions);
        return await ServedApi.StartAsync(harness, atOnce);
    }

    /// <summary>An isolation whose tasks wait until they are let go on.</summary>
    static Func<ITaskIsolation, ITaskIsolation> Held(TaskCompletionSource open) => inner => new ScriptedIsolation(inner, async (task, _) =>
    {
        if (task.Reduce is not null) await open.Task;
        return null;
    });

    [Fact]
    public async Task Put_NewRun_IsAcceptedAndGoesOnToItsResult()
    {
        await using var api = await StartAsync();
        var reply = await api.PutAsync("/api/runs/first", Spec);
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        Assert.Equal(new Uri(api.Client.BaseAddress!, "/api/runs/first").AbsoluteUri, reply.Header("Operation-Location"));
        Assert.Equal("1", reply.Header("Retry-After"));
        Assert.Equal("first", reply.Json.GetProperty("runId").GetString());

        var ended = await api.EndAsync("first");
        Assert.Equal("succeeded", ended.GetProperty("status").GetString());
        Assert.Equal("http", ended.GetProperty("startedBy").GetString());
        Assert.Equal(3, ended.GetProperty("summary").GetProperty("rowsOut").GetInt64());
        Assert.NotNull(await api.Harness.ReadAsync(RunHarness.Output));
    }

    [Fact]
    public async Task Put_SameSpecAgain_ShowsTheOneRun()
    {
        var open = new TaskCompletionSource();
        await using var api = await StartAsync(Held(open));
        await api.PutAsync("/api/runs/one", Spec);
        Assert.Equal(HttpStatusCode.Accepted, (await api.PutAsync("/api/runs/one", Spec)).Status);
        open.SetResult();
        var ended = await api.EndAsync("one");
        var again = await api.PutAsync("/api/runs/one", Spec);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(ended.GetRawText(), again.Json.GetRawText());
        Assert.Null(again.Header("Retry-After"));
    }

    [Fact]
    public async Task Put_AnotherSpecUnderTheId_IsAConflict()
    {
        await using var api = await StartAsync();
        await api.PutAsync("/api/runs/one", Spec);
        Assert.Equal("run-id-conflict", (await api.PutAsync("/api/runs/one", RunHarness.Spec(aggregate: "max(amount)").ToJson())).Refusal(HttpStatusCode.Conflict));
        await api.EndAsync("one");
        Assert.Equal("run-id-conflict", (await api.PutAsync("/api/runs/one", RunHarness.Spec(aggregate: "max(amount)").ToJson())).Refusal(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Post_WithAKey_StartsOneRun()
    {
        await using var api = await StartAsync();
        var first = (await api.PostAsync("/api/runs", Spec, ("Idempotency-Key", "a b/c"))).Json.GetProperty("runId").GetString()!;
        Assert.Equal(first, (await api.PostAsync("/api/runs", Spec, ("Idempotency-Key", "a b/c"))).Json.GetProperty("runId").GetString());
        var other = await api.PostAsync("/api/runs", Spec);
        Assert.Equal(HttpStatusCode.Accepted, other.Status);
        Assert.NotEqual(first, other.Json.GetProperty("runId").GetString());
        var taken = await api.PostAsync("/api/runs", RunHarness.Spec(aggregate: "max(amount)").ToJson(), ("Idempotency-Key", "a b/c"));
        Assert.Equal("run-id-conflict", taken.Refusal(HttpStatusCode.Conflict));
        Assert.Contains("another key", taken.Json.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid-header", (await api.PostAsync("/api/runs", Spec, ("Idempotency-Key", new string('k', 257)))).Refusal(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Put_RefusedSpec_NamesEveryFault()
    {
        await using var api = await StartAsync();
        var reply = await api.PutAsync("/api/runs/bad", """{ "version": 1, "source": { "path": "/lake" }, "partitionBy": { "column": 7 }, "output": { "path": "out.parquet" }, "redcue": {} }""");
        Assert.Equal("spec-refused", reply.Refusal(HttpStatusCode.BadRequest));
        var pointers = reply.Json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("pointer").GetString()).ToList();
        Assert.Subset(pointers.ToHashSet(), new HashSet<string?> { "/source/path", "/partitionBy/column", "/redcue", "/reduce" });
        Assert.Equal("run-not-found", (await api.GetAsync("/api/runs/bad")).Refusal(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Put_SecretInTheSpec_IsNotRepeated()
    {
        await using var api = await StartAsync();
        var reply = await api.PutAsync("/api/runs/bad", Spec.Replace("\"lake\"", "\"https://a.blob.core.windows.net/c?sig=SECRET\"", StringComparison.Ordinal));
        Assert.Equal("spec-refused", reply.Refusal(HttpStatusCode.BadRequest));
        Assert.DoesNotContain("SECRET", Encoding.UTF8.GetString(reply.Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_KnownVersion_IsNotSentAgain()
    {
        await using var api = await StartAsync();
        await api.PutAsync("/api/runs/one", Spec);
        await api.EndAsync("one");
        var etag = (await api.GetAsync("/api/runs/one")).Header("ETag")!;
        var again = await api.GetAsync("/api/runs/one", ("If-None-Match", $"\"other\", {etag}"));
        Assert.Equal(HttpStatusCode.NotModified, again.Status);
        Assert.Empty(again.Body);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/api/runs/one", ("If-None-Match", "\"other\""))).Status);
    }

    [Fact]
    public async Task List_Pages_HoldEveryRunOnce()
    {
        await using var api = await StartAsync();
        string[] ids = ["a", "a-b", "a_b", "b", "b0"];
        foreach (var id in ids) await api.PutAsync($"/api/runs/{id}", RunHarness.Spec(output: $$"""{ "path": "results/{{id}}.parquet" }""").ToJson());
        foreach (var id in ids) await api.EndAsync(id);
        var seen = new List<string>();
        for (var next = "/api/runs?maxPageSize=2&status=succeeded"; next is not null;)
        {
            var page = (await api.GetAsync(next)).Json;
            Assert.InRange(page.GetProperty("value").GetArrayLength(), 1, 2);
            seen.AddRange(page.GetProperty("value").EnumerateArray().Select(run => run.GetProperty("runId").GetString()!));
            next = page.TryGetProperty("nextLink", out var link) ? link.GetString() : null;
        }
        Assert.Equal(ids.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.Equal(0, (await api.GetAsync("/api/runs?status=failed")).Json.GetProperty("value").GetArrayLength());
    }

    [Fact]
    public async Task Cancel_RunningAndWaiting_EndsBoth()
    {
        var open = new TaskCompletionSource();
        await using var api = await StartAsync(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            if (task.Reduce is null) return null;
            await open.Task;
            return ScriptedIsolation.Failed(task, TaskOutcome.Cancelled);
        }), atOnce: 1);
        await api.PutAsync("/api/runs/running", Spec);
        await api.PutAsync("/api/runs/waiting", RunHarness.Spec(output: """{ "path": "results/other.parquet" }""").ToJson());
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/api/runs/waiting/cancel")).Status);
        Assert.Equal("cancelled", (await api.EndAsync("waiting")).GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/api/runs/running/cancel")).Status);
        open.SetResult();
        Assert.Equal("cancelled", (await api.EndAsync("running")).GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.OK, (await api.PostAsync("/api/runs/running/cancel")).Status);
    }

    [Fact]
    public async Task Cancel_RunThatNobodyDrives_EndsIt()
    {
        await using var api = await StartAsync();
        await api.Harness.StartAsync("orphan", RunHarness.Spec());
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/api/runs/orphan/cancel")).Status);
        Assert.Equal("cancelled", (await api.EndAsync("orphan")).GetProperty("status").GetString());
        Assert.Null(await api.Harness.ReadAsync(RunHarness.Output));
    }

    [Fact]
    public async Task Cancel_EndedOrUnknownRun_IsRefused()
    {
        await using var api = await StartAsync();
        await api.PutAsync("/api/runs/done", Spec);
        await api.EndAsync("done");
        Assert.Equal("run-finished", (await api.PostAsync("/api/runs/done/cancel")).Refusal(HttpStatusCode.Conflict));
        Assert.Equal("run-not-found", (await api.PostAsync("/api/runs/none/cancel")).Refusal(HttpStatusCode.NotFound));
        Assert.Equal("run-not-found", (await api.PostAsync("/api/runs/none/redrive")).Refusal(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Redrive_AfterRepair_DoesOnlyWhatFailed()
    {
        var broken = true;
        await using var api = await StartAsync(ScriptedIsolation.Of((task, _) => broken && ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.BadData) : null));
        await api.PutAsync("/api/runs/mended", Spec);
        var failed = await api.EndAsync("mended");
        Assert.Equal("failed", failed.GetProperty("status").GetString());
        Assert.Equal("failed", (await api.GetAsync("/api/runs/mended/partitions?status=failed")).Json.GetProperty("value")[0].GetProperty("status").GetString());

        broken = false;
        var reply = await api.PostAsync("/api/runs/mended/redrive");
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        // Whoever polls from here on must not take the old end for the new one.
        Assert.False(reply.Json.TryGetProperty("summary", out var summary) && summary.GetProperty("status").GetString() == "failed");
        var ended = await api.EndAsync("mended");
        Assert.Equal("succeeded", ended.GetProperty("status").GetString());
        Assert.Equal(2, ended.GetProperty("summary").GetProperty("tasks").GetProperty("reused").GetInt32());
        Assert.Equal(HttpStatusCode.OK, (await api.PostAsync("/api/runs/mended/redrive")).Status);
    }

    [Fact]
    public async Task Resume_UnfinishedRun_EndsIt()
    {
        await using var api = await StartAsync();
        await api.Harness.StartAsync("left", RunHarness.Spec());
        await api.ResumeAsync();
        Assert.Equal("succeeded", (await api.EndAsync("left")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Stop_RunUnderWay_StaysResumable()
    {
        var open = new TaskCompletionSource();
        var harness = new RunHarness(Held(open));
        await harness.WriteDataAsync(3);
        await using (var api = await ServedApi.StartAsync(harness))
        {
            await api.PutAsync("/api/runs/stopped", Spec);
            while ((await api.GetAsync("/api/runs/stopped")).Json.GetProperty("status").GetString() != "running") { }
            var stopping = api.StopRunsAsync();
            open.SetResult();
            await stopping;
        }
        Assert.Null((await harness.RecordAsync("stopped")).Summary);
        await using var next = await ServedApi.StartAsync(harness);
        await next.ResumeAsync();
        Assert.Equal("succeeded", (await next.EndAsync("stopped")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Partitions_OfManyTasks_ReadOnlyThePage()
    {
        await using var api = await StartAsync(partitions: 40);
        Assert.Equal("run-not-found", (await api.GetAsync("/api/runs/many/partitions")).Refusal(HttpStatusCode.NotFound));
        await api.PutAsync("/api/runs/many", Spec);
        await api.EndAsync("many");
        var seen = new List<int>();
        var (receipts, lists) = (0, 0);
        api.Harness.Store.Hook = call =>
        {
            if (!call.TookEffect && call.Operation == StoreOperation.List) lists++;
            if (!call.TookEffect && call.Operation == StoreOperation.Open && call.Path.Contains("/receipts/", StringComparison.Ordinal)) receipts++;
            return Task.CompletedTask;
        };
        for (var next = "/api/runs/many/partitions?maxPageSize=7"; next is not null;)
        {
            receipts = lists = 0;
            var page = (await api.GetAsync(next)).Json;
            Assert.Equal((page.GetProperty("value").GetArrayLength(), 1), (receipts, lists));
            foreach (var partition in page.GetProperty("value").EnumerateArray())
            {
                seen.Add(int.Parse(partition.GetProperty("value").GetString()!, System.Globalization.CultureInfo.InvariantCulture));
                Assert.Equal("succeeded", partition.GetProperty("status").GetString());
                Assert.Equal(10, partition.GetProperty("rowsIn").GetInt64());
                Assert.Equal(1, partition.GetProperty("rowsOut").GetInt64());
            }
            next = page.TryGetProperty("nextLink", out var link) ? link.GetString() : null;
        }
        Assert.Equal(Enumerable.Range(0, 40), seen);
        Assert.Equal(0, (await api.GetAsync("/api/runs/many/partitions?status=pending")).Json.GetProperty("value").GetArrayLength());
    }

    [Fact]
    public async Task Partition_TellsWhatItsTaskReadAndSpared_AndWhen()
    {
        await using var api = await StartAsync(partitions: 4);
        var before = DateTimeOffset.UtcNow;
        await api.PutAsync("/api/runs/one", Spec);
        await api.EndAsync("one");
        foreach (var partition in (await api.GetAsync("/api/runs/one/partitions")).Json.GetProperty("value").EnumerateArray())
        {
            Assert.Equal((1, 3), (partition.GetProperty("rowGroups").GetInt32(), partition.GetProperty("rowGroupsPruned").GetInt32()));
            var (toRead, pruned) = (partition.GetProperty("bytesToRead").GetInt64(), partition.GetProperty("bytesPruned").GetInt64());
            Assert.True(toRead > 0 && pruned > toRead, $"{toRead} {pruned}");
            Assert.Equal((10, 0, 10), (partition.GetProperty("rowsDecoded").GetInt64(), partition.GetProperty("rowsPruned").GetInt64(), partition.GetProperty("rowsSelected").GetInt64()));
            Assert.Equal(1, partition.GetProperty("attempt").GetInt32());
            Assert.InRange(partition.GetProperty("startedAt").GetDateTimeOffset(), before, DateTimeOffset.UtcNow);
            Assert.False(partition.TryGetProperty("pieces", out _));
        }
    }

    [Fact]
    public async Task Partition_WhoseTryHasBegun_IsRunning()
    {
        using var begun = new SemaphoreSlim(0);
        var goesOn = new TaskCompletionSource();
        var store = new MemoryObjectStore();
        // Counts each try as a worker does.
        var harness = new RunHarness(inner => new ScriptedIsolation(inner, async (task, _) =>
        {
            if (ScriptedIsolation.PartitionOf(task) is null) return null;
            var attempt = TaskAttempt.Of(task, store)!;
            Assert.True(await attempt.TryBeginAsync(Cancellation));
            begun.Release();
            await goesOn.Task;
            await attempt.TakeBackAsync(Cancellation);
            return null;
        }), store: store);
        await harness.WriteDataAsync(3);
        await using var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/one", RunHarness.Spec("""{ "parallel": 2 }""").ToJson());
        await begun.WaitAsync(Cancellation);
        await begun.WaitAsync(Cancellation);
        await RunningAre(2);
        goesOn.SetResult();
        await api.EndAsync("one");
        await RunningAre(0);

        async Task RunningAre(int count)
        {
            var running = (await api.GetAsync("/api/runs/one/partitions?status=running")).Json.GetProperty("value").EnumerateArray().ToList();
            Assert.Equal(count, running.Count);
            // When the try began that is under way, and which it is.
            var start = (await api.GetAsync("/api/runs/one")).Json.GetProperty("startedAt").GetDateTimeOffset();
            Assert.All(running, partition => Assert.Equal((1, true), (partition.GetProperty("attempt").GetInt32(), partition.GetProperty("startedAt").GetDateTimeOffset() >= start)));
            Assert.Equal(count, (await api.GetAsync("/api/runs/one/partitions")).Json.GetProperty("value").EnumerateArray().Count(partition => partition.GetProperty("status").GetString() == "running"));
        }
    }
}
