using System.Text.RegularExpressions;

namespace Fanfold.EndToEnd.Tests;

/// <summary>What a terminal of 80 columns shows, which `script` of util-linux makes.</summary>
public sealed partial class TerminalTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    async Task<string> CallAsync(string call)
    {
        var command = await Executable.GetAsync();
        var line = $"stty cols 80; '{command.File}' {string.Join(' ', command.Prefix.Select(argument => $"'{argument}'"))} {call}";
        using var script = RunningCommand.Start(new Executable("script", ["-qc", line, "/dev/null"], command.Environment), _fanfold.Folder, [], new Dictionary<string, string> { ["TERM"] = "xterm" });
        await script.WriteAsync("");
        return (await script.EndAsync()).Stdout;
    }

    [Theory]
    [InlineData("", "stdout is a terminal")]
    [InlineData("--format parquet", "stdout is a terminal")]
    [InlineData("--format csv", "There is no run 'r'")]
    [InlineData("--preview", "There is no run 'r'")]
    public async Task Result_IsNeverParquet(string options, string said) => Assert.Contains(said, await CallAsync($"result r {options}"), StringComparison.Ordinal);

    [Fact]
    public async Task Run_DrawsItsProgressInOneLine()
    {
        Directory.CreateDirectory(_fanfold.PathOf("lake"));
        Duck.Execute($"copy (select i % 40 as ff, i as amount from range(4000000) t(i)) to '{_fanfold.PathOf("lake/a.parquet")}' (format parquet)");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"), Fanfold.Spec("lake", "ff", """{ "aggregates": { "total": "sum(amount)" } }""", "results/out.parquet").ToJsonString(), TestContext.Current.CancellationToken);

        var lines = Control().Replace(await CallAsync($"run spec.json --store '{_fanfold.Store}'"), "").Split('\n').Select(line => line.TrimEnd('\r')).ToList();

        var drawn = lines.Index().Where(line => line.Item.Contains("/40 tasks", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(drawn);
        foreach (var (i, line) in drawn)
        {
            Assert.Matches(@"^([a-z]+: )?\d+/40 tasks.*[─━]{3,}.* (--:--:--|\d\d:\d\d:\d\d)", line);
            Assert.InRange(line.Length, 1, 80);
            // The last is wiped out, and what comes instead begins behind it.
            if (i != drawn[^1].Index) Assert.True(string.IsNullOrWhiteSpace(lines[i + 1]), lines[i + 1]);
        }
        Assert.Contains(lines, line => line.StartsWith("status       succeeded", StringComparison.Ordinal));
    }

    // Of the terminal: movements, colours, deletions, modes.
    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Control();
}
