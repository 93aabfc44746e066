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
        var second = (await _fanfold.CallAsync("demo", "--json")).Exits(0);

        Assert.Contains("made the data set", first.Stderr, StringComparison.Ordinal);
        Assert.Contains("the data set is there already", second.Stderr, StringComparison.Ordinal);
        Assert.NotEmpty(written);
        Assert.Equal(written, WrittenAt());
        foreach (var run in (Outcome[])[first, second])
        {
            Assert.Equal("succeeded", (string?)run.Json["status"]);
            Assert.Equal("""{"total":64,"succeeded":64,"empty":0,"failed":0}""", run.Json["partitions"]!.ToJsonString());
            Assert.True(File.Exists(Path.Combine(_fanfold.Folder, ".fanfold/demo", (string)run.Json["output"]!)));
        }
        Assert.NotEqual((string?)first.Json["runId"], (string?)second.Json["runId"]);
    }

    List<(string, DateTime)> WrittenAt() =>
        [.. Directory.EnumerateFiles(Path.Combine(_fanfold.Folder, ".fanfold/demo/lake/trips")).Order().Select(file => (file, File.GetLastWriteTimeUtc(file)))];
}
