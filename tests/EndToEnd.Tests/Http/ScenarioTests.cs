using System.Net;
using System.Net.Http.Headers;
using Fanfold.Client;

namespace Fanfold.EndToEnd.Tests.Http;

/// <summary>What users do with runs, over HTTP alone.</summary>
public sealed class ScenarioTests(ApisUnderTest apis) : IClassFixture<ApisUnderTest>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<ApiKind> Kinds => [.. ApiUnderTest.Kinds];

    static async Task<byte[]> ResultAsync(ApiUnderTest api, string run)
    {
        await using var result = await api.Client.ResultAsync(run, cancellationToken: Cancellation);
        using var content = new MemoryStream();
        await result.Content.CopyToAsync(content, Cancellation);
        Assert.Equal(result.Length ?? content.Length, content.Length);
        return content.ToArray();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Start_AgainAndWithAnotherSpec(ApiKind kind)
    {
        var api = await apis.GetAsync(kind);
        using var scenario = await Scenario.CreateAsync(api);
        var (id, spec) = (scenario.Id("one"), scenario.Spec("one"));
        Assert.True((await api.Client.HealthAsync(Cancellation)).IsHealthy);
        Assert.Equal(Scenario.Partitions, (await api.Client.PlanAsync(spec, Cancellation)).Partitions);

        var starts = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => api.Client.StartAsync(id, spec, Cancellation)));
        Assert.All(starts, start => Assert.Equal(id, start.RunId));
        var ended = await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        Assert.Equal((RunStatus.Succeeded, Scenario.Partitions, 8000L), (ended.Status, ended.Summary!.Partitions.Succeeded, ended.Summary.RowsIn));
        Assert.Equal(scenario.Expected(), scenario.Rows(await ResultAsync(api, id)));
        Assert.Equal(ended, await api.Client.StartAsync(id, spec, Cancellation) with { Summary = ended.Summary });

        var conflict = await Assert.ThrowsAsync<RunsApiException>(() => api.Client.StartAsync(id, scenario.Spec("other"), Cancellation));
        Assert.Equal((HttpStatusCode.Conflict, "run-id-conflict"), (conflict.Status, conflict.Code));
        var refused = await Assert.ThrowsAsync<RunsApiException>(() => api.Client.StartAsync(scenario.Id("bad"), """{ "version": 1, "source": { "path": "/x" } }""", Cancellation));
        Assert.Contains("/source/path", refused.Errors.Select(error => error.Pointer));
        Assert.Equal("run-not-found", (await Assert.ThrowsAsync<RunsApiException>(() => api.Client.GetAsync(scenario.Id("bad"), Cancellation))).Code);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Start_WithAKey_IsOneRun(ApiKind kind)
    {
        var api = await apis.GetAsync(kind);
        using var scenario = await Scenario.CreateAsync(api);
        var run = await api.Client.StartNewAsync(scenario.Spec("keyed"), scenario.Id("key"), Cancellation);
        Assert.Equal(run.RunId, (await api.Client.StartNewAsync(scenario.Spec("keyed"), scenario.Id("key"), Cancellation)).RunId);
        Assert.Equal(RunStatus.Succeeded, (await api.Client.WaitAsync(run.RunId, cancellationToken: Cancellation)).Status);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Events_ShowProgressAndGoOnWhereTheyWere(ApiKind kind)
    {
        var api = await apis.GetAsync(kind);
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("watched");
        await api.Client.StartAsync(id, scenario.Spec("watched", """{ "parallel": 1 }"""), Cancellation);
        var events = await api.Client.WatchAsync(id, cancellationToken: Cancellation).ToListAsync(Cancellation);

        Assert.Equal(events.Count, events.Select(seen => seen.Id).Distinct().Count());
        Assert.Equal(events.Select(seen => (int)seen.Run.Status).Order(), events.Select(seen => (int)seen.Run.Status));
        // The last one has a summary in its place.
        var progress = events.Select(seen => seen.Run.Progress?.TasksDone).OfType<int>().ToList();
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(RunStatus.Succeeded, events[^1].Run.Status);
        Assert.Empty(await api.Client.WatchAsync(id, events[^1].Id, Cancellation).ToListAsync(Cancellation));
        Assert.Equal([events[^1].Id], await api.Client.WatchAsync(id, events[0].Id == events[^1].Id ? null : events[0].Id, Cancellation).Select(seen => seen.Id).ToListAsync(Cancellation));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Failure_OfOnePartition_IsToleratedOrNot_AndRedriven(ApiKind kind)
    {
        var api = await apis.GetAsync(kind);
        using var scenario = await Scenario.CreateAsync(api);
        await scenario.BreakAsync(2);
        var (strict, lenient) = (scenario.Id("strict"), scenario.Id("lenient"));
        await api.Client.StartAsync(strict, scenario.Spec("strict"), Cancellation);
        await api.Client.StartAsync(lenient, scenario.Spec("lenient", """{ "toleratedFailures": 1 }"""), Cancellation);

        var failed = await api.Client.WaitAsync(strict, cancellationToken: Cancellation);
        Assert.Equal(RunStatus.Failed, failed.Status);
        Assert.Equal("2", Assert.Single(failed.Summary!.Errors!, error => error.Partition is not null).Partition);
        Assert.Equal("no-result", (await Assert.ThrowsAsync<RunsApiException>(() => api.Client.ResultAsync(strict, cancellationToken: Cancellation))).Code);
        var tolerated = await api.Client.WaitAsync(lenient, cancellationToken: Cancellation);
        Assert.Equal((RunStatus.SucceededWithFailures, 1), (tolerated.Status, tolerated.Summary!.Partitions.Failed));
        Assert.Equal(scenario.Expected("ff <> 2"), scenario.Rows(await ResultAsync(api, lenient)));
        Assert.Equal(["2"], await api.Client.PartitionsAsync(lenient, "failed", cancellationToken: Cancellation).Select(partition => partition.Value).ToListAsync(Cancellation));

        await scenario.PutAsync(2);
        foreach (var run in new[] { strict, lenient })
        {
            Assert.False((await api.Client.RedriveAsync(run, Cancellation)).HasEnded);
            var mended = await api.Client.WaitAsync(run, cancellationToken: Cancellation);
            Assert.Equal((RunStatus.Succeeded, Scenario.Partitions - 1), (mended.Status, mended.Summary!.Tasks.Reused));
            Assert.Equal(scenario.Expected(), scenario.Rows(await ResultAsync(api, run)));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Cancel_ARunUnderWay_EndsIt_AndARedriveKeepsWhatWasDone(ApiKind kind)
    {
        const int Values = 400;
        var api = await apis.GetAsync(kind);
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("long");
        var values = string.Join(", ", Enumerable.Range(0, Values));
        await api.Client.StartAsync(id, scenario.Spec("long", """{ "parallel": 1 }""", $$"""{ "partitionBy": { "column": "ff", "values": [{{values}}] } }"""), Cancellation);
        while (!await api.Client.PartitionsAsync(id, "succeeded", cancellationToken: Cancellation).AnyAsync(Cancellation)) await Task.Yield();
        await api.Client.CancelAsync(id, Cancellation);
        var cancelled = await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        Assert.Equal(RunStatus.Cancelled, cancelled.Status);
        Assert.InRange(cancelled.Summary!.Tasks.Succeeded, 1, Values - 1);
        Assert.Equal(RunStatus.Cancelled, (await api.Client.CancelAsync(id, Cancellation)).Status);

        await api.Client.RedriveAsync(id, Cancellation);
        var ended = await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        Assert.Equal(RunStatus.Succeeded, ended.Status);
        Assert.InRange(ended.Summary!.Tasks.Reused, 1, Values - 1);
        Assert.Equal(scenario.Expected(), scenario.Rows(await ResultAsync(api, id)));
        Assert.Equal("run-finished", (await Assert.ThrowsAsync<RunsApiException>(() => api.Client.CancelAsync(id, Cancellation))).Code);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task List_AndResult_OfSeveralRuns(ApiKind kind)
    {
        var api = await apis.GetAsync(kind);
        using var scenario = await Scenario.CreateAsync(api);
        string[] ids = [.. new[] { "a", "b", "c" }.Select(scenario.Id)];
        foreach (var id in ids) await api.Client.StartAsync(id, scenario.Spec(id), Cancellation);
        foreach (var id in ids) await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        Assert.Equal(ids, await api.Client.ListAsync(RunStatus.Succeeded, pageSize: 2, Cancellation).Select(run => run.RunId).Where(run => ids.Contains(run)).ToListAsync(Cancellation));
        Assert.Empty(await api.Client.ListAsync(RunStatus.Pending, pageSize: 2, Cancellation).Where(run => ids.Contains(run.RunId)).ToListAsync(Cancellation));

        var whole = await ResultAsync(api, ids[0]);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api.Endpoint, $"/api/runs/{ids[0]}/result")) { Headers = { Range = new RangeHeaderValue(4, 99) } };
        using var part = await api.Http.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(whole[4..100], await part.Content.ReadAsByteArrayAsync(Cancellation));
    }
}
