using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;
using Microsoft.Extensions.Time.Testing;
using Fanfold.Workflow.Triggers;

namespace Fanfold.Workflow.Tests.Triggers;

public sealed class RunTriggersTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly TriggeredStores _stores = new();

    Task PutAsync(string content) => TriggeredStores.PutAsync(_stores.State, TriggeredStores.Request, content);

    Task<JsonElement?> StateAsync(string path) => TriggeredStores.ReadAsync(_stores.State, path);

    [Fact]
    public async Task Request_ToldOfFiveTimesAtOnce_IsOneRun()
    {
        await PutAsync(TriggeredStores.Spec);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(_stores.RequestAsync)));
        var id = Assert.Single(outcomes.Select(outcome => Assert.IsType<TriggerOutcome.Started>(outcome).RunId).Distinct());
        Assert.Equal([id], await _stores.RunsAsync());
        Assert.Equal([id], _stores.Driven.Distinct());
        Assert.Equal("blob", (await StateAsync(new RunPaths(id).Status))!.Value.GetProperty("startedBy").GetString());
        Assert.Equal(id, (await StateAsync(TriggeredStores.Mark))!.Value.GetProperty("runId").GetString());
        Assert.True(Assert.IsType<TriggerOutcome.Started>(await _stores.RequestAsync()).Again);
    }

    [Fact]
    public async Task Request_OfTheSameContentPutAgain_IsAnotherRun()
    {
        await PutAsync(TriggeredStores.Spec);
        await _stores.RequestAsync();
        await PutAsync(TriggeredStores.Spec);
        await _stores.RequestAsync();
        Assert.Equal(2, (await _stores.RunsAsync()).Count);
    }

    [Theory]
    [InlineData("", "invalid-json")]
    [InlineData("{ \"version\": 1, \"source\"", "invalid-json")]
    [InlineData("{ \"version\": 1, \"surce\": 3 }", "unknown-field")]
    public async Task Request_EmptyOrHalfWritten_IsRefusedBesideIt_AndRunsOnceItIsWhole(string content, string code)
    {
        await PutAsync(content);
        var refused = Assert.IsType<TriggerOutcome.Refused>(await _stores.RequestAsync());
        Assert.Equal(TriggeredStores.Error, refused.ErrorPath);
        var document = (await StateAsync(TriggeredStores.Error))!.Value;
        Assert.Contains(code, document.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("code").GetString()));
        Assert.Equal((refused.RunId, TriggeredStores.Request), (document.GetProperty("runId").GetString(), document.GetProperty("request").GetString()));
        Assert.Empty(await _stores.RunsAsync());

        await _stores.RequestAsync();
        Assert.Equal(document.GetRawText(), (await StateAsync(TriggeredStores.Error))!.Value.GetRawText());

        await PutAsync(TriggeredStores.Spec);
        var started = Assert.IsType<TriggerOutcome.Started>(await _stores.RequestAsync());
        Assert.Equal([started.RunId], _stores.Driven);
        Assert.Null(await StateAsync(TriggeredStores.Error));
    }

    [Fact]
    public async Task Request_LargerOrDeeperThanABody_IsRefused()
    {
        await PutAsync(TriggeredStores.Spec + new string(' ', SpecParser.MaxBytes));
        Assert.Equal("too-large", Assert.Single(Assert.IsType<TriggerOutcome.Refused>(await _stores.RequestAsync()).Errors).Code);
        await PutAsync(new string('[', 100_000));
        Assert.Equal("too-deep", Assert.Single(Assert.IsType<TriggerOutcome.Refused>(await _stores.RequestAsync()).Errors).Code);
    }

    [Fact]
    public async Task Request_WithASecret_IsRefusedWithoutIt()
    {
        await PutAsync(TriggeredStores.Spec.Replace("\"lake\"", "\"https://a.blob.core.windows.net/c?sig=SECRET\"", StringComparison.Ordinal));
        await _stores.RequestAsync();
        Assert.DoesNotContain("SECRET", (await StateAsync(TriggeredStores.Error))!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_WhoseIdIsTaken_IsRefusedUnlessByTheSameSpec()
    {
        await PutAsync(TriggeredStores.Spec);
        var id = Assert.IsType<TriggerOutcome.Started>(await _stores.RequestAsync()).RunId;
        await _stores.State.DeleteAsync(TriggeredStores.Mark, Cancellation);
        Assert.Equal(id, Assert.IsType<TriggerOutcome.Started>(await _stores.RequestAsync()).RunId);

        await _stores.State.DeleteAsync(TriggeredStores.Mark, Cancellation);
        await TriggeredStores.PutAsync(_stores.State, new RunPaths(id).Spec, RunHarness.Spec(aggregate: "max(amount)").ToJson());
        Assert.Equal("run-id-conflict", Assert.Single(Assert.IsType<TriggerOutcome.Refused>(await _stores.RequestAsync()).Errors).Code);
        await TriggeredStores.PutAsync(_stores.State, new RunPaths(id).Spec, """{ "version": 999 }""");
        Assert.Equal("newer-version", Assert.Single(Assert.IsType<TriggerOutcome.Refused>(await _stores.RequestAsync()).Errors).Code);
    }

    [Fact]
    public async Task Request_WhoseRunWasPurged_IsNotRunAgain()
    {
        await PutAsync(TriggeredStores.Spec);
        await _stores.RequestAsync();
        // It has not ended, so only its silence tells that nobody drives it.
        var later = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.Single((await RunPurge.RunAsync(_stores.State, later, TimeSpan.Zero, TimeSpan.MaxValue, Cancellation)).Purged);
        Assert.True(Assert.IsType<TriggerOutcome.Started>(await _stores.RequestAsync()).Again);
        Assert.Empty(await _stores.RunsAsync());
    }

    [Fact]
    public async Task Request_ThatIsGone_IsNothing()
    {
        Assert.IsType<TriggerOutcome.Nothing>(await _stores.RequestAsync());
        Assert.IsType<TriggerOutcome.Nothing>(await _stores.Triggers.OnStateAsync("fanfold/runs/x/spec.json", Cancellation));
        Assert.Empty(await TriggeredStores.PathsAsync(_stores.State));
    }

    [Fact]
    public async Task Folder_WithItsSpec_IsRunOncePerSuccess()
    {
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_run.json", TriggeredStores.Spec);
        Assert.IsType<TriggerOutcome.Nothing>(await _stores.LandAsync("lake/trips"));
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_SUCCESS", "");
        var id = Assert.IsType<TriggerOutcome.Started>(await _stores.LandAsync("lake/trips")).RunId;
        Assert.Equal(id, Assert.IsType<TriggerOutcome.Started>(await _stores.LandAsync("lake/trips")).RunId);
        // The next one's spec, put before its _SUCCESS.
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_run.json", RunHarness.Spec(aggregate: "max(amount)").ToJson());
        await _stores.State.DeleteAsync(RunTrigger.OfData("lake/trips/_SUCCESS")!.StartedPath, Cancellation);
        Assert.Equal(id, Assert.IsType<TriggerOutcome.Started>(await _stores.LandAsync("lake/trips")).RunId);
        Assert.Equal([id], await _stores.RunsAsync());
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_SUCCESS", "");
        Assert.NotEqual(id, Assert.IsType<TriggerOutcome.Started>(await _stores.LandAsync("lake/trips")).RunId);
        Assert.Equal(2, (await TriggeredStores.PathsAsync(_stores.Data)).Count);
    }

    [Fact]
    public async Task Folder_WithoutASpec_IsNobodysBusiness()
    {
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_SUCCESS", "");
        Assert.IsType<TriggerOutcome.Nothing>(await _stores.LandAsync("lake/trips"));
        Assert.Empty(await TriggeredStores.PathsAsync(_stores.State));
    }

    [Fact]
    public async Task Folder_OfABadSpec_IsRefusedInTheStateStore()
    {
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_run.json", "{}");
        await TriggeredStores.PutAsync(_stores.Data, "lake/trips/_SUCCESS", "");
        var refused = Assert.IsType<TriggerOutcome.Refused>(await _stores.LandAsync("lake/trips"));
        Assert.Equal($"requests/{refused.RunId}.error.json", refused.ErrorPath);
        Assert.Equal([refused.ErrorPath], await TriggeredStores.PathsAsync(_stores.State));
        Assert.Equal(2, (await TriggeredStores.PathsAsync(_stores.Data)).Count);
    }
}
