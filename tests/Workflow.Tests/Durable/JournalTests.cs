using System.Text;
using System.Text.Json;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Durable;

/// <summary>Journals that were damaged, changed, or written by another version.</summary>
public class JournalTests
{
    const string Run = "r";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static RunPaths Paths { get; } = new(Run);

    /// <summary>A run that stopped in its third task: several segments, nothing committed.</summary>
    static async Task<RunHarness> CreateUnfinishedAsync()
    {
        var attempts = 0;
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) =>
            ScriptedIsolation.PartitionOf(task) == 2 && Interlocked.Increment(ref attempts) == 1 ? throw new InvalidTimeZoneException() : null));
        await harness.WriteDataAsync(4);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => DriveAsync(harness));
        return harness;
    }

    static Task<RunSummary> DriveAsync(RunHarness harness) => harness.DriveAsync(Run, RunHarness.Spec("""{ "parallel": 1 }"""));

    static Task PutAsync(RunHarness harness, int segment, byte[] content) => harness.Store.PutAsync(Journal.Segment(Paths.Journal, segment), content, PutCondition.None, Cancellation);

    static async Task ChangeAsync(RunHarness harness, int segment, Func<string, string> change)
    {
        var text = Encoding.UTF8.GetString((await harness.ReadAsync(Journal.Segment(Paths.Journal, segment)))!);
        var changed = change(text);
        Assert.NotEqual(text, changed);
        await PutAsync(harness, segment, Encoding.UTF8.GetBytes(changed));
    }

    static async Task<string> RefusedAsync(RunHarness harness, string code)
    {
        var refused = await Assert.ThrowsAsync<RunStateException>(() => DriveAsync(harness));
        Assert.Equal(code, refused.Code);
        Assert.Contains($"'{Run}'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await harness.PathsAsync("results"));
        return refused.Message;
    }

    [Fact]
    public async Task Resume_LastSegmentTornAtAnyByte_GoesOn()
    {
        var whole = await CreateUnfinishedAsync();
        var last = (await whole.PathsAsync(Paths.Journal)).Count;
        var content = (await whole.ReadAsync(Journal.Segment(Paths.Journal, last)))!;
        for (var length = 0; length < content.Length; length += 7)
        {
            var harness = await CreateUnfinishedAsync();
            await PutAsync(harness, last, content[..length]);

            var summary = await DriveAsync(harness);

            Assert.Equal(RunStatus.Succeeded, summary.Status);
            Assert.Equal(2, summary.Tasks.Reused);
            // The torn segment stays as it is; the whole journal still replays.
            Assert.Equal(content[..length], await harness.ReadAsync(Journal.Segment(Paths.Journal, last)));
            var running = (await harness.RecordAsync(Run)) with { Status = RunStatus.Running, EndedAt = null, Summary = null };
            await harness.Store.PutAsync(Paths.Status, JsonSerializer.SerializeToUtf8Bytes(running, WorkflowJson.Default.RunRecord), PutCondition.None, Cancellation);
            Assert.Equal(summary with { Errors = null }, await DriveAsync(harness) with { Errors = null });
        }
    }

    [Fact]
    public async Task Resume_SegmentInTheMiddleTornOrMissing_IsRefused()
    {
        var torn = await CreateUnfinishedAsync();
        await ChangeAsync(torn, 2, text => text[..^20]);
        await RefusedAsync(torn, "state-corrupt");

        var missing = await CreateUnfinishedAsync();
        await missing.Store.DeleteAsync(Journal.Segment(Paths.Journal, 2), Cancellation);
        Assert.Contains("segment 2 is missing", await RefusedAsync(missing, "state-corrupt"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x.txt")]
    [InlineData(".DS_Store")]
    [InlineData("00000002.jsonl.bak")]
    [InlineData("0000000x.jsonl")]
    [InlineData("00000001/a.jsonl")]
    public async Task Resume_WhatIsNoSegmentLiesBesideThem_GoesOn(string name)
    {
        var harness = await CreateUnfinishedAsync();
        await harness.Store.PutAsync($"{Paths.Journal}/{name}", "junk"u8.ToArray(), PutCondition.None, Cancellation);

        Assert.Equal(RunStatus.Succeeded, (await DriveAsync(harness)).Status);
    }

    [Fact]
    public async Task Resume_OtherDecisionsOnRecord_IsNondeterministic()
    {
        var other = await CreateUnfinishedAsync();
        await ChangeAsync(other, 2, text => text.Replace("\"index\":0", "\"index\":3", StringComparison.Ordinal));
        var message = await RefusedAsync(other, "nondeterministic");
        Assert.Contains("\"index\":3", message, StringComparison.Ordinal);
        Assert.Contains("\"index\":0", message, StringComparison.Ordinal);

        var more = await CreateUnfinishedAsync();
        await ChangeAsync(more, 2, text => text + """{"type":"TimerCreated","id":2,"time":"2026-01-01T00:00:00+00:00"}""" + "\n");
        await RefusedAsync(more, "nondeterministic");
    }

    [Fact]
    public async Task Resume_FewerDecisionsOnRecord_IsNondeterministic()
    {
        var harness = await CreateUnfinishedAsync();
        await ChangeAsync(harness, 3, text => string.Join('\n', text.Split('\n').Where(line => !line.Contains("TaskScheduled", StringComparison.Ordinal))));
        await ChangeAsync(harness, 4, text => text.Replace("\"firstEvent\":6", "\"firstEvent\":5", StringComparison.Ordinal));
        await RefusedAsync(harness, "nondeterministic");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"type":"TaskCompleted","id":3,"time":"2026-01-01T00:00:00+00:00"}""")]
    [InlineData("""{"type":"TaskCompleted","id":3,"payload":{}}""")]
    [InlineData("""{"type":"TaskScheduled","id":9,"payload":{}}""")]
    [InlineData("""{"type":"TimerFired","id":3}""")]
    [InlineData("""{"type":"ExecutionCompleted","id":3}""")]
    public async Task Resume_LineThatIsNoEvent_IsCorrupt(string line)
    {
        var harness = await CreateUnfinishedAsync();
        await ChangeAsync(harness, (await harness.PathsAsync(Paths.Journal)).Count, text => text + line + "\n");
        Assert.Contains("is no event", await RefusedAsync(harness, "state-corrupt"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"tasks":"many"}""")]
    public async Task Resume_PayloadOfAnotherType_IsCorrupt(string payload)
    {
        var harness = await CreateUnfinishedAsync();
        await ChangeAsync(harness, 2, text => text.Replace("\"payload\":{\"tasks\"", $"\"payload\":{payload},\"was\":{{\"tasks\"", StringComparison.Ordinal));
        Assert.Contains("TaskCompleted 0", await RefusedAsync(harness, "state-corrupt"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("slices")]
    [InlineData("slices cut")]
    [InlineData("slices garbled")]
    [InlineData("slices edited")]
    [InlineData("spec")]
    public async Task Resume_PlanOrSpecGoneOrChanged_IsCorrupt(string what)
    {
        var harness = await CreateUnfinishedAsync();
        var slices = (await harness.PathsAsync(Paths.Plan)).Single(path => path.Contains("slices-", StringComparison.Ordinal));
        var content = (await harness.ReadAsync(slices))!;
        if (what == "spec") await harness.Store.DeleteAsync(Paths.Spec, Cancellation);
        else await harness.Store.DeleteAsync(what == "plan" ? Paths.PlanHeader : slices, Cancellation);
        if (what == "slices cut") await harness.Store.PutAsync(slices, content.AsMemory(..^100), PutCondition.None, Cancellation);
        if (what == "slices garbled") await harness.Store.PutAsync(slices, Enumerable.Repeat((byte)'x', content.Length).ToArray(), PutCondition.None, Cancellation);
        if (what == "slices edited") await harness.Store.PutAsync(slices, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content).Replace("\"to\":1", "\"to\":9", StringComparison.Ordinal)), PutCondition.None, Cancellation);

        var refused = await Assert.ThrowsAsync<RunStateException>(() => harness.CreateActivities().CombinePartsAsync(new CombineRequest(Run, 0, 1), Cancellation));
        Assert.Equal("state-corrupt", refused.Code);
        if (what != "spec") Assert.Contains("new id", await RefusedAsync(harness, "state-corrupt"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2147483648", "newer-version")]
    [InlineData("99999999999", "newer-version")]
    [InlineData("1e300", "newer-version")]
    [InlineData("1.5", "state-corrupt")]
    [InlineData("\"1\"", "state-corrupt")]
    [InlineData("-99999999999", "state-corrupt")]
    public async Task Resume_VersionThatIsNoSmallNumber_IsRefused(string version, string code)
    {
        var harness = await CreateUnfinishedAsync();
        await ChangeAsync(harness, 1, text => text.Replace($"\"version\":{LocalHost.Durable.SegmentHeader.CurrentVersion}", $"\"version\":{version}", StringComparison.Ordinal));
        await RefusedAsync(harness, code);
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("plan")]
    [InlineData("receipt")]
    [InlineData("record")]
    [InlineData("spec")]
    public async Task Resume_StateOfANewerVersion_IsRefused(string what)
    {
        var harness = await CreateUnfinishedAsync();
        var path = what switch
        {
            "journal" => Journal.Segment(Paths.Journal, 2),
            "plan" => Paths.PlanHeader,
            "receipt" => (await harness.PathsAsync($"fanfold/runs/{Run}/receipts"))[0],
            "record" => Paths.Status,
            _ => Paths.Spec,
        };
        // A form that this build can't know.
        await harness.Store.PutAsync(path, Encoding.UTF8.GetBytes("""{"version":999,"of":["the","future"]}""" + "\n"), PutCondition.None, Cancellation);
        if (what == "receipt") await harness.Store.DeleteAsync(Journal.Segment(Paths.Journal, (await harness.PathsAsync(Paths.Journal)).Count), Cancellation);

        Assert.Contains("newer version", await RefusedAsync(harness, "newer-version"), StringComparison.Ordinal);
    }
}
