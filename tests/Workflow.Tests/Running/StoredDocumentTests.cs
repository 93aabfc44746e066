using System.Text;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Documents of a run's state that something else wrote: whatever their depth, size and names, the run stops with a reason.</summary>
public class StoredDocumentTests
{
    const int Deep = 100_000, Large = 100 << 20;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly Dictionary<string, Func<byte[], byte[]>> Forms = new()
    {
        ["deep"] = static _ => Encoding.UTF8.GetBytes(new string('[', Deep)),
        ["deep in an unknown field"] = static _ => Encoding.UTF8.GetBytes($$"""{"x":{{new string('[', Deep)}}{{new string(']', Deep)}},"version":1}"""),
        ["deep objects"] = static _ => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"version\":", Deep))),
        ["large"] = static document => [.. "{\"x\":\""u8, .. Enumerable.Repeat((byte)'a', Large), .. "\","u8, .. document.AsSpan(1)],
        ["version twice"] = static document => [.. "{\"version\":1,"u8, .. document.AsSpan(1)],
        ["a field twice"] = static document => [.. document.AsSpan(0, document.Length - 1), .. Repeated(document), (byte)'}'],
        ["cut"] = static document => document[..(document.Length / 2)],
        ["no text"] = static document => [.. document.AsSpan(0, 5), 0xFF, 0xFE, .. document.AsSpan(5)],
        ["null"] = static _ => "null"u8.ToArray(),
        ["a list"] = static _ => "[]"u8.ToArray(),
    };

    // The second field once more, after the last.
    static byte[] Repeated(byte[] document)
    {
        var (name, value) = System.Text.Json.Nodes.JsonNode.Parse(document)!.AsObject().ElementAt(1);
        return Encoding.UTF8.GetBytes($",\"{name}\":{value?.ToJsonString() ?? "null"}");
    }

    // A plan may be that large.
    public static TheoryData<string, string> Cases =>
    [
        .. from document in (string[])["spec.json", "status.json", "plan/plan.json"]
           from form in Forms.Keys
           where (document, form) is not ("plan/plan.json", "large")
           select new TheoryDataRow<string, string>(document, form),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Run_DocumentThatSomethingElseWrote_StopsWithAReason(string document, string form)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        await harness.ReduceAsync("r", RunHarness.Spec());
        var path = (await harness.PathsAsync($"fanfold/runs/r/{document}".TrimEnd('/'))).First();
        await harness.Store.PutAsync(path, Forms[form]((await harness.ReadAsync(path))!), PutCondition.None, Cancellation);

        var failure = await Record.ExceptionAsync(() => new RunDriver(harness.Store, TimeProvider.System,
            (request, _, token) => LocalEngine.RunAsync(harness.DriveOf(request), request, token))
            .RunAsync("r", RunHarness.Spec(), fresh: false, static () => { }, static _ => { }, Cancellation));

        Assert.Equal("state-corrupt", failure switch
        {
            RunStateException refused => refused.Code,
            StorageException refused => RunActivities.StorageError(refused).Code,
            _ => $"{failure}",
        });
    }

    public static TheoryData<string> AllForms => [.. Forms.Keys];

    /// <summary>A receipt that proves nothing keeps no run from its end, not even a redrive that would reuse it.</summary>
    [Theory]
    [MemberData(nameof(AllForms))]
    public async Task Redrive_ReceiptThatSomethingElseWrote_DoesItsTaskAgain(string form)
    {
        var fails = true;
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) => fails && ScriptedIsolation.PartitionOf(task) == 1 ? ScriptedIsolation.Failed(task, Worker.TaskOutcome.BadData) : null));
        await harness.WriteDataAsync(3);
        await harness.DriveOnceAsync("r", RunHarness.Spec());
        var path = (await harness.PathsAsync(new RunPaths("r").Receipts)).First(path => !path.EndsWith(".failed.json", StringComparison.Ordinal));
        await harness.Store.PutAsync(path, Forms[form]((await harness.ReadAsync(path))!), PutCondition.None, Cancellation);
        fails = false;

        var summary = (await harness.GoOnAsync("r", redrives: true))!;

        Assert.Equal((RunStatus.Succeeded, 1), (summary.Status, summary.Tasks.Reused));
    }
}
