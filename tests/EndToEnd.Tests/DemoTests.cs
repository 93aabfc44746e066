namespace Fanfold.EndToEnd.Tests;

/// <summary>The first thing that a newcomer calls, from source as the README says.</summary>
public sealed class DemoTests : IDisposable
{
    readonly Fanfold _fanfold = new(Executable.FromSource);

    public void Dispose() => _fanfold.Dispose();

    [Fact]
    public async Task Demo_RunTwice_MakesItsDataOnce()
    {
        var first = (await _fanfold.CallAsync("demo", "--json")).Exits(0);
        var written = WrittenAt();
        var second = (await _fanfold.CallAsync("demo")).Exits(0);

        Assert.Contains("made the data set", first.Stderr, StringComparison.Ordinal);
        Assert.Contains("the data set is there already", second.Stderr, StringComparison.Ordinal);
        Assert.NotEmpty(written);
        Assert.Equal(written, WrittenAt());
        Assert.Equal("succeeded", (string?)first.Json["status"]);
        Assert.Equal("""{"total":64,"succeeded":64,"empty":0,"failed":0}""", first.Json["partitions"]!.ToJsonString());
        Assert.True(File.Exists(Path.Combine(_fanfold.Folder, ".fanfold/demo", (string)first.Json["output"]!)));
        Assert.Contains("64: 64 succeeded, 0 empty, 0 failed", second.Stdout, StringComparison.Ordinal);
        // What to do next, with the run that this was.
        var runId = Directory.EnumerateDirectories(Path.Combine(_fanfold.Folder, ".fanfold/demo/fanfold/runs")).Select(Path.GetFileName).Single(id => id != (string?)first.Json["runId"]);
        Assert.Contains($"fanfold serve --store .fanfold/demo, then http://127.0.0.1:7117/runs/{runId}", second.Stdout, StringComparison.Ordinal);
    }

    List<(string, DateTime)> WrittenAt() =>
        [.. Directory.EnumerateFiles(Path.Combine(_fanfold.Folder, ".fanfold/demo/lake/trips")).Order().Select(file => (file, File.GetLastWriteTimeUtc(file)))];
}
