using System.Text;
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

    static Task PutAsync(RunHarness harness, int segment, byte[] content) => harness.Store.PutAsync(Paths.JournalSegment(segment), content, PutCondition.None, Cancellation);

    static async Task ChangeAsync(RunHarness harness, int segment, Func<string, string> change)
    {
        var text = Encoding.UTF8.GetString((await harness.ReadAsync(Paths.JournalSegment(segment)))!);
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
        var content = (await whole.ReadAsync(Paths.JournalSegment(last)))!;
        for (var length = 0; length < content.Length; length += 7)
        {
            var harness = await CreateUnfinishedAsync();
            await PutAsync(harness, last, content[..length]);

            var summary = await DriveAsync(harness);

            Assert.Equal(RunStatus.Succeeded, summary.Status);
            Assert.Equal(2, summary.Tasks.Reused);
            // The torn segment stays as it is; the whole journal still replays.
            Assert.Equal(content[..length], await harness.ReadAsync(Paths.JournalSegment(last)));
            await harness.Store.DeleteAsync(Paths.Status, Cancellation);
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
        await missing.Store.DeleteAsync(Paths.JournalSegment(2), Cancellation);
        Assert.Contains("segment 2 is missing", await RefusedAsync(missing, "state-corrupt"), StringComparison.Ordinal);
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
            "journal" => Paths.JournalSegment(2),
            "plan" => Paths.PlanHeader,
            "receipt" => (await harness.PathsAsync($"fanfold/runs/{Run}/receipts"))[0],
            "record" => Paths.Status,
            _ => Paths.Spec,
        };
        // A form that this build can't know.
        await harness.Store.PutAsync(path, Encoding.UTF8.GetBytes("""{"version":999,"of":["the","future"]}""" + "\n"), PutCondition.None, Cancellation);
        if (what == "receipt") await harness.Store.DeleteAsync(Paths.JournalSegment((await harness.PathsAsync(Paths.Journal)).Count), Cancellation);

        Assert.Contains("newer version", await RefusedAsync(harness, "newer-version"), StringComparison.Ordinal);
    }
}
