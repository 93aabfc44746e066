using System.Text.Json;
using Fanfold.LocalHost;
using Fanfold.LocalHost.Verbs;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Http;

namespace Fanfold.Workflow.Tests.Verbs;

/// <summary><c>fanfold result</c> of a store on this machine whose files have suffered.</summary>
public sealed class ResultVerbTests : IDisposable
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly string _root = Directory.CreateTempSubdirectory("fanfold-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    string Output => Path.Combine(_root, "out.json");

    /// <returns>The files of the result, in its order.</returns>
    async Task<List<string>> RunAsync(int rows)
    {
        var stores = new Stores(_root, null);
        await stores.State.PutAsync("lake/a.parquet", TypedRows.Parquet(TypedRows.Groups(rows)), PutCondition.None, Cancellation);
        var spec = SpecParser.Parse("""{ "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "key" }, "reduce": { "select": ["long", "text"] }, "output": { "path": "results", "layout": "hive" } }"""u8.ToArray()).Spec!;
        var outcome = await LocalRun.RunAsync(spec, new RunOptions(stores, "one", null, new HostCapacity(2), false), Cancellation);
        Assert.Equal(RunStatus.Succeeded, outcome.Summary?.Status);
        var manifest = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(_root, "results.manifest.json"), Cancellation), WorkflowJson.Default.Manifest)!;
        return [.. manifest.Result.Files!.Select(file => Path.Combine(_root, "results", file.Path))];
    }

    Task<int> ResultAsync(string output, Stream? stdout = null) =>
        ResultVerb.FromStoreAsync(new Stores(_root, null), "one", "json", new ResultFile(output, "one", false, () => stdout!), false, Cancellation);

    /// <summary>Other bytes in a file that its version does not tell from the one that was committed.</summary>
    static void Damage(string file)
    {
        var time = File.GetLastWriteTimeUtc(file);
        using (var content = new FileStream(file, FileMode.Open, FileAccess.Write)) content.Write(new byte[content.Length]);
        File.SetLastWriteTimeUtc(file, time);
    }

    [Fact]
    public async Task Result_OfAWholeStore_IsAFile()
    {
        await RunAsync(2);
        Assert.Equal(ExitCode.Succeeded, await ResultAsync(Output));
        Assert.Equal(10, JsonDocument.Parse(await File.ReadAllBytesAsync(Output, Cancellation)).RootElement.GetArrayLength());
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 4)]
    [InlineData(false, 0)]
    [InlineData(false, 4)]
    public async Task Result_WithAFileThatIsDamagedOrGone_IsNone(bool isGone, int index)
    {
        var files = await RunAsync(2);
        if (isGone) File.Delete(files[index]);
        else Damage(files[index]);
        var expected = isGone ? ExitCode.NotFound : ExitCode.Failed;
        Assert.Equal(expected, await ResultAsync(Output));
        Assert.Empty(Directory.EnumerateFiles(_root, "out.json*"));
        using var stdout = new MemoryStream();
        Assert.Equal(expected, await ResultAsync("-", stdout));
        Assert.Empty(stdout.ToArray());
    }

    /// <summary>Much of it was written by then.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Result_ThatFailsOnItsWay_IsNoSuccess(bool isGone)
    {
        var files = await RunAsync(400);
        if (isGone) File.Delete(files[^1]);
        else Damage(files[^1]);
        var expected = isGone ? ExitCode.NotFound : ExitCode.Failed;
        using var stdout = new MemoryStream();
        Assert.Equal(expected, await ResultAsync("-", stdout));
        var text = System.Text.Encoding.UTF8.GetString(stdout.ToArray());
        Assert.InRange(text.Length, 1 << 20, int.MaxValue);
        Assert.DoesNotContain("traceId", text, StringComparison.Ordinal);
        Assert.Equal(expected, await ResultAsync(Output));
        Assert.Empty(Directory.EnumerateFiles(_root, "out.json*"));
    }
}
